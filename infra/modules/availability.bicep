// Asks the health check from outside, and alerts when two places of five get no 200.
param name string
param location string
param tags object
param componentId string
param url string

@description('Empty means that the alert is only shown in the portal.')
param actionGroupId string

// Application Insights' own names of places: Ireland, Netherlands, Virginia, Singapore, Brazil.
var places = [
  'emea-gb-db3-azr'
  'emea-nl-ams-azr'
  'us-va-ash-azr'
  'apac-sg-sin-azr'
  'latam-br-gru-edge'
]

resource test 'Microsoft.Insights/webtests@2022-06-15' = {
  name: name
  location: location
  // The portal shows the test under the component that this tag names.
  tags: union(tags, {
    'hidden-link:${componentId}': 'Resource'
  })
  kind: 'standard'
  properties: {
    SyntheticMonitorId: name
    Name: name
    Kind: 'standard'
    Enabled: true
    Frequency: 300
    Timeout: 120
    RetryEnabled: true
    Locations: [
      for place in places: {
        Id: place
      }
    ]
    Request: {
      RequestUrl: '${url}/api/health'
      HttpVerb: 'GET'
    }
    ValidationRules: {
      ExpectedHttpStatusCode: 200
      SSLCheck: true
      SSLCertRemainingLifetimeCheck: 7
    }
  }
}

resource alert 'Microsoft.Insights/metricAlerts@2026-01-01' = {
  name: name
  location: 'global'
  tags: tags
  properties: {
    description: 'What it means and what to do: docs/operate.md, unavailable'
    severity: 1
    enabled: true
    scopes: [
      test.id
      componentId
    ]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      webTestId: test.id
      componentId: componentId
      failedLocationCount: 2
    }
    actions: empty(actionGroupId)
      ? []
      : [
          {
            actionGroupId: actionGroupId
          }
        ]
  }
}
