// Logs and telemetry. Nothing is accepted by instrumentation key: the app's identity must say who it is.
param workspaceName string

@description('Given, no workspace is made, and nothing is written into that one but what the app logs.')
param existingWorkspaceId string

param componentName string
param location string
param tags object
param retentionDays int
param dailyCapGb int
param principalId string

var own = empty(existingWorkspaceId)
var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = if (own) {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionDays
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
    workspaceCapping: {
      dailyQuotaGb: dailyCapGb
    }
  }
}

// One name for the app's events, so that alerts, workbook and people ask the same question.
resource events 'Microsoft.OperationalInsights/workspaces/savedSearches@2025-02-01' = if (own) {
  parent: workspace
  name: 'segment-export-events'
  // Without it the second deployment is refused as a conflict.
  etag: '*'
  properties: {
    category: 'Segment export'
    displayName: 'Events of the segment export app'
    functionAlias: 'SegmentExportEvents'
    query: loadTextContent('../queries/SegmentExportEvents.kql')
    version: 2
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: componentName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: own ? workspace.id : existingWorkspaceId
    DisableLocalAuth: true
  }
}

// Lets the app send telemetry, and nothing else: it can neither read logs nor change monitoring.
resource publisher 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(component.id, principalId, monitoringMetricsPublisher)
  scope: component
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

output workspaceId string = own ? workspace.id : existingWorkspaceId
output componentId string = component.id
// An address with an identifier: with local authentication off it lets nobody in.
output connectionString string = component.properties.ConnectionString
