"""What a second deployment needs of each resource, so that it changes nothing and is not refused.

Azure's own answer can't be had here; what is known of it stands beside each type. A new type has to
be judged before its deployment is repeated.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.deployment import bicep
from tests.deployment.bicep import Deployment

_SAME = "is brought to what the file says; the same file changes nothing"
NEEDS = {
    "Microsoft.Authorization/roleAssignments": (
        "a name made from scope, principal and role: another one for the same three is refused"
        " (RoleAssignmentExists)"
    ),
    "Microsoft.Authorization/roleDefinitions": (
        "a fixed id: a second role of the same display name is refused in the whole tenant"
    ),
    "Microsoft.Consumption/budgets": "the start that it was made with: another one is refused",
    "Microsoft.Insights/actionGroups": _SAME,
    "Microsoft.Insights/components": "the workspace may change; the name may not",
    "Microsoft.Insights/diagnosticSettings": (
        "its name: two settings of one resource may not send one category to one workspace"
    ),
    "Microsoft.Insights/metricAlerts": _SAME,
    "Microsoft.Insights/scheduledQueryRules": _SAME,
    "Microsoft.Insights/webtests": "its name is its id (SyntheticMonitorId)",
    "Microsoft.Insights/workbooks": "a fixed id; changes made to it in the portal are lost",
    "Microsoft.KeyVault/vaults": (
        "no createMode recover while it is there; the days of soft delete and purge protection"
        " can't be taken back"
    ),
    "Microsoft.ManagedIdentity/userAssignedIdentities": _SAME,
    "Microsoft.Network/natGateways": "the zone that it was made with",
    "Microsoft.Network/networkSecurityGroups": _SAME,
    "Microsoft.Network/privateDnsZones": _SAME,
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": "the same network",
    "Microsoft.Network/privateEndpoints": "the same subnet and target; an approval stays",
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": _SAME,
    "Microsoft.Network/publicIPAddresses": "the zone that it was made with",
    "Microsoft.Network/virtualNetworks": (
        "its subnets inside it: what is not in the list is taken away, or refused while in use"
    ),
    "Microsoft.OperationalInsights/workspaces": _SAME,
    "Microsoft.OperationalInsights/workspaces/savedSearches": (
        "an etag of *: without one the second deployment is refused (409)"
    ),
    "Microsoft.Resources/resourceGroups": "the same location, or it is refused",
    "Microsoft.Storage/storageAccounts": (
        "most changes of the SKU; between a zone and one data centre only by a conversion"
    ),
    "Microsoft.Storage/storageAccounts/blobServices": _SAME,
    "Microsoft.Storage/storageAccounts/blobServices/containers": _SAME,
    "Microsoft.Storage/storageAccounts/managementPolicies": _SAME,
    "Microsoft.Storage/storageAccounts/queueServices": _SAME,
    "Microsoft.Storage/storageAccounts/queueServices/queues": _SAME,
    "Microsoft.Web/serverfarms": _SAME,
    "Microsoft.Web/sites": "all its identities: those left out are taken from it",
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": _SAME,
    "Microsoft.Web/sites/config": "all app settings: those left out are removed",
}


def problems(template: Mapping[str, Any], deployment: Deployment) -> Iterator[str]:
    """Yield what would make a second deployment fail or change something."""
    for kind in sorted({resource["type"] for resource in deployment.resources} - NEEDS.keys()):
        yield f"nobody has said what a second deployment of {kind} needs"
    for function in re.findall(r"\b(utcNow|newGuid)\(", json.dumps(template)):
        yield f"{function} gives something else at each deployment"
    for nested in bicep.templates(template):
        for resource in bicep.resources(nested):
            if resource["type"].endswith("/savedSearches") and resource.get("etag") != "*":
                yield "a saved search without an etag: the second deployment is refused"
            if resource["type"] == "Microsoft.Network/virtualNetworks/subnets":
                yield "a subnet outside of its network: the second deployment takes it away"
    for assignment in deployment.of("Microsoft.Authorization/roleAssignments"):
        yield from _assignment(assignment)


def _assignment(assignment: Mapping[str, Any]) -> Iterator[str]:
    """The name is made from scope, principal and role, and so changes with each of them."""
    name, role = assignment["name"], assignment["properties"]["roleDefinitionId"]
    principal = assignment["properties"]["principalId"].strip("[]")
    if (
        principal not in name
        or role.rpartition("/")[2] not in name
        or not name.startswith("[guid('")
    ):
        yield f"the name of the assignment of {role} is not made from scope, principal and role"
