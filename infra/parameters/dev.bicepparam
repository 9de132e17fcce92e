// Development: cheap, and removed without a trace. deploy.sh sets the two environment variables.
using '../main.bicep'

param environmentName = 'dev'
param location = readEnvironmentVariable('AZURE_LOCATION')
param segmentStorageId = readEnvironmentVariable('SEGMENT_STORAGE_ID')
param storageSku = 'Standard_LRS'
param vaultPurgeProtection = false
param maximumInstanceCount = 2
param logRetentionDays = 30
param expectRunEveryHours = 0
param tags = {
  purpose: 'development'
}
