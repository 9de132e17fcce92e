// What several files take as parameters.

@export()
@description('Redundancy of a storage account. The ones with Z need a region with availability zones.')
type StorageSku =
  | 'Standard_LRS'
  | 'Standard_ZRS'
  | 'Standard_GRS'
  | 'Standard_RAGRS'
  | 'Standard_GZRS'
  | 'Standard_RAGZRS'

@export()
@description('Memory of an instance in MB. Flex Consumption has 512 too, which is less than the packages need.')
type InstanceMemory = 2048 | 4096

@export()
@description('Names in place of those that are made from the environment; what is left out keeps its own.')
@sealed()
type Names = {
  functionApp: string?
  plan: string?
  identity: string?
  signInIdentity: string?
  @minLength(3)
  @maxLength(24)
  storage: string?
  @minLength(3)
  @maxLength(24)
  vault: string?
  workspace: string?
  component: string?
}

@export()
@description('Subnets of a network that is there already, by resource id, in the region of the app.')
@sealed()
type Subnets = {
  @description('Delegated to Microsoft.App/environments, at least a /27, with a way out to the internet.')
  app: string
  @description('Where the private endpoints go.')
  endpoints: string
}

@export()
@description('Private DNS zones that are there already, by resource id; what is left out gets no record from here.')
@sealed()
type DnsZones = {
  blob: string?
  queue: string?
  vault: string?
}

@export()
@description('A budget of the resource group. Its start cannot be changed later: keep it.')
@sealed()
type Budget = {
  @description('In the currency of the subscription, a month.')
  @minValue(1)
  amount: int
  @description('First day of the month in which it begins, as 2026-12-01.')
  @minLength(10)
  @maxLength(10)
  start: string
  @description('Who gets the mails: at 80 % spent, and when the forecast is above the amount.')
  @minLength(1)
  emails: string[]
}
