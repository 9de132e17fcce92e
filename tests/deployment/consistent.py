"""What must fit together among the resources of one deployment, whatever Azure takes of each."""

import re
from collections.abc import Iterator
from ipaddress import ip_network
from itertools import combinations
from typing import Any

from tests.deployment.bicep import Deployment, Resource, label

_MINUTES = {"M": 1, "H": 60, "D": 1440}
# What a private endpoint can lead to, by type.
_GROUPS = {
    "Microsoft.Storage/storageAccounts": {"blob", "queue"},
    "Microsoft.KeyVault/vaults": {"vault"},
}


def problems(deployment: Deployment) -> Iterator[str]:
    """Yield what does not fit together, one line for each."""
    yield from _ids(deployment)
    yield from _networks(deployment)
    yield from _endpoints(deployment)
    yield from _rules(deployment)
    yield from _zones(deployment)


def _ids(deployment: Deployment) -> Iterator[str]:
    """Each resource is there once, children have their parent, and what is pointed at exists."""
    own = [resource["id"] for resource in deployment.resources]
    yield from (f"twice: {one}" for one in sorted({one for one in own if own.count(one) > 1}))
    group = next(iter(_groups(own)))
    for resource in deployment.resources:
        levels = resource["type"].count("/") - resource["name"].count("/")
        if levels != 1 and not resource["name"].startswith("["):
            yield f"{label(resource)}: has no parent in its name"
        parent = resource["id"].rsplit("/", 2)[0]
        if resource["type"].count("/") > 1 and parent not in own and not parent.startswith("["):
            yield f"{label(resource)}: its parent is not deployed"
        for text in _texts(resource.get("properties", {})):
            whole = re.match(r"(/subscriptions/[^/]+/resourceGroups/[^/]+/providers/.+)", text)
            if whole and group in text and _base(text) not in own:
                yield f"{label(resource)}: points at {text}, which is not deployed"


def _groups(ids: list[str]) -> Iterator[str]:
    """Yield the resource group that is deployed into."""
    for one in ids:
        if found := re.match(r"/subscriptions/[^/]+/resourceGroups/[^/]+", one):
            yield found.group()


def _base(text: str) -> str:
    """Return the resource that an id is of; subnets stand inside their network."""
    return text.partition("/subnets/")[0]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    members = value.values() if isinstance(value, dict) else value
    if isinstance(value, dict | list):
        for member in members:
            yield from _texts(member)


def _networks(deployment: Deployment) -> Iterator[str]:
    for network in deployment.of("Microsoft.Network/virtualNetworks"):
        properties = network["properties"]
        spaces = [ip_network(one) for one in properties["addressSpace"]["addressPrefixes"]]
        subnets = {
            one["name"]: ip_network(one["properties"]["addressPrefix"])
            for one in properties["subnets"]
        }
        for name, subnet in subnets.items():
            if not any(subnet.subnet_of(space) for space in spaces):  # type: ignore[arg-type] # v4
                yield f"subnet {name} is outside of the network"
        for (one, first), (other, second) in combinations(subnets.items(), 2):
            if first.overlaps(second):
                yield f"the subnets {one} and {other} overlap"
        # Flex Consumption asks for at least a /28, and a /27 for more than a few instances.
        if subnets["app"].prefixlen > 27:
            yield "subnet app is too small"
        yield from _firewall(deployment, {str(subnet) for subnet in subnets.values()})
        delegated = {
            one["name"] for one in properties["subnets"] if one["properties"].get("delegations")
        }
        if delegated != {"app"}:
            yield "the app's subnet alone is to be delegated"


def _firewall(deployment: Deployment, subnets: set[str]) -> Iterator[str]:
    for group in deployment.of("Microsoft.Network/networkSecurityGroups"):
        rules = [rule["properties"] for rule in group["properties"]["securityRules"]]
        named = {
            rule[key]
            for rule in rules
            for key in ("sourceAddressPrefix", "destinationAddressPrefix")
        }
        if named - {"*"} != subnets:
            yield "the rules of the endpoints name other networks than the subnets"
        if len({(rule["direction"], rule["priority"]) for rule in rules}) != len(rules):
            yield "two rules of the endpoints have one priority"


def _endpoints(deployment: Deployment) -> Iterator[str]:
    for endpoint in deployment.of("Microsoft.Network/privateEndpoints"):
        connections = connections_of(endpoint)
        if len(connections) != 1:
            yield f"{label(endpoint)}: one connection each"
        for connection in connections:
            target = connection["privateLinkServiceId"]
            kind = "/".join(target.split("/")[6:8])
            if not set(connection["groupIds"]) <= _GROUPS.get(kind, set()):
                yield f"{label(endpoint)}: {connection['groupIds']} of {kind}"


def connections_of(endpoint: Resource) -> list[dict[str, Any]]:
    """Return what an endpoint leads to, asked for or approved at once."""
    properties = endpoint["properties"]
    return [
        one["properties"]
        for kind in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
        for one in properties.get(kind, [])
    ]


def minutes(duration: str) -> int:
    """Return an ISO 8601 duration of one part in minutes."""
    found = re.fullmatch(r"PT?(\d+)([MHD])", duration)
    return int(found[1]) * _MINUTES[found[2]] if found else 0


def _rules(deployment: Deployment) -> Iterator[str]:
    kinds = ("Microsoft.Insights/scheduledQueryRules", "Microsoft.Insights/metricAlerts")
    for rule in [resource for kind in kinds for resource in deployment.of(kind)]:
        properties = rule["properties"]
        every, window = (
            minutes(properties["evaluationFrequency"]),
            minutes(properties["windowSize"]),
        )
        if every > window:
            yield f"{label(rule)}: looks less often than its window is long"
        for criterion in properties["criteria"].get("allOf", []):
            periods = criterion["failingPeriods"]
            if periods["minFailingPeriodsToAlert"] > periods["numberOfEvaluationPeriods"]:
                yield f"{label(rule)}: asks for more failing periods than it looks at"


def _zones(deployment: Deployment) -> Iterator[str]:
    for plan in deployment.of("Microsoft.Web/serverfarms"):
        sku = deployment.one("Microsoft.Storage/storageAccounts")["sku"]["name"]
        if plan["properties"]["zoneRedundant"] and "ZRS" not in sku:
            yield f"the app is in several zones, its storage ({sku}) is not"
    zones = {one["id"]: one.get("zones") for one in deployment.resources}
    for gateway in deployment.of("Microsoft.Network/natGateways"):
        for address in gateway["properties"]["publicIpAddresses"]:
            if gateway.get("zones") and zones.get(address["id"]) not in (None, gateway["zones"]):
                yield f"{label(gateway)}: its address is in another zone"
