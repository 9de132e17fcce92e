// Functions keys, no Entra sign-in. The settings go first and authentication is turned off after them:
// between the two the app still stands behind it.
param appName string
param settings object

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

resource appSettings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  properties: settings
}

resource noAuthentication 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: false
    }
  }
  dependsOn: [
    appSettings
  ]
}
