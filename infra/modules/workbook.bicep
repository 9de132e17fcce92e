// The page that operators look at: runs, throughput, outcomes, throttling and cost.
param location string
param tags object
param workspaceId string

@description('In a workspace that others use too: the component whose events count; empty means all.')
param eventsOf string

param displayName string

import { workbookOf } from '../queries.bicep'

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'segment-export-workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: displayName
    category: 'workbook'
    sourceId: workspaceId
    serializedData: workbookOf(loadTextContent('../workbook.json'), eventsOf)
  }
}
