"""Every kind of mistake in the templates that has been thought of, and what catches it.

Each is made alone, in a copy of infra/. Whoever finds another kind adds it here first, and mends the
checks until it is caught, or lists it in NOT_CAUGHT with the reason.
"""

# ruff: noqa: E501 - a row of the tables is one line.

from dataclasses import dataclass

COMPILER = "compiler"


@dataclass(frozen=True)
class Mistake:
    """`wrong` in place of `right` in a file of infra/.

    seen_in: the compiler, or the way to deploy whose worked-out resources show it (tests/deployment).
    """

    kind: str
    path: str
    right: str
    wrong: str
    seen_in: str


def _module(name: str) -> str:
    return f"modules/{name}.bicep"


_ALERTS, _APP, _NETWORK = _module("alerts"), _module("function-app"), _module("network")
_STORAGE, _VAULT, _MONITORING = _module("storage"), _module("vault"), _module("monitoring")
_AUTH, _ENDPOINTS, _ACCESS = _module("auth"), _module("endpoints"), _module("segment-access")
_AVAILABILITY, _BUDGET, _WORKLOAD = _module("availability"), _module("budget"), "workload.bicep"

# fmt: off
MISTAKES = [
    # Names and types.
    Mistake("a property that is not there", _STORAGE, "allowSharedKeyAccess:", "allowSharedKeyAcess:", COMPILER),
    Mistake("a value of another type", _STORAGE, "supportsHttpsTrafficOnly: true", "supportsHttpsTrafficOnly: 'yes'", COMPILER),
    Mistake("a value of a closed list", _STORAGE, "'TLS1_2'", "'TLS1.2'", "defaults"),
    Mistake("a function that is not there", _STORAGE, "guid(account.id, principalId, storageBlobDelegator)", "giud(account.id, principalId, storageBlobDelegator)", COMPILER),
    Mistake("a variable that is not there", _STORAGE, "for queueName in queues:", "for queueName in queue_names:", COMPILER),
    Mistake("a variable that nothing uses", _STORAGE, "var accesses = [", "var unused = 1\nvar accesses = [", COMPILER),
    Mistake("a parameter of a module that is not there", _WORKLOAD, "privateOnly: privateNetwork\n    runRetentionDays", "privateOnlyy: privateNetwork\n    runRetentionDays", COMPILER),
    Mistake("a parameter of a module of another type", _WORKLOAD, "runRetentionDays: runRetentionDays\n    principalId", "runRetentionDays: 'thirty'\n    principalId", COMPILER),
    Mistake("a parameter of a module that is left out", _WORKLOAD, "    sku: storageSku\n", "", COMPILER),
    Mistake("an output that a module does not have", _WORKLOAD, "identity.outputs.clientId", "identity.outputs.clientID", COMPILER),
    Mistake("a module's file that is not there", _WORKLOAD, "'modules/vault.bicep'", "'modules/vaults.bicep'", COMPILER),
    Mistake("an operator on other types", _STORAGE, "runRetentionDays + 7", "runRetentionDays + '7'", COMPILER),
    Mistake("a condition that is none", _MONITORING, "= if (own) {\n  name: workspaceName", "= if (workspaceName) {\n  name: workspaceName", COMPILER),
    Mistake("a resource type that is not there", _VAULT, "Microsoft.KeyVault/vaults@", "Microsoft.KeyVault/vault@", COMPILER),
    Mistake("an API version that is not there", _VAULT, "vaults@2025-05-01", "vaults@2025-05-02", COMPILER),
    Mistake("a parent that is left out", _STORAGE, "  parent: blobService\n  name: 'segment-export'", "  name: 'segment-export'", COMPILER),
    Mistake("a scope that is none", _STORAGE, "  scope: account\n  properties: {\n    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDelegator)", "  scope: name\n  properties: {\n    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDelegator)", COMPILER),
    Mistake("a default outside of what is allowed", "main.bicep", "param instanceMemoryMB InstanceMemory = 2048", "param instanceMemoryMB InstanceMemory = 1024", COMPILER),
    Mistake("a value that may be missing, used as if it were there", _WORKLOAD, "signInIdentity!.outputs.id", "signInIdentity.outputs.id", COMPILER),
    # Values that the compiler does not know.
    Mistake("an alert's window", _ALERTS, "window: 'PT15M'", "window: 'PT20M'", "defaults"),
    Mistake("how often an alert looks", _ALERTS, "every: 'PT30M'", "every: 'PT7M'", "defaults"),
    Mistake("an alert that looks more rarely than its window is long", _ALERTS, "window: 'PT30M'\n    every: 'PT15M'", "window: 'PT15M'\n    every: 'PT30M'", "defaults"),
    Mistake("a severity", _ALERTS, "severity: 3", "severity: 5", "defaults"),
    Mistake("an alert's short name that is too long", _ALERTS, "groupShortName: 'segexport'", "groupShortName: 'segment-export'", "everything"),
    Mistake("how an alert counts", _ALERTS, "timeAggregation: 'Count'", "timeAggregation: 'Sum'", "defaults"),
    Mistake("more failing periods than periods", _ALERTS, "minFailingPeriodsToAlert: 1", "minFailingPeriodsToAlert: 2", "defaults"),
    Mistake("a plan's SKU", _APP, "name: 'FC1'", "name: 'FC2'", "defaults"),
    Mistake("a plan's tier", _APP, "tier: 'FlexConsumption'", "tier: 'Flex'", "defaults"),
    Mistake("a runtime's version", _APP, "version: '3.13'", "version: '3.15'", "defaults"),
    Mistake("instances kept warm of a function that is not there", _APP, "'function:send_batches'", "'send_batches'", "everything"),
    Mistake("a deployment's storage by key", _APP, "type: 'UserAssignedIdentity'", "type: 'StorageAccountConnectionString'", "security"),
    Mistake("a subnet's delegation", _NETWORK, "Microsoft.App/environments", "Microsoft.Web/serverFarms", "private"),
    Mistake("subnets that overlap", _NETWORK, "cidrSubnet(addressPrefix, 27, length <= 23 ? 8 : 4)", "cidrSubnet(addressPrefix, 27, 0)", "private"),
    Mistake("two rules of one priority", _NETWORK, "priority: 4000", "priority: 100", "private"),
    Mistake("a priority out of range", _NETWORK, "priority: 4000", "priority: 5000", "private"),
    Mistake("an address in another zone than its gateway", _NETWORK, "  zones: zones\n  properties: {\n    publicIPAllocation", "  zones: ['2']\n  properties: {\n    publicIPAllocation", "private"),
    Mistake("a subresource that a private endpoint has not", _ENDPOINTS, "group: 'vault'", "group: 'vaults'", "private"),
    Mistake("a queue's name", _STORAGE, "'segment-export-lane'", "'segment_export_lane'", "defaults"),
    Mistake("a queue twice", _STORAGE, "'segment-export-lane'", "'segment-export-plan'", "defaults"),
    Mistake("a storage account's kind", _STORAGE, "kind: 'StorageV2'", "kind: 'BlobStorage'", "defaults"),
    Mistake("a category of logs", _VAULT, "category: 'AuditEvent'", "category: 'AuditEvents'", "defaults"),
    Mistake("days of soft delete", _VAULT, "softDeleteRetentionInDays: 90", "softDeleteRetentionInDays: 365", "defaults"),
    Mistake("a name that is too long", _WORKLOAD, "take('kv-seg-${token}', 24)", "'kv-segment-export-${token}'", "defaults"),
    Mistake("an operator of a budget", _BUDGET, "operator: 'GreaterThan'", "operator: 'Above'", "everything"),
    Mistake("how often an availability test asks", _AVAILABILITY, "Frequency: 300", "Frequency: 120", "everything"),
    # What a second deployment refuses or takes away.
    Mistake("a saved search without its etag", _MONITORING, "  etag: '*'\n", "", "again"),
    Mistake("a name that is new each time", _ACCESS, "guid(account.id, name, principalId, storageBlobDataReader)", "guid(account.id, name, storageBlobDataReader)", "again"),
    # What lets somebody in.
    Mistake("shared keys", _STORAGE, "allowSharedKeyAccess: false", "allowSharedKeyAccess: true", "security"),
    Mistake("a role that nobody has thought of", _STORAGE, "'db58b8e5-c6ad-4a2a-8342-4190687cbf4a'", "'b24988ac-6180-42a0-ab88-20f7382dd24c'", "security"),
    Mistake("a role for the whole group", _STORAGE, "  scope: account\n  properties: {\n    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDelegator)", "  properties: {\n    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDelegator)", "security"),
    Mistake("another path that is open", _AUTH, "        '/api/health'\n", "        '/api/*'\n", "security entra"),
    Mistake("roles believed before authentication is on", _AUTH, "  dependsOn: [\n    authentication\n  ]\n", "", "security"),
    Mistake("a setting that nothing reads", _WORKLOAD, "MAILCHIMP_TRIAL: mailchimpTrial", "MAILCHIMP_TRAIL: mailchimpTrial", "settings"),
]

# Nothing on this machine knows better than the template.
NOT_CAUGHT = {
    "a region that does not offer Flex Consumption, zones or a SKU": "only Azure knows today's list",
    "a name that somebody else has": "storage, vault and app share their names with the world",
    "a quota that is used up": "a matter of the subscription",
    "a policy of the tenant that refuses a custom role or a public address": "the tenant's own",
    "a place of availability tests that has been closed": "the list has no API; its form is checked",
    "a preview version that Azure takes back": "the compiler's types are older than today",
    "an id of somebody else's subnet, zone or workspace that is not there": "Azure looks it up",
}
# fmt: on
