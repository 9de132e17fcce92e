// Entra sign-in in front of the app. Only this module may write ENTRA_AUTH_REQUIRED: the app believes
// the caller's roles because of it, so it is set after authentication is on, never before.
param appName string
param settings object

@description('Client id of the app registration with the roles of infra/app-roles.json.')
param clientId string

@description('Client id of the identity that proves to Entra that it is the app who signs people in.')
param signInClientId string

var audiences = [
  clientId
  'api://${clientId}'
]
// In place of a client secret: the platform reads the identity's client id from the setting of this name.
var signInSetting = 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID'

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

resource authentication 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: true
      runtimeVersion: '~1'
    }
    globalValidation: {
      requireAuthentication: true
      // An API: callers get a 401, not a sign-in page.
      unauthenticatedClientAction: 'Return401'
      // Open to everybody: the console's pages, which hold no data and send people to sign in, the health
      // check, the description of the API, and the two addresses that others call: Mailchimp's sign-in,
      // which trusts nothing but a random state that the app has given out, and its signed webhooks.
      excludedPaths: [
        '/'
        '/console'
        '/console/*'
        '/api/health'
        '/api/openapi.json'
        '/api/oauth/callback'
        '/api/mailchimp/webhooks/*'
      ]
    }
    httpSettings: {
      requireHttps: true
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: clientId
          clientSecretSettingName: signInSetting
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: {
          allowedAudiences: audiences
        }
      }
    }
    login: {
      tokenStore: {
        enabled: false
      }
    }
  }
}

resource appSettings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  properties: union(settings, {
    HTTP_AUTH: 'entra'
    ENTRA_AUTH_REQUIRED: 'true'
    ENTRA_TENANT_ID: tenant().tenantId
    ENTRA_AUDIENCES: join(audiences, ',')
    '${signInSetting}': signInClientId
  })
  dependsOn: [
    authentication
  ]
}
