// The network that the app reaches storage, vault and Mailchimp through: two subnets of one that is
// there, or one made here, with a fixed address for the way out. The app's HTTP API stays public.
import { Subnets } from '../types.bicep'

param token string
param location string
param tags object

@description('At least a /24: the app gets its lower half, the endpoints a /27 of the upper one.')
param addressPrefix string

@description('Given, nothing is made here.')
param existingSubnets Subnets?

@description('Empty means no zone.')
param natZone string

var own = existingSubnets == null
var zones = empty(natZone) ? null : [natZone]
var length = int(split(addressPrefix, '/')[1])
// 10.71.0.0/16 gives 10.71.0.0/24 and 10.71.1.0/27; nothing larger than a /24 is of use to the app.
var appPrefix = cidrSubnet(addressPrefix, max(24, length + 1), 0)
var endpointsPrefix = cidrSubnet(addressPrefix, 27, length <= 23 ? 8 : 4)

// New networks have no way out of their own, and Mailchimp is outside. It also gives an address that a
// firewall can know.
resource outboundAddress 'Microsoft.Network/publicIPAddresses@2025-01-01' = if (own) {
  name: 'pip-segment-export-${token}'
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  zones: zones
  properties: {
    publicIPAllocationMethod: 'Static'
    publicIPAddressVersion: 'IPv4'
  }
}

resource wayOut 'Microsoft.Network/natGateways@2025-01-01' = if (own) {
  name: 'ng-segment-export-${token}'
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  zones: zones
  properties: {
    publicIpAddresses: [
      {
        id: outboundAddress.id
      }
    ]
  }
}

// Only the app may reach the endpoints, and only by TLS.
resource endpointRules 'Microsoft.Network/networkSecurityGroups@2025-01-01' = if (own) {
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
          sourceAddressPrefix: appPrefix
          sourcePortRange: '*'
          destinationAddressPrefix: endpointsPrefix
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

// The subnets stand inside the network: as resources of their own, a second deployment would first
// take them away, which Azure refuses while they are in use.
resource network 'Microsoft.Network/virtualNetworks@2025-01-01' = if (own) {
  name: 'vnet-segment-export-${token}'
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [
        addressPrefix
      ]
    }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: appPrefix
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
          addressPrefix: endpointsPrefix
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

output networkId string = own ? network.id : join(take(split(existingSubnets!.app, '/'), 9), '/')
output appSubnetId string = own ? '${network.id}/subnets/app' : existingSubnets!.app
output endpointsSubnetId string = own ? '${network.id}/subnets/endpoints' : existingSubnets!.endpoints
output outboundAddress string = own ? outboundAddress!.properties.ipAddress : ''
