// Production: closed storage and vault, copies in three zones. Set at least alertEmails.
using '../main.bicep'

param environmentName = 'prod'
param location = readEnvironmentVariable('AZURE_LOCATION')
param segmentStorageId = readEnvironmentVariable('SEGMENT_STORAGE_ID')
param storageSku = 'Standard_ZRS'
param vaultPurgeProtection = true
param maximumInstanceCount = 10
param alwaysReadySenders = 0
param privateNetwork = true
param logRetentionDays = 90
param expectRunEveryHours = 26
param alertEmails = []
param tags = {
  purpose: 'production'
}
