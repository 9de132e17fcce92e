// What a person should hear of. Each rule runs a query of infra/queries; docs/operate.md says what each
// alert means and what to do.
param token string
param location string
param tags object
param workspaceId string

@description('In a workspace that others use too: the component whose events count; empty means all.')
param eventsOf string
param emails string[]

@description('0 turns the rule about missing runs off.')
param expectRunEveryHours int

import { ofThisApp } from '../queries.bicep'

// Severity: 1 nothing works for somebody, 2 will soon be so, 3 worth knowing.
var rules = [
  {
    name: 'run-failed'
    title: 'A run failed, or sent nothing because of its input'
    severity: 1
    query: loadTextContent('../queries/run-failed.kql')
    window: 'PT15M'
    every: 'PT5M'
    threshold: 0
    by: 'export'
    enabled: true
  }
  {
    name: 'run-partial'
    title: 'A run ended partial: some contacts were not accepted, or removals were withheld'
    severity: 3
    query: loadTextContent('../queries/run-partial.kql')
    window: 'PT1H'
    every: 'PT15M'
    threshold: 0
    by: 'export'
    enabled: true
  }
  {
    name: 'poison-message'
    title: 'A message was given up by its queue'
    severity: 1
    query: loadTextContent('../queries/poison-message.kql')
    window: 'PT15M'
    every: 'PT5M'
    threshold: 0
    by: 'queue'
    enabled: true
  }
  {
    name: 'no-run'
    title: 'No run succeeded in the expected time'
    severity: 2
    query: replace(loadTextContent('../queries/no-run.kql'), '26h', '${expectRunEveryHours}h')
    window: 'P2D'
    every: 'PT1H'
    threshold: 0
    by: ''
    enabled: expectRunEveryHours > 0
  }
  {
    name: 'no-tick'
    title: 'The timer that looks for due exports is silent'
    severity: 1
    query: loadTextContent('../queries/no-tick.kql')
    window: 'PT2H'
    every: 'PT30M'
    threshold: 0
    by: ''
    enabled: true
  }
  {
    name: 'input-stale'
    title: 'Customer Insights has written no fresh segment'
    severity: 2
    query: loadTextContent('../queries/input-stale.kql')
    window: 'PT6H'
    every: 'PT1H'
    threshold: 0
    by: 'export'
    enabled: true
  }
  {
    name: 'connection-broken'
    title: 'A Mailchimp connection cannot be used'
    severity: 1
    query: loadTextContent('../queries/connection-broken.kql')
    window: 'PT15M'
    every: 'PT5M'
    threshold: 0
    by: 'connection'
    enabled: true
  }
  {
    name: 'throttled'
    title: 'Mailchimp throttles the app'
    severity: 3
    query: loadTextContent('../queries/throttled.kql')
    window: 'PT30M'
    every: 'PT15M'
    threshold: 20
    by: ''
    enabled: true
  }
  {
    name: 'notification-failed'
    title: 'A notification could not be delivered'
    severity: 3
    query: loadTextContent('../queries/notification-failed.kql')
    window: 'PT1H'
    every: 'PT15M'
    threshold: 0
    by: ''
    enabled: true
  }
  {
    name: 'log-cap'
    title: 'The workspace took no more logs today'
    severity: 1
    query: loadTextContent('../queries/log-cap.kql')
    window: 'PT15M'
    every: 'PT5M'
    threshold: 0
    by: ''
    enabled: true
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(emails)) {
  name: 'ag-segment-export-${token}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'segexport'
    enabled: true
    emailReceivers: [
      for (address, i) in emails: {
        name: 'email-${i}'
        emailAddress: address
        useCommonAlertSchema: true
      }
    ]
  }
}

resource alert 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for rule in rules: {
    name: 'segment-export-${rule.name}-${token}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'Segment export: ${rule.title}'
      description: 'What it means and what to do: docs/operate.md, ${rule.name}'
      severity: rule.severity
      enabled: rule.enabled
      scopes: [
        workspaceId
      ]
      evaluationFrequency: rule.every
      windowSize: rule.window
      autoMitigate: true
      // The function SegmentExportEvents may be a minute old, and the tables empty, at the first deployment.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: ofThisApp(rule.query, eventsOf)
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: rule.threshold
            dimensions: empty(rule.by)
              ? []
              : [
                  {
                    name: rule.by
                    operator: 'Include'
                    values: [
                      '*'
                    ]
                  }
                ]
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: {
        actionGroups: empty(emails)
          ? []
          : [
              people.id
            ]
      }
    }
  }
]

output actionGroupId string = empty(emails) ? '' : people.id
