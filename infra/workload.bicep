// Everything inside the resource group. Deploy this file alone where you may not make resource groups:
// az deployment group create --template-file infra/workload.bicep (docs/deploy.md).
// What each parameter means stands in main.bicep, which passes them on.
targetScope = 'resourceGroup'

import { Budget, DnsZones, InstanceMemory, Names, StorageSku, Subnets } from 'types.bicep'

@minLength(2)
@maxLength(64)
param environmentName string
param location string = resourceGroup().location
param tags object = {}
param names Names = {}
@minLength(100)
param segmentStorageId string
param segmentContainers string[] = [
  'dynamics365customerinsights'
]
param grantSegmentAccess bool = true
param entraClientId string = ''
param privateNetwork bool = false
param networkAddressPrefix string = '10.71.0.0/16'
param subnets Subnets?
param createDnsZones bool = true
param dnsZones DnsZones = {}
@allowed([
  ''
  '1'
  '2'
  '3'
])
param natZone string = ''
param privateSegmentStorage bool = false
@maxLength(140)
param segmentEndpointMessage string = ''
param storageSku StorageSku = 'Standard_ZRS'
param zoneRedundant bool = false
param vaultPurgeProtection bool = true
param recoverVault bool = false
param vaultRoleId string = ''
@minValue(1)
@maxValue(40)
param maximumInstanceCount int = 10
param instanceMemoryMB InstanceMemory = 2048
@minValue(0)
@maxValue(5)
param alwaysReadySenders int = 0
param exportTick string = '0 */5 * * * *'
@minValue(0)
@maxValue(10)
param mailchimpMaxConnections int = 0
param mailchimpClientId string = ''
param mailchimpClientSecretName string = ''
param notifyWebhookSecretName string = ''
param mailchimpTrial 'auto' | 'never' = 'auto'
param publicUrl string = ''
param outcomeDownloads 'link' | 'parts' = privateNetwork ? 'parts' : 'link'
param controller string = ''
param privacyContact string = ''
@minValue(1)
param snapshotQuietSeconds int = 300
@minValue(1)
param runDeadlineHours int = 12
@minValue(1)
param runRetentionDays int = 30
param workspaceId string = ''
@minValue(30)
@maxValue(730)
param logRetentionDays int = 90
@minValue(-1)
param logDailyCapGb int = 1
param appDiagnostics bool = false
param storageDiagnostics bool = false
param alertEmails string[] = []
@minValue(0)
@maxValue(48)
param expectRunEveryHours int = 26
param availabilityTest bool = false
param budget Budget?

// The same group and environment always give the same names; storage and vault allow 24 characters.
var token = uniqueString(resourceGroup().id, environmentName)
// What azd takes as a name of an environment is more than an app's name may hold.
var label = toLower(take(
  replace(replace(replace(replace(environmentName, '_', '-'), '.', '-'), '(', '-'), ')', '-'),
  20
))
var storageName = names.?storage ?? take('stseg${token}', 24)
var vaultName = names.?vault ?? take('kv-seg-${token}', 24)
var appName = names.?functionApp ?? 'func-segment-export-${label}-${token}'
// /subscriptions/2/resourceGroups/4/providers/Microsoft.Storage/storageAccounts/8
var segmentStorage = split(segmentStorageId, '/')
var blobHost = 'blob.${environment().suffixes.storage}'
var queueHost = 'queue.${environment().suffixes.storage}'

// Every setting of docs/settings.md, and what the host itself needs. Values are names, addresses and
// numbers; secrets are in the vault, and the app reads them there.
var appSettings = {
  // The host's storage by identity. No table service: it is only for the host's own diagnostic events.
  AzureWebJobsStorage__blobServiceUri: 'https://${storageName}.${blobHost}'
  AzureWebJobsStorage__queueServiceUri: 'https://${storageName}.${queueHost}'
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identity.outputs.clientId
  // The console is at the root; without this the host shows its maker's page there.
  AzureWebJobsDisableHomepage: 'true'
  SegmentStorage__blobServiceUri: 'https://${segmentStorage[8]}.${blobHost}'
  SegmentStorage__clientId: identity.outputs.clientId
  SEGMENT_CONTAINERS: join(segmentContainers, ',')
  KEY_VAULT_URL: vault.outputs.url
  EXPORT_TICK: exportTick
  MAILCHIMP_MAX_CONNECTIONS: mailchimpMaxConnections == 0 ? '' : string(mailchimpMaxConnections)
  // Mailchimp gives a call up to 120 s; a call that was cut off counts as open for the cool-down.
  MAILCHIMP_TIMEOUT_SECONDS: '130'
  MAILCHIMP_COOLDOWN_SECONDS: '60'
  RUN_DEADLINE_HOURS: string(runDeadlineHours)
  MAILCHIMP_API_URL: 'https://{dc}.api.mailchimp.com/3.0'
  MAILCHIMP_LOGIN_URL: 'https://login.mailchimp.com'
  MAILCHIMP_CLIENT_ID: mailchimpClientId
  MAILCHIMP_CLIENT_SECRET_NAME: mailchimpClientSecretName
  HTTP_AUTH: 'keys'
  SNAPSHOT_QUIET_SECONDS: string(snapshotQuietSeconds)
  RUN_RETENTION_DAYS: string(runRetentionDays)
  NOTIFY_WEBHOOK_SECRET_NAME: notifyWebhookSecretName
  MAILCHIMP_TRIAL: mailchimpTrial
  PUBLIC_URL: publicUrl
  OUTCOME_DOWNLOADS: outcomeDownloads
  CONTROLLER: controller
  PRIVACY_CONTACT: privacyContact
  // DefaultAzureCredential must be told which user-assigned identity to use.
  AZURE_CLIENT_ID: identity.outputs.clientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.outputs.connectionString
  // Telemetry is taken from the identity alone: local authentication is off in Application Insights.
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.outputs.clientId};Authorization=AAD'
  // The worker sends the app's spans and events itself; host.json tells the host not to send them again.
  PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY: 'true'
  // The app's own events alone. What libraries log may quote addresses of contacts, hashes in URLs.
  PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME: 'segment_export'
  // No spans of single HTTP calls, for the same reason: all that the distribution would make.
  OTEL_PYTHON_DISABLED_INSTRUMENTATIONS: 'azure_sdk,django,fastapi,flask,httpx,httpx2,psycopg2,requests,urllib,urllib3'
  // For the host, whose every look at a queue is a span: 81 MB a day for an instance that is always
  // ready. The app's own spans do not follow it: shared/platform/tracing.py.
  OTEL_TRACES_SAMPLER: 'parentbased_always_off'
  // The host measures already; a second set of counters would only cost.
  OTEL_METRICS_EXPORTER: 'none'
  APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED: 'true'
  // Neither reports on the exporter to its maker nor settings that its maker changes from afar.
  APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL: 'true'
  APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED: 'true'
  // Threads for the messages that one instance works on at once: batchSize + newBatchThreshold of
  // host.json are 17, and three more keep the timer and the poison handlers from waiting.
  PYTHON_THREADPOOL_THREAD_COUNT: '20'
  // In bytes: the host refuses what is larger before a worker has it in its memory. No route takes more.
  FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '26214400'
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  params: {
    name: names.?identity ?? 'id-segment-export-${token}'
    location: location
    tags: tags
  }
}

// For signing people in alone, so that whoever may act as it can do nothing else.
module signInIdentity 'modules/identity.bicep' = if (!empty(entraClientId)) {
  name: 'sign-in-identity'
  params: {
    name: names.?signInIdentity ?? 'id-segment-export-sign-in-${token}'
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    workspaceName: names.?workspace ?? 'log-segment-export-${token}'
    existingWorkspaceId: workspaceId
    componentName: names.?component ?? 'appi-segment-export-${token}'
    location: location
    tags: tags
    retentionDays: logRetentionDays
    dailyCapGb: logDailyCapGb
    principalId: identity.outputs.principalId
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: {
    name: storageName
    location: location
    tags: tags
    sku: storageSku
    privateOnly: privateNetwork
    runRetentionDays: runRetentionDays
    principalId: identity.outputs.principalId
    diagnosticsWorkspaceId: storageDiagnostics ? monitoring.outputs.workspaceId : ''
  }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  params: {
    name: vaultName
    location: location
    tags: tags
    purgeProtection: vaultPurgeProtection
    recover: recoverVault
    privateOnly: privateNetwork
    workspaceId: monitoring.outputs.workspaceId
    principalId: identity.outputs.principalId
    roleName: 'Segment export secrets ${token}'
    roleId: vaultRoleId
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  name: 'network'
  params: {
    token: token
    location: location
    tags: tags
    addressPrefix: networkAddressPrefix
    existingSubnets: subnets
    natZone: natZone
  }
}

module endpoints 'modules/endpoints.bicep' = if (privateNetwork) {
  name: 'endpoints'
  params: {
    token: token
    location: location
    tags: tags
    networkId: network!.outputs.networkId
    subnetId: network!.outputs.endpointsSubnetId
    createZones: createDnsZones
    zones: dnsZones
    storageAccountId: storage.outputs.id
    vaultId: vault.outputs.id
    segmentStorageId: privateSegmentStorage ? segmentStorageId : ''
    segmentMessage: segmentEndpointMessage
  }
}

module segmentAccess 'modules/segment-access.bicep' = if (grantSegmentAccess) {
  name: 'segment-access-${token}'
  scope: resourceGroup(segmentStorage[2], segmentStorage[4])
  params: {
    accountName: segmentStorage[8]
    containers: segmentContainers
    principalId: identity.outputs.principalId
  }
}

module functionApp 'modules/function-app.bicep' = {
  name: 'function-app'
  params: {
    name: appName
    planName: names.?plan ?? 'plan-segment-export-${token}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    signInIdentityId: empty(entraClientId) ? '' : signInIdentity!.outputs.id
    deploymentContainerUrl: storage.outputs.deploymentContainerUrl
    subnetId: privateNetwork ? network!.outputs.appSubnetId : ''
    zoneRedundant: zoneRedundant && !contains(storageSku, 'ZRS')
      ? fail('zoneRedundant needs a storageSku with ZRS')
      : zoneRedundant
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadySenders: alwaysReadySenders
    diagnosticsWorkspaceId: appDiagnostics ? monitoring.outputs.workspaceId : ''
  }
}

// One of the next two writes the app settings, as the order in which they and authentication change
// differs between turning it on and turning it off.
module keysOnly 'modules/keys-only.bicep' = if (empty(entraClientId)) {
  name: 'keys-only'
  params: {
    appName: functionApp.outputs.name
    settings: appSettings
  }
}

module auth 'modules/auth.bicep' = if (!empty(entraClientId)) {
  name: 'auth'
  params: {
    appName: functionApp.outputs.name
    clientId: entraClientId
    signInClientId: signInIdentity!.outputs.clientId
    settings: appSettings
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  params: {
    token: token
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    eventsOf: empty(workspaceId) ? '' : monitoring.outputs.componentId
    emails: alertEmails
    expectRunEveryHours: expectRunEveryHours
  }
}

module availability 'modules/availability.bicep' = if (availabilityTest) {
  name: 'availability'
  params: {
    name: 'segment-export-health-${token}'
    location: location
    tags: tags
    componentId: monitoring.outputs.componentId
    url: functionApp.outputs.url
    actionGroupId: alerts.outputs.actionGroupId
  }
}

module spending 'modules/budget.bicep' = if (budget != null) {
  name: 'budget'
  params: {
    name: 'segment-export-${token}'
    budget: budget!
  }
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  params: {
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    eventsOf: empty(workspaceId) ? '' : monitoring.outputs.componentId
    displayName: 'Segment export ${environmentName}'
  }
}

output functionAppName string = functionApp.outputs.name
output appUrl string = functionApp.outputs.url
output keyVaultName string = vault.outputs.name
output storageAccountName string = storage.outputs.name
output identityPrincipalId string = identity.outputs.principalId
output signInPrincipalId string = signInIdentity.?outputs.principalId ?? ''
output outboundAddress string = network.?outputs.outboundAddress ?? ''
