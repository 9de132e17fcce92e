// Private endpoints of storage and vault, and the DNS names under which the app finds them.
import { DnsZones } from '../types.bicep'

param token string
param location string
param tags object
param networkId string
param subnetId string

@description('False where the zones are elsewhere.')
param createZones bool

@description('With createZones false: the zones that get records.')
param zones DnsZones

param storageAccountId string
param vaultId string

@description('Resource id of the segment storage when it gets a private endpoint too; empty means none.')
param segmentStorageId string

@description('Given, the endpoint to the segment storage waits for its owner, who reads this.')
param segmentMessage string

var zoneNames = {
  blob: 'privatelink.blob.${environment().suffixes.storage}'
  queue: 'privatelink.queue.${environment().suffixes.storage}'
  vault: 'privatelink.vaultcore.azure.net'
}
var endpoints = concat(
  [
    {
      name: 'blob'
      target: storageAccountId
      group: 'blob'
      message: ''
    }
    {
      name: 'queue'
      target: storageAccountId
      group: 'queue'
      message: ''
    }
    {
      name: 'vault'
      target: vaultId
      group: 'vault'
      message: ''
    }
  ],
  empty(segmentStorageId)
    ? []
    : [
        {
          name: 'segments'
          target: segmentStorageId
          group: 'blob'
          message: segmentMessage
        }
      ]
)

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for item in items(zoneNames): if (createZones) {
    name: item.value
    location: 'global'
    tags: tags
  }
]

resource zoneLink 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (item, i) in items(zoneNames): if (createZones) {
    parent: zone[i]
    name: 'app'
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: {
        id: networkId
      }
    }
  }
]

resource endpoint 'Microsoft.Network/privateEndpoints@2025-01-01' = [
  for item in endpoints: {
    name: 'pe-${item.name}-${token}'
    location: location
    tags: tags
    properties: {
      subnet: {
        id: subnetId
      }
      privateLinkServiceConnections: empty(item.message)
        ? [
            {
              name: item.name
              properties: {
                privateLinkServiceId: item.target
                groupIds: [
                  item.group
                ]
              }
            }
          ]
        : []
      // The way to ask: without the approval right on the account the other one fails at once.
      manualPrivateLinkServiceConnections: empty(item.message)
        ? []
        : [
            {
              name: item.name
              properties: {
                privateLinkServiceId: item.target
                groupIds: [
                  item.group
                ]
                requestMessage: item.message
              }
            }
          ]
    }
  }
]

resource endpointNames 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-01-01' = [
  for (item, i) in endpoints: if (createZones || !empty(zones[?item.group])) {
    parent: endpoint[i]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        {
          name: item.group
          properties: {
            privateDnsZoneId: createZones
              ? resourceId('Microsoft.Network/privateDnsZones', zoneNames[item.group])
              : zones[item.group]
          }
        }
      ]
    }
    dependsOn: [
      zone
    ]
  }
]
