// The Flex Consumption plan and the function app. The app settings are written by keys-only.bicep or
// auth.bicep.
//
// The sum behind the scale limits: host.json lets an instance work on batchSize + newBatchThreshold =
// 8 + 9 = 17 messages of a queue at once, so maximumInstanceCount instances hold 17 times as many
// lanes. Ten instances are 170 lanes, seventeen Mailchimp accounts with ten lanes each. More would
// not send faster, as Mailchimp's connections are the limit, but messages that wait invisibly count
// as queue length and would start instances for nothing.
param name string
param planName string
param location string
param tags object
param identityId string

@description('Identity that signs people in; empty means none.')
param signInIdentityId string

param deploymentContainerUrl string

@description('Subnet that the app reaches storage, vault and Mailchimp through; empty means none.')
param subnetId string

@description('True needs a region that offers it.')
param zoneRedundant bool

param instanceMemoryMB int
param maximumInstanceCount int
param alwaysReadySenders int

@description('Where the platform\'s log of the app goes; empty means nowhere.')
param diagnosticsWorkspaceId string

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  // azd finds the app that it deploys to by this tag.
  tags: union(tags, {
    'azd-service-name': 'api'
  })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: union(
      {
        '${identityId}': {}
      },
      empty(signInIdentityId)
        ? {}
        : {
            '${signInIdentityId}': {}
          }
    )
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    // The HTTP API and Mailchimp's OAuth callback are called from outside, in a private network too.
    publicNetworkAccess: 'Enabled'
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    keyVaultReferenceIdentity: identityId
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      remoteDebuggingEnabled: false
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: deploymentContainerUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.13'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReadySenders == 0
          ? []
          : [
              {
                name: 'function:send_batches'
                instanceCount: alwaysReadySenders
              }
            ]
        triggers: {
          http: {
            perInstanceConcurrency: 16
          }
        }
      }
    }
  }
}

// Deployment goes by Entra identity alone: user names and passwords for the deployment site, and for
// FTP, which Flex Consumption does not have today, are off.
resource ftpPasswords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource deploymentPasswords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'scm'
  properties: {
    allow: false
  }
}

#disable-next-line use-recent-api-versions // the newest there is; the rule knows stable ones alone
resource platformLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(diagnosticsWorkspaceId)) {
  name: 'platform'
  scope: app
  properties: {
    workspaceId: diagnosticsWorkspaceId
    logs: [
      {
        category: 'FunctionAppLogs'
        enabled: true
      }
    ]
  }
}

output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
