// The vault with the Mailchimp tokens. Access by roles only.
param name string
param location string
param tags object
param purgeProtection bool

@description('True takes the removed vault of this name back; Azure refuses that where there is none.')
param recover bool

param privateOnly bool
param workspaceId string
param principalId string

@description('Display name of the role; unique in the tenant.')
param roleName string

@description('Resource id of a role that is there already; empty makes one.')
param roleId string

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: subscription().tenantId
    createMode: recover ? 'recover' : 'default'
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    // Azure knows only on and not set: false is refused.
    enablePurgeProtection: purgeProtection ? true : null
    publicNetworkAccess: privateOnly ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: privateOnly ? 'Deny' : 'Allow'
    }
  }
}

// Reading, writing and deleting a secret whose name is known, and no more. The built-in role that writes
// secrets (Key Vault Secrets Officer) also lists, purges and restores all of them, and the one that reads
// them cannot write. The app deletes the signing secret of a webhook that is removed; what a taken-over app
// might delete besides can be recovered, as only others may purge.
resource getAndSet 'Microsoft.Authorization/roleDefinitions@2022-04-01' = if (empty(roleId)) {
  name: guid(resourceGroup().id, vault.id, 'get-and-set-secrets')
  properties: {
    roleName: roleName
    description: 'Gets, sets and deletes the secrets of the segment export app; cannot list or purge them.'
    type: 'CustomRole'
    permissions: [
      {
        actions: []
        notActions: []
        dataActions: [
          'Microsoft.KeyVault/vaults/secrets/getSecret/action'
          'Microsoft.KeyVault/vaults/secrets/setSecret/action'
          'Microsoft.KeyVault/vaults/secrets/delete'
        ]
        notDataActions: []
      }
    ]
    assignableScopes: [
      resourceGroup().id
    ]
  }
}

// The app reads a connection's token before each run and writes it when a person connects Mailchimp.
resource tokens 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, principalId, empty(roleId) ? getAndSet.id : roleId)
  scope: vault
  properties: {
    roleDefinitionId: empty(roleId) ? getAndSet.id : roleId
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

// Who read or wrote which secret, and when.
#disable-next-line use-recent-api-versions // the newest there is; the rule knows stable ones alone
resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'AuditEvent'
        enabled: true
      }
    ]
  }
}

output id string = vault.id
output name string = vault.name
output url string = vault.properties.vaultUri
