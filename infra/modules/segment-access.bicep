// Read access to the segment storage, in whatever resource group or subscription it is: only to the
// containers that exports may name, and only to read. Customer Insights alone writes there.
param accountName string
param containers string[]
param principalId string

var storageBlobDataReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: accountName
}

resource blobService 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' existing = {
  parent: account
  name: 'default'
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = [
  for name in containers: {
    parent: blobService
    name: name
  }
]

// Blob Data Reader on each container: listing snapshots and reading their files.
resource reader 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, i) in containers: {
    name: guid(account.id, name, principalId, storageBlobDataReader)
    scope: container[i]
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataReader)
      principalId: principalId
      principalType: 'ServicePrincipal'
    }
  }
]
