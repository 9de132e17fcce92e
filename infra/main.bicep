// Segment export on Azure: one resource group with everything in it, and read access to the storage
// account that Customer Insights writes to. See docs/deploy.md.
targetScope = 'subscription'

import { Budget, DnsZones, InstanceMemory, Names, StorageSku, Subnets } from 'types.bicep'

@description('Short name of this environment, such as dev or prod: part of the resource names and of the tags.')
@minLength(2)
@maxLength(64)
param environmentName string

@description('Azure region of every resource; Flex Consumption must be offered there.')
param location string

@description('Resource group that is made for the app.')
param resourceGroupName string = 'rg-segment-export-${environmentName}'

@description('Tags for every resource, on top of those that say what it is part of.')
param tags object = {}

@description('Names of resources, where yours have rules of their own.')
param names Names = {}

@description('Resource id of the storage account that Customer Insights writes to, in any subscription of the tenant.')
@minLength(100)
param segmentStorageId string

@description('Containers of that account that exports may read; the app gets read access to these alone.')
param segmentContainers string[] = [
  'dynamics365customerinsights'
]

@description('False when the owner of the segment storage grants the read access by hand (docs/connect-customer-insights.md).')
param grantSegmentAccess bool = true

@description('Client id of the Entra app registration whose roles the API asks for; empty means Functions keys.')
param entraClientId string = ''

@description('True puts storage and vault behind private endpoints.')
param privateNetwork bool = false

@description('With privateNetwork: address space of the network that is made, at least a /24.')
param networkAddressPrefix string = '10.71.0.0/16'

@description('With privateNetwork: subnets of a network that is there; none is made then.')
param subnets Subnets?

@description('With privateNetwork: false where a hub or a policy has the private DNS zones.')
param createDnsZones bool = true

@description('With createDnsZones false: the zones that get the records; none where a policy writes them.')
param dnsZones DnsZones = {}

@description('With privateNetwork: availability zone of the NAT gateway and its address; empty means none. Cannot be changed later.')
@allowed([
  ''
  '1'
  '2'
  '3'
])
param natZone string = ''

@description('True adds a private endpoint to the segment storage as well.')
param privateSegmentStorage bool = false

@description('What its owner reads when that endpoint needs approval; empty asks for none, which takes the approval right on the account.')
@maxLength(140)
param segmentEndpointMessage string = ''

@description('Redundancy of the storage of the app.')
param storageSku StorageSku = 'Standard_ZRS'

@description('True spreads the instances over availability zones; needs storageSku with Z and a region that offers it.')
param zoneRedundant bool = false

@description('Once on, purge protection of the vault can never be turned off.')
param vaultPurgeProtection bool = true

@description('True takes back the vault that was removed with an earlier deployment of the same name. For one deployment only.')
param recoverVault bool = false

@description('Resource id of a role that may get, set and delete secrets, where custom roles are not allowed; empty makes one.')
param vaultRoleId string = ''

@description('Most instances of each function; see modules/function-app.bicep for the sum.')
@minValue(1)
@maxValue(40)
param maximumInstanceCount int = 10

@description('Memory of an instance in MB.')
param instanceMemoryMB InstanceMemory = 2048

@description('Instances kept warm for sending: 0 saves money, 1 starts the sending of runs without a cold start.')
@minValue(0)
@maxValue(5)
param alwaysReadySenders int = 0

@description('When to look for due exports, as NCRONTAB in UTC.')
param exportTick string = '0 */5 * * * *'

@description('Simultaneous connections to one Mailchimp account for runs; people have one more. Mailchimp allows 10, other tools included. 0: 8, or all where a connection says that its user serves this app alone.')
@minValue(0)
@maxValue(10)
param mailchimpMaxConnections int = 0

@description('OAuth client id registered with Mailchimp; empty means API keys only.')
param mailchimpClientId string = ''

@description('Name of the vault secret that holds the OAuth client secret.')
param mailchimpClientSecretName string = ''

@description('Name of the vault secret that holds the URL to notify; empty means no notifications by the app.')
param notifyWebhookSecretName string = ''

@description('What an account does with a contact\'s status is found out with a trial contact, or not at all.')
param mailchimpTrial 'auto' | 'never' = 'auto'

@description('Address of the app where it has one of its own (own domain, gateway), as https://exports.example.com.')
param publicUrl string = ''

@description('Large results as signed links to the storage account, or in parts through the app.')
param outcomeDownloads 'link' | 'parts' = privateNetwork ? 'parts' : 'link'

@description('Who is responsible for the data, for the record of processing.')
param controller string = ''

@description('Whom people ask about their data, for the record of processing.')
param privacyContact string = ''

@description('Seconds without change after which a snapshot without a usable model.json counts as whole.')
@minValue(1)
param snapshotQuietSeconds int = 300

@description('Hours after its last accepted call when a run is given up.')
@minValue(1)
param runDeadlineHours int = 12

@description('Days that runs and their outcomes are kept.')
@minValue(1)
param runRetentionDays int = 30

@description('Resource id of a Log Analytics workspace that is there; empty makes one.')
param workspaceId string = ''

@description('Days that logs are kept, in a workspace that is made here.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 90

@description('Most GB of logs a day, so that a fault cannot run up a bill; -1 means no limit. In a workspace that is made here.')
@minValue(-1)
param logDailyCapGb int = 1

@description('True also keeps the log of the app as the platform sees it.')
param appDiagnostics bool = false

@description('True also keeps who read, wrote and deleted what in the storage of the app: much, and each poll of a queue is in it.')
param storageDiagnostics bool = false

@description('Who gets the alerts; empty means they are only shown in the portal.')
param alertEmails string[] = []

@description('Alert when no run succeeded for this many hours, at most 48; 0 turns that alert off.')
@minValue(0)
@maxValue(48)
param expectRunEveryHours int = 26

@description('True asks the health check from five places every five minutes, and alerts when it fails.')
param availabilityTest bool = false

@description('A budget with mails; none where it is left out.')
param budget Budget?

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
    names: names
    segmentStorageId: segmentStorageId
    segmentContainers: segmentContainers
    grantSegmentAccess: grantSegmentAccess
    entraClientId: entraClientId
    privateNetwork: privateNetwork
    networkAddressPrefix: networkAddressPrefix
    subnets: subnets
    createDnsZones: createDnsZones
    dnsZones: dnsZones
    natZone: natZone
    privateSegmentStorage: privateSegmentStorage
    segmentEndpointMessage: segmentEndpointMessage
    storageSku: storageSku
    zoneRedundant: zoneRedundant
    vaultPurgeProtection: vaultPurgeProtection
    recoverVault: recoverVault
    vaultRoleId: vaultRoleId
    maximumInstanceCount: maximumInstanceCount
    instanceMemoryMB: instanceMemoryMB
    alwaysReadySenders: alwaysReadySenders
    exportTick: exportTick
    mailchimpMaxConnections: mailchimpMaxConnections
    mailchimpClientId: mailchimpClientId
    mailchimpClientSecretName: mailchimpClientSecretName
    notifyWebhookSecretName: notifyWebhookSecretName
    mailchimpTrial: mailchimpTrial
    publicUrl: publicUrl
    outcomeDownloads: outcomeDownloads
    controller: controller
    privacyContact: privacyContact
    snapshotQuietSeconds: snapshotQuietSeconds
    runDeadlineHours: runDeadlineHours
    runRetentionDays: runRetentionDays
    workspaceId: workspaceId
    logRetentionDays: logRetentionDays
    logDailyCapGb: logDailyCapGb
    appDiagnostics: appDiagnostics
    storageDiagnostics: storageDiagnostics
    alertEmails: alertEmails
    expectRunEveryHours: expectRunEveryHours
    availabilityTest: availabilityTest
    budget: budget
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
output signInPrincipalId string = workload.outputs.signInPrincipalId
output outboundAddress string = workload.outputs.outboundAddress
