// Segment export on Azure: one resource group with everything in it, and read access to the storage
// account that Customer Insights writes to. See docs/deploy.md.
targetScope = 'subscription'

@description('Short name of this environment, such as dev or prod: part of the resource names and of the tags.')
@minLength(2)
@maxLength(12)
param environmentName string

@description('Azure region of every resource; Flex Consumption must be offered there.')
param location string

@description('Resource group that is made for the app.')
param resourceGroupName string = 'rg-segment-export-${environmentName}'

@description('Tags for every resource, on top of those that say what it is part of.')
param tags object = {}

@description('Resource id of the storage account that Customer Insights writes to, in any subscription of the tenant.')
@minLength(100)
param segmentStorageId string

@description('Containers of that account that exports may read; the app gets read access to these alone.')
param segmentContainers array = [
  'dynamics365customerinsights'
]

@description('False when the owner of the segment storage grants the read access by hand (docs/connect-customer-insights.md).')
param grantSegmentAccess bool = true

@description('Client id of the Entra app registration whose roles the API asks for; empty means Functions keys.')
param entraClientId string = ''

@description('True puts storage and vault behind private endpoints in a virtual network of their own.')
param privateNetwork bool = false

@description('True adds a private endpoint to the segment storage as well; its owner must approve it when it is not yours.')
param privateSegmentStorage bool = false

@description('Redundancy of the storage of the app: Standard_LRS, Standard_ZRS, Standard_GRS, Standard_GZRS.')
param storageSku string = 'Standard_ZRS'

@description('Once on, purge protection of the vault can never be turned off.')
param vaultPurgeProtection bool = true

@description('Most instances of each function; see modules/function-app.bicep for the sum.')
@minValue(1)
@maxValue(40)
param maximumInstanceCount int = 10

@description('Memory of an instance in MB: 2048 or 4096.')
param instanceMemoryMB int = 2048

@description('Instances kept warm for sending: 0 saves money, 1 starts runs without a cold start.')
@minValue(0)
@maxValue(5)
param alwaysReadySenders int = 0

@description('When to look for due exports, as NCRONTAB in UTC.')
param exportTick string = '0 */5 * * * *'

@description('Simultaneous connections to one Mailchimp account. Mailchimp allows 10, other tools included.')
@minValue(1)
@maxValue(10)
param mailchimpMaxConnections int = 8

@description('OAuth client id registered with Mailchimp; empty means API keys only.')
param mailchimpClientId string = ''

@description('Name of the vault secret that holds the OAuth client secret.')
param mailchimpClientSecretName string = ''

@description('Name of the vault secret that holds the URL to notify; empty means no notifications by the app.')
param notifyWebhookSecretName string = ''

@description('The address people use where it is not the platform\'s own: a domain of yours, a gateway.')
param publicUrl string = ''

@description('link: outcomes by signed links to the storage account; parts: through the app, for networks that the account is closed to.')
@allowed(['link', 'parts'])
param outcomeDownloads string = 'link'

@description('Seconds without change after which a snapshot without a usable model.json counts as whole.')
param snapshotQuietSeconds int = 300

@description('Hours after its last accepted call when a run is given up.')
param runDeadlineHours int = 12

@description('Days that runs and their outcomes are kept.')
@minValue(1)
param runRetentionDays int = 30

@description('Days that logs are kept.')
param logRetentionDays int = 90

@description('Most GB of logs a day, so that a fault cannot run up a bill; -1 means no limit.')
param logDailyCapGb int = 1

@description('Who gets the alerts; empty means they are only shown in the portal.')
param alertEmails array = []

@description('Alert when no run succeeded for this many hours, at most 48; 0 turns that alert off.')
@minValue(0)
@maxValue(48)
param expectRunEveryHours int = 26

var allTags = union(tags, {
  application: 'segment-export'
  environment: environmentName
  'azd-env-name': environmentName
})

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: resourceGroupName
  location: location
  tags: allTags
}

module workload 'workload.bicep' = {
  name: 'segment-export'
  scope: group
  params: {
    environmentName: environmentName
    location: location
    tags: allTags
    segmentStorageId: segmentStorageId
    segmentContainers: segmentContainers
    grantSegmentAccess: grantSegmentAccess
    entraClientId: entraClientId
    privateNetwork: privateNetwork
    privateSegmentStorage: privateSegmentStorage
    storageSku: storageSku
    vaultPurgeProtection: vaultPurgeProtection
    maximumInstanceCount: maximumInstanceCount
    instanceMemoryMB: instanceMemoryMB
    alwaysReadySenders: alwaysReadySenders
    exportTick: exportTick
    mailchimpMaxConnections: mailchimpMaxConnections
    mailchimpClientId: mailchimpClientId
    mailchimpClientSecretName: mailchimpClientSecretName
    notifyWebhookSecretName: notifyWebhookSecretName
    publicUrl: publicUrl
    outcomeDownloads: outcomeDownloads
    snapshotQuietSeconds: snapshotQuietSeconds
    runDeadlineHours: runDeadlineHours
    runRetentionDays: runRetentionDays
    logRetentionDays: logRetentionDays
    logDailyCapGb: logDailyCapGb
    alertEmails: alertEmails
    expectRunEveryHours: expectRunEveryHours
  }
}

// azd keeps these as environment variables; deploy.sh reads them too. Not in capitals: Azure changes
// the case of such names in its answers.
output resourceGroupName string = group.name
output functionAppName string = workload.outputs.functionAppName
output appUrl string = workload.outputs.appUrl
output keyVaultName string = workload.outputs.keyVaultName
output storageAccountName string = workload.outputs.storageAccountName
output identityPrincipalId string = workload.outputs.identityPrincipalId
output outboundAddress string = workload.outputs.outboundAddress
