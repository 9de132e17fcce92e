"""What Azure takes: values that the compiler does not know, checked on what would be deployed.

Every text and number of every resource has its rule here, so a new property is judged before it is
deployed. Sources: the resource providers' REST references on learn.microsoft.com, read in 2026, and
Azure's *Naming rules and restrictions*. Texts in brackets are known at deployment only.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.deployment.bicep import Deployment, Resource, label

Rule = Callable[[Any], bool]


def one_of(*values: Any) -> Rule:
    """Take these values alone, of these types."""
    return lambda value: any(value == one and type(value) is type(one) for one in values)


def between(lowest: int, highest: int) -> Rule:
    """Take whole numbers of a range."""
    return lambda value: type(value) is int and lowest <= value <= highest


def like(pattern: str) -> Rule:
    """Take texts that a pattern describes whole."""
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def id_of(kind: str) -> Rule:
    """Take resource ids of one type."""
    provider, *types = kind.split("/")
    tail = "".join(f"/{part}/[^/]+" for part in types)
    return like(rf"/subscriptions/[^/]+(?:/resourceGroups/[^/]+)?/providers/{provider}{tail}")


_FREE = like(r"(?s).+")
_GUID = like(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MAIL = like(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PREFIX = like(r"\*|\d+(\.\d+){3}/\d+")
_LOG_WINDOW = one_of(
    *("PT1M", "PT5M", "PT10M", "PT15M", "PT30M", "PT45M", "PT1H", "PT2H", "PT3H", "PT4H", "PT5H"),
    *("PT6H", "P1D", "P2D"),
)
_METRIC_WINDOW = one_of("PT1M", "PT5M", "PT15M", "PT30M", "PT1H", "PT6H", "PT12H", "P1D")
_ON_OFF = one_of("Enabled", "Disabled")
_ALLOW_DENY = one_of("Allow", "Deny")
_ACTION_GROUP = id_of("Microsoft.Insights/actionGroups")
_COMPONENT = id_of("Microsoft.Insights/components")
_IDENTITY = id_of("Microsoft.ManagedIdentity/userAssignedIdentities")
_SUBNET = id_of("Microsoft.Network/virtualNetworks/subnets")
_WORKSPACE = id_of("Microsoft.OperationalInsights/workspaces")

_ANYWHERE: dict[str, Rule] = {
    "location": like("westeurope|global"),
    "tags.*": like(r".{0,256}"),
}

_CONNECTION = {
    "name": like(r"[\w.-]{1,80}"),
    "properties.groupIds[]": one_of("blob", "queue", "vault"),
    "properties.privateLinkServiceId": lambda value: (
        id_of("Microsoft.Storage/storageAccounts")(value)
        or id_of("Microsoft.KeyVault/vaults")(value)
    ),
    "properties.requestMessage": like(r".{1,140}"),
}

TABLE: dict[str, dict[str, Rule]] = {
    "Microsoft.Authorization/roleAssignments": {
        "name": _GUID,
        "properties.principalId": _GUID,
        "properties.principalType": one_of("ServicePrincipal"),
        "properties.roleDefinitionId": id_of("Microsoft.Authorization/roleDefinitions"),
    },
    "Microsoft.Authorization/roleDefinitions": {
        "name": _GUID,
        "properties.assignableScopes[]": like(r"/subscriptions/[^/]+/resourceGroups/[^/]+"),
        "properties.description": like(r".{1,1024}"),
        "properties.permissions[].dataActions[]": like(r"Microsoft\.[A-Za-z]+(/[A-Za-z*]+)+"),
        "properties.roleName": like(r".{1,128}"),
        "properties.type": one_of("CustomRole"),
    },
    "Microsoft.Consumption/budgets": {
        "name": like(r"[\w-]{1,63}"),
        "properties.amount": between(1, 10_000_000),
        "properties.category": one_of("Cost"),
        "properties.notifications.*.contactEmails[]": _MAIL,
        "properties.notifications.*.operator": one_of(
            "EqualTo", "GreaterThan", "GreaterThanOrEqualTo"
        ),
        "properties.notifications.*.threshold": between(1, 1000),
        "properties.notifications.*.thresholdType": one_of("Actual", "Forecasted"),
        "properties.timeGrain": one_of("Monthly", "Quarterly", "Annually"),
        "properties.timePeriod.startDate": like(r"20\d\d-(0[1-9]|1[0-2])-01"),
    },
    "Microsoft.Insights/actionGroups": {
        "name": like(r"[^:<>+/&%\\?|]{1,260}"),
        "properties.emailReceivers[].emailAddress": _MAIL,
        "properties.emailReceivers[].name": _FREE,
        "properties.groupShortName": like(r".{1,12}"),
    },
    "Microsoft.Insights/components": {
        "kind": one_of("web"),
        "name": like(r"[^%&\\?/]{1,260}"),
        "properties.Application_Type": one_of("web", "other"),
        "properties.WorkspaceResourceId": _WORKSPACE,
    },
    "Microsoft.Insights/diagnosticSettings": {
        "name": like(r"[^<>*%&:\\?+/]{1,260}"),
        "properties.logs[].category": one_of(
            *("AuditEvent", "FunctionAppLogs", "StorageRead", "StorageWrite", "StorageDelete")
        ),
        "properties.workspaceId": _WORKSPACE,
    },
    "Microsoft.Insights/metricAlerts": {
        "name": like(r"[^*#&+:<>?@%{}\\/|]{1,260}"),
        "properties.actions[].actionGroupId": _ACTION_GROUP,
        "properties.criteria.componentId": _COMPONENT,
        "properties.criteria.failedLocationCount": between(1, 5),
        "properties.criteria.odata.type": one_of(
            "Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria"
        ),
        "properties.criteria.webTestId": id_of("Microsoft.Insights/webtests"),
        "properties.description": _FREE,
        "properties.evaluationFrequency": one_of("PT1M", "PT5M", "PT15M", "PT30M", "PT1H"),
        "properties.scopes[]": lambda value: (
            _COMPONENT(value) or id_of("Microsoft.Insights/webtests")(value)
        ),
        "properties.severity": between(0, 4),
        "properties.windowSize": _METRIC_WINDOW,
    },
    "Microsoft.Insights/scheduledQueryRules": {
        "kind": one_of("LogAlert"),
        "name": like(r"[^*<>%{}&:\\?/#|]{1,260}"),
        "properties.actions.actionGroups[]": _ACTION_GROUP,
        "properties.criteria.allOf[].dimensions[].name": like(r"\w+"),
        "properties.criteria.allOf[].dimensions[].operator": one_of("Include", "Exclude"),
        "properties.criteria.allOf[].dimensions[].values[]": _FREE,
        "properties.criteria.allOf[].failingPeriods.minFailingPeriodsToAlert": between(1, 6),
        "properties.criteria.allOf[].failingPeriods.numberOfEvaluationPeriods": between(1, 6),
        "properties.criteria.allOf[].operator": one_of(
            *("Equals", "GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual")
        ),
        "properties.criteria.allOf[].query": _FREE,
        "properties.criteria.allOf[].threshold": between(0, 1_000_000),
        "properties.criteria.allOf[].timeAggregation": one_of(
            *("Average", "Count", "Maximum", "Minimum", "Total")
        ),
        "properties.description": _FREE,
        "properties.displayName": like(r".{1,260}"),
        # P2D is a window only: the longest time between two looks is a day.
        "properties.evaluationFrequency": lambda value: _LOG_WINDOW(value) and value != "P2D",
        "properties.scopes[]": _WORKSPACE,
        "properties.severity": between(0, 4),
        "properties.windowSize": _LOG_WINDOW,
    },
    "Microsoft.Insights/webtests": {
        "kind": one_of("standard"),
        "name": like(r"[^%&\\?/]{1,260}"),
        "properties.Frequency": one_of(300, 600, 900),
        "properties.Kind": one_of("standard"),
        "properties.Locations[].Id": like(r"(us|emea|apac|latam)-[a-z]{2}-[a-z0-9]{3}-(azr|edge)"),
        "properties.Name": _FREE,
        "properties.Request.HttpVerb": one_of("GET", "HEAD", "POST"),
        "properties.Request.RequestUrl": like("https://.+"),
        "properties.SyntheticMonitorId": _FREE,
        "properties.Timeout": one_of(30, 60, 90, 120),
        "properties.ValidationRules.ExpectedHttpStatusCode": between(0, 599),
        "properties.ValidationRules.SSLCertRemainingLifetimeCheck": between(1, 365),
    },
    "Microsoft.Insights/workbooks": {
        "kind": one_of("shared"),
        "name": _GUID,
        "properties.category": one_of("workbook"),
        "properties.displayName": _FREE,
        "properties.serializedData": _FREE,
        "properties.sourceId": _WORKSPACE,
    },
    "Microsoft.KeyVault/vaults": {
        "name": like(r"(?!.*--)[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]"),
        "properties.createMode": one_of("default", "recover"),
        "properties.networkAcls.bypass": one_of("None", "AzureServices"),
        "properties.networkAcls.defaultAction": _ALLOW_DENY,
        "properties.publicNetworkAccess": _ON_OFF,
        "properties.sku.family": one_of("A"),
        "properties.sku.name": one_of("standard", "premium"),
        "properties.softDeleteRetentionInDays": between(7, 90),
        "properties.tenantId": _GUID,
    },
    "Microsoft.ManagedIdentity/userAssignedIdentities": {"name": like(r"[A-Za-z0-9][\w-]{2,127}")},
    "Microsoft.Network/natGateways": {
        "name": like(r"[\w.-]{1,80}"),
        "properties.publicIpAddresses[].id": id_of("Microsoft.Network/publicIPAddresses"),
        "sku.name": one_of("Standard"),
        "zones[]": one_of("1", "2", "3"),
    },
    "Microsoft.Network/networkSecurityGroups": {
        "name": like(r"[\w.-]{1,80}"),
        "properties.securityRules[].name": like(r"[\w.-]{1,80}"),
        "properties.securityRules[].properties.access": _ALLOW_DENY,
        "properties.securityRules[].properties.destinationAddressPrefix": _PREFIX,
        "properties.securityRules[].properties.destinationPortRange": like(r"\*|\d{1,5}(-\d+)?"),
        "properties.securityRules[].properties.direction": one_of("Inbound", "Outbound"),
        "properties.securityRules[].properties.priority": between(100, 4096),
        "properties.securityRules[].properties.protocol": one_of("*", "Tcp", "Udp", "Icmp"),
        "properties.securityRules[].properties.sourceAddressPrefix": _PREFIX,
        "properties.securityRules[].properties.sourcePortRange": like(r"\*|\d{1,5}(-\d+)?"),
    },
    "Microsoft.Network/privateDnsZones": {"name": like(r"privatelink\.[a-z.]+")},
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": {
        "name": like(r"privatelink\.[a-z.]+/[\w.-]{1,80}"),
        "properties.virtualNetwork.id": id_of("Microsoft.Network/virtualNetworks"),
    },
    "Microsoft.Network/privateEndpoints": {
        "name": like(r"[\w.-]{2,64}"),
        "properties.subnet.id": _SUBNET,
        **{
            f"properties.{kind}[].{path}": rule
            for kind in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
            for path, rule in _CONNECTION.items()
        },
    },
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": {
        "name": like(r"[\w.-]{2,64}/[\w.-]{1,80}"),
        "properties.privateDnsZoneConfigs[].name": like(r"[\w.-]{1,80}"),
        "properties.privateDnsZoneConfigs[].properties.privateDnsZoneId": id_of(
            "Microsoft.Network/privateDnsZones"
        ),
    },
    "Microsoft.Network/publicIPAddresses": {
        "name": like(r"[\w.-]{1,80}"),
        "properties.publicIPAddressVersion": one_of("IPv4"),
        "properties.publicIPAllocationMethod": one_of("Static"),
        "sku.name": one_of("Standard"),
        "zones[]": one_of("1", "2", "3"),
    },
    "Microsoft.Network/virtualNetworks": {
        "name": like(r"[\w.-]{2,64}"),
        "properties.addressSpace.addressPrefixes[]": _PREFIX,
        "properties.subnets[].name": like(r"[\w.-]{1,80}"),
        "properties.subnets[].properties.addressPrefix": _PREFIX,
        "properties.subnets[].properties.delegations[].name": like(r"[\w.-]{1,80}"),
        "properties.subnets[].properties.delegations[].properties.serviceName": one_of(
            "Microsoft.App/environments"
        ),
        "properties.subnets[].properties.natGateway.id": id_of("Microsoft.Network/natGateways"),
        "properties.subnets[].properties.networkSecurityGroup.id": id_of(
            "Microsoft.Network/networkSecurityGroups"
        ),
        "properties.subnets[].properties.privateEndpointNetworkPolicies": one_of(
            *("Enabled", "Disabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled")
        ),
    },
    "Microsoft.OperationalInsights/workspaces": {
        "name": like(r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]"),
        "properties.retentionInDays": between(30, 730),
        "properties.sku.name": one_of("PerGB2018", "CapacityReservation", "LACluster"),
        "properties.workspaceCapping.dailyQuotaGb": between(-1, 4000),
    },
    "Microsoft.OperationalInsights/workspaces/savedSearches": {
        "name": like(r"[^/]+/[\w-]{1,260}"),
        "properties.category": _FREE,
        "properties.displayName": _FREE,
        "properties.functionAlias": like(r"[A-Za-z_]\w*"),
        "properties.query": _FREE,
        "properties.version": one_of(1, 2),
    },
    "Microsoft.Resources/resourceGroups": {"name": like(r"[\w.()-]{0,89}[\w()-]")},
    "Microsoft.Storage/storageAccounts": {
        "kind": one_of("StorageV2"),
        "name": like(r"[a-z0-9]{3,24}"),
        "properties.accessTier": one_of("Hot", "Cool", "Cold"),
        "properties.minimumTlsVersion": one_of("TLS1_2", "TLS1_3"),
        "properties.networkAcls.bypass": one_of("None", "AzureServices"),
        "properties.networkAcls.defaultAction": _ALLOW_DENY,
        "properties.publicNetworkAccess": _ON_OFF,
        "sku.name": one_of(
            *("Standard_LRS", "Standard_ZRS", "Standard_GRS", "Standard_RAGRS"),
            *("Standard_GZRS", "Standard_RAGZRS"),
        ),
    },
    "Microsoft.Storage/storageAccounts/blobServices": {"name": like("[a-z0-9]+/default")},
    "Microsoft.Storage/storageAccounts/blobServices/containers": {
        "name": like(r"[a-z0-9]+/default/(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]"),
        "properties.publicAccess": one_of("None", "Blob", "Container"),
    },
    "Microsoft.Storage/storageAccounts/managementPolicies": {
        "name": like("[a-z0-9]+/default"),
        "properties.policy.rules[].definition.actions.baseBlob.delete"
        ".daysAfterModificationGreaterThan": between(0, 99999),
        "properties.policy.rules[].definition.filters.blobTypes[]": one_of(
            "blockBlob", "appendBlob"
        ),
        "properties.policy.rules[].definition.filters.prefixMatch[]": _FREE,
        "properties.policy.rules[].name": like(r"[\w-]{1,256}"),
        "properties.policy.rules[].type": one_of("Lifecycle"),
    },
    "Microsoft.Storage/storageAccounts/queueServices": {"name": like("[a-z0-9]+/default")},
    "Microsoft.Storage/storageAccounts/queueServices/queues": {
        "name": like(r"[a-z0-9]+/default/(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
    },
    "Microsoft.Web/serverfarms": {
        "kind": one_of("functionapp"),
        "name": like(r"[A-Za-z0-9-]{1,60}"),
        "sku.name": one_of("FC1"),
        "sku.tier": one_of("FlexConsumption"),
    },
    "Microsoft.Web/sites": {
        "identity.type": one_of("UserAssigned"),
        "kind": one_of("functionapp,linux"),
        "name": like(r"[A-Za-z0-9][A-Za-z0-9-]{0,58}[A-Za-z0-9]"),
        "properties.functionAppConfig.deployment.storage.authentication.type": one_of(
            *("SystemAssignedIdentity", "UserAssignedIdentity", "StorageAccountConnectionString")
        ),
        "properties.functionAppConfig.deployment.storage.authentication"
        ".userAssignedIdentityResourceId": _IDENTITY,
        "properties.functionAppConfig.deployment.storage.type": one_of("blobContainer"),
        "properties.functionAppConfig.deployment.storage.value": like("https://.+"),
        "properties.functionAppConfig.runtime.name": one_of("python"),
        "properties.functionAppConfig.runtime.version": one_of("3.13"),
        "properties.functionAppConfig.scaleAndConcurrency.alwaysReady[].instanceCount": between(
            0, 1000
        ),
        "properties.functionAppConfig.scaleAndConcurrency.alwaysReady[].name": like(
            r"http|durable|blob|function:\w+"
        ),
        "properties.functionAppConfig.scaleAndConcurrency.instanceMemoryMB": one_of(
            512, 2048, 4096
        ),
        "properties.functionAppConfig.scaleAndConcurrency.maximumInstanceCount": between(1, 1000),
        "properties.functionAppConfig.scaleAndConcurrency.triggers.http"
        ".perInstanceConcurrency": between(1, 1000),
        "properties.keyVaultReferenceIdentity": _IDENTITY,
        "properties.publicNetworkAccess": _ON_OFF,
        "properties.serverFarmId": id_of("Microsoft.Web/serverfarms"),
        "properties.siteConfig.minTlsVersion": one_of("1.2", "1.3"),
        "properties.siteConfig.scmMinTlsVersion": one_of("1.2", "1.3"),
        "properties.virtualNetworkSubnetId": _SUBNET,
    },
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": {"name": like("[^/]+/(ftp|scm)")},
    # App settings are compared with the code elsewhere; here that each is a text.
    "Microsoft.Web/sites/config/appsettings": {
        "name": like("[^/]+/appsettings"),
        "properties.*": like(r"(?s).*"),
    },
    "Microsoft.Web/sites/config/authsettingsV2": {
        "name": like("[^/]+/authsettingsV2"),
        "properties.globalValidation.excludedPaths[]": like(r"/[a-z/.]*(/\*)?"),
        "properties.globalValidation.unauthenticatedClientAction": one_of(
            *("RedirectToLoginPage", "AllowAnonymous", "Return401", "Return403")
        ),
        "properties.identityProviders.azureActiveDirectory.registration.clientId": _GUID,
        "properties.identityProviders.azureActiveDirectory.registration"
        ".clientSecretSettingName": like(r"\w+"),
        "properties.identityProviders.azureActiveDirectory.registration.openIdIssuer": like(
            "https://.+"
        ),
        "properties.identityProviders.azureActiveDirectory.validation.allowedAudiences[]": like(
            r"(api://)?[0-9a-f-]{36}"
        ),
        "properties.platform.runtimeVersion": like(r"~1|\d+\.\d+\.\d+"),
    },
}


def problems(deployment: Deployment) -> Iterator[str]:
    """Yield every value that Azure does not take, and those that nobody has judged yet."""
    for resource in deployment.resources:
        rules = TABLE.get(_kind(resource))
        if rules is None:
            yield f"{label(resource)}: no rules for this type"
            continue
        for path, value in _leaves(_body(resource), ""):
            rule = _rule(rules, path)
            if rule is None:
                yield f"{label(resource)}: no rule for {path}"
            elif not (isinstance(value, str) and value.startswith("[")) and not rule(value):
                yield f"{label(resource)}: {path} is {value!r}"


def _kind(resource: Resource) -> str:
    kind: str = resource["type"]
    by_name = kind == "Microsoft.Web/sites/config"
    return f"{kind}/{resource['name'].rpartition('/')[2]}" if by_name else kind


def _body(resource: Resource) -> dict[str, Any]:
    return {
        key: value for key, value in resource.items() if key not in ("id", "type", "apiVersion")
    }


def _rule(rules: Mapping[str, Rule], path: str) -> Rule | None:
    for known, rule in [*rules.items(), *_ANYWHERE.items()]:
        if known == path or re.fullmatch(re.escape(known).replace(r"\*", r".+"), path):
            return rule
    return None


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield texts and numbers with the path of each; what is true or false the compiler checks."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _leaves(member, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for member in value:
            yield from _leaves(member, f"{path}[]")
    elif isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        yield path, value
