// A virtual network for the app: private endpoints and DNS for its storage and vault, and a fixed
// address for the way out to Mailchimp. The app's HTTP API stays public.
param token string
param location string
param tags object
param storageAccountId string
param vaultId string

@description('Resource id of the segment storage when it gets a private endpoint too; empty means none.')
param segmentStorageId string

var zones = {
  blob: 'privatelink.blob.${environment().suffixes.storage}'
  queue: 'privatelink.queue.${environment().suffixes.storage}'
  vault: 'privatelink.vaultcore.azure.net'
}
var ownEndpoints = [
  {
    name: 'blob'
    resource: storageAccountId
    group: 'blob'
    zone: zones.blob
  }
  {
    name: 'queue'
    resource: storageAccountId
    group: 'queue'
    zone: zones.queue
  }
  {
    name: 'vault'
    resource: vaultId
    group: 'vault'
    zone: zones.vault
  }
]
var segmentEndpoint = [
  {
    name: 'segments'
    resource: segmentStorageId
    group: 'blob'
    zone: zones.blob
  }
]
var endpoints = empty(segmentStorageId) ? ownEndpoints : concat(ownEndpoints, segmentEndpoint)

// New networks have no way out of their own, and Mailchimp is outside. It also gives an address that a
// firewall can know.
resource outboundAddress 'Microsoft.Network/publicIPAddresses@2024-07-01' = {
  name: 'pip-segment-export-${token}'
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    publicIPAllocationMethod: 'Static'
    publicIPAddressVersion: 'IPv4'
  }
}

resource wayOut 'Microsoft.Network/natGateways@2024-07-01' = {
  name: 'ng-segment-export-${token}'
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    publicIpAddresses: [
      {
        id: outboundAddress.id
      }
    ]
  }
}

// Only the app may reach the endpoints, and only by TLS.
resource endpointRules 'Microsoft.Network/networkSecurityGroups@2024-07-01' = {
  name: 'nsg-segment-export-endpoints-${token}'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'app-by-tls'
        properties: {
          priority: 100
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: '10.71.0.0/24'
          sourcePortRange: '*'
          destinationAddressPrefix: '10.71.1.0/27'
          destinationPortRange: '443'
        }
      }
      {
        name: 'nobody-else'
        properties: {
          priority: 4000
          direction: 'Inbound'
          access: 'Deny'
          protocol: '*'
          sourceAddressPrefix: '*'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2024-07-01' = {
  name: 'vnet-segment-export-${token}'
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [
        '10.71.0.0/16'
      ]
    }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: '10.71.0.0/24'
          defaultOutboundAccess: false
          natGateway: {
            id: wayOut.id
          }
          delegations: [
            {
              name: 'flex-consumption'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: '10.71.1.0/27'
          defaultOutboundAccess: false
          // Without this the rules of the group do not apply to private endpoints.
          privateEndpointNetworkPolicies: 'NetworkSecurityGroupEnabled'
          networkSecurityGroup: {
            id: endpointRules.id
          }
        }
      }
    ]
  }
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = [for item in items(zones): {
  name: item.value
  location: 'global'
  tags: tags
}]

resource zoneLink 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [for (item, i) in items(zones): {
  parent: zone[i]
  name: 'app'
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: network.id
    }
  }
}]

resource endpoint 'Microsoft.Network/privateEndpoints@2024-07-01' = [for item in endpoints: {
  name: 'pe-${item.name}-${token}'
  location: location
  tags: tags
  properties: {
    subnet: {
      id: '${network.id}/subnets/endpoints'
    }
    privateLinkServiceConnections: [
      {
        name: item.name
        properties: {
          privateLinkServiceId: item.resource
          groupIds: [
            item.group
          ]
        }
      }
    ]
  }
}]

resource endpointNames 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-07-01' = [for (item, i) in endpoints: {
  parent: endpoint[i]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: item.group
        properties: {
          privateDnsZoneId: resourceId('Microsoft.Network/privateDnsZones', item.zone)
        }
      }
    ]
  }
  dependsOn: [
    zone
  ]
}]

output appSubnetId string = '${network.id}/subnets/app'
output outboundAddress string = outboundAddress.properties.ipAddress
