// Entra sign-in in front of the app. Only this module may write ENTRA_AUTH_REQUIRED: the app believes
// the caller's roles because of it, so it is set after authentication is on, never before.
param appName string
param settings object

@description('Client id of the app registration with the roles of infra/app-roles.json.')
param clientId string

resource app 'Microsoft.Web/sites@2024-11-01' existing = {
  name: appName
}

resource authentication 'Microsoft.Web/sites/config@2024-11-01' = {
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
      // Open to everybody: the health check, the description of the API, and the page that Mailchimp
      // sends a browser to, which trusts nothing but a random state that the app has given out: it
      // keeps the hash alone and takes each once.
      excludedPaths: [
        '/api/health'
        '/api/openapi.json'
        '/api/oauth/callback'
        // The console: files without data, which ask for a sign-in themselves.
        '/'
        '/console/*'
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
          openIdIssuer: '${environment().authentication.loginEndpoint}${subscription().tenantId}/v2.0'
        }
        validation: {
          allowedAudiences: [
            clientId
            'api://${clientId}'
          ]
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

resource appSettings 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: app
  name: 'appsettings'
  properties: union(settings, {
    HTTP_AUTH: 'entra'
    ENTRA_AUTH_REQUIRED: 'true'
    // What the app itself verifies a bearer token against.
    ENTRA_TENANT_ID: subscription().tenantId
    ENTRA_AUDIENCES: '${clientId},api://${clientId}'
  })
  dependsOn: [
    authentication
  ]
}
