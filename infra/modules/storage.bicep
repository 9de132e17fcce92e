// The storage of the Functions host and of the app: configuration, runs, ledgers, queues, the package.
param name string
param location string
param tags object
param sku string
param privateOnly bool
param runRetentionDays int
param principalId string

@description('Where the log of every access goes; empty means nowhere.')
param diagnosticsWorkspaceId string

var storageBlobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var storageQueueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
var storageBlobDelegator = 'db58b8e5-c6ad-4a2a-8342-4190687cbf4a'

var accesses = [
  'StorageRead'
  'StorageWrite'
  'StorageDelete'
]

var queues = [
  'segment-export-plan'
  'segment-export-lane'
  'segment-export-finish'
  'segment-export-upkeep'
  'segment-export-notices'
  'segment-export-events'
  'segment-export-plan-poison'
  'segment-export-lane-poison'
  'segment-export-finish-poison'
  'segment-export-upkeep-poison'
  'segment-export-notices-poison'
  'segment-export-events-poison'
]

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: name
  location: location
  tags: tags
  sku: {
    name: sku
  }
  kind: 'StorageV2'
  properties: {
    accessTier: 'Hot'
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: privateOnly ? 'Disabled' : 'Enabled'
    networkAcls: {
      // The rule that deletes old runs is carried out by a service of the platform.
      bypass: privateOnly ? 'AzureServices' : 'None'
      defaultAction: privateOnly ? 'Deny' : 'Allow'
    }
  }
}

// A person who is erased must be gone: nothing here keeps a copy of what was deleted or overwritten.
resource blobService 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: false
    }
    containerDeleteRetentionPolicy: {
      enabled: false
    }
    isVersioningEnabled: false
    changeFeed: {
      enabled: false
    }
  }
}

resource appContainer 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = {
  parent: blobService
  name: 'segment-export'
  properties: {
    publicAccess: 'None'
  }
}

resource deploymentContainer 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = {
  parent: blobService
  name: 'deployment'
  properties: {
    publicAccess: 'None'
  }
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-01-01' = {
  parent: account
  name: 'default'
}

resource queue 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-01-01' = [
  for queueName in queues: {
    parent: queueService
    name: queueName
  }
]

// The app drops runs after the retention; this is for what it could not drop. A week later, so that it
// never takes what the app still answers for. What outlives runs is kept elsewhere.
resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-01-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'run-data-after-retention'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: {
              blobTypes: [
                'blockBlob'
                'appendBlob'
              ]
              prefixMatch: [
                'segment-export/runs/'
              ]
            }
            actions: {
              baseBlob: {
                delete: {
                  daysAfterModificationGreaterThan: runRetentionDays + 7
                }
              }
            }
          }
        }
      ]
    }
  }
  dependsOn: [
    blobService
  ]
}

// Blob Data Owner, as the host asks for it: timer locks, function keys, the deployment package. The
// app's own container is in the same account, as the host's storage is the app's.
resource blobOwner 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, principalId, storageBlobDataOwner)
  scope: account
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataOwner)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

// Queue Data Contributor: the host reads and settles messages and makes poison queues; the app sends
// with a delay, which no smaller role together allows.
resource queueContributor 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, principalId, storageQueueDataContributor)
  scope: account
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageQueueDataContributor)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

// Blob Delegator: signed links to results are signed with a user delegation key, as there are no
// account keys. Named on its own, so that the links go on working should the role above be narrowed.
resource delegator 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, principalId, storageBlobDelegator)
  scope: account
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDelegator)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

#disable-next-line use-recent-api-versions // the newest there is; the rule knows stable ones alone
resource blobLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(diagnosticsWorkspaceId)) {
  name: 'access'
  scope: blobService
  properties: {
    workspaceId: diagnosticsWorkspaceId
    logs: [
      for category in accesses: {
        category: category
        enabled: true
      }
    ]
  }
}

#disable-next-line use-recent-api-versions // the newest there is; the rule knows stable ones alone
resource queueLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(diagnosticsWorkspaceId)) {
  name: 'access'
  scope: queueService
  properties: {
    workspaceId: diagnosticsWorkspaceId
    logs: [
      for category in accesses: {
        category: category
        enabled: true
      }
    ]
  }
}

output id string = account.id
output name string = account.name
output deploymentContainerUrl string = '${account.properties.primaryEndpoints.blob}${deploymentContainer.name}'
