// For azd, which takes these out of its environment: `azd env set NAME VALUE`. See docs/deploy.md.
using 'main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME')
param location = readEnvironmentVariable('AZURE_LOCATION')
param segmentStorageId = readEnvironmentVariable('SEGMENT_STORAGE_ID')
param grantSegmentAccess = bool(readEnvironmentVariable('GRANT_SEGMENT_ACCESS', 'true'))
param entraClientId = readEnvironmentVariable('ENTRA_CLIENT_ID', '')
param privateNetwork = bool(readEnvironmentVariable('PRIVATE_NETWORK', 'false'))
param storageSku = readEnvironmentVariable('STORAGE_SKU', 'Standard_ZRS')
param vaultPurgeProtection = bool(readEnvironmentVariable('VAULT_PURGE_PROTECTION', 'true'))
param recoverVault = bool(readEnvironmentVariable('RECOVER_VAULT', 'false'))
