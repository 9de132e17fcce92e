"""The Bicep files, and what they deploy in each way that there is to deploy them."""

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.deployment.compiler import SEGMENT_STORAGE, SUBSCRIPTION, Compiler

ROOT = Path(__file__).resolve().parent.parent.parent
INFRA = ROOT / "infra"
_ELSEWHERE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-platform/providers"
_NETWORK = f"{_ELSEWHERE}/Microsoft.Network/virtualNetworks/hub"
_SECRETS_OFFICER = (
    f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
    "/b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
)
GROUP = "rg-given"
ENTRA_CLIENT = "00000000-0000-0000-0000-0000000000aa"

# The ways to deploy: the parameters of main.bicep that are not as by default.
WAYS = {
    "defaults": "",
    "entra": f"param entraClientId = '{ENTRA_CLIENT}'",
    "private": """
        param privateNetwork = true
        param privateSegmentStorage = true
        param natZone = '1'
    """,
    "small-network": """
        param privateNetwork = true
        param networkAddressPrefix = '192.168.8.0/24'
    """,
    "own-network": f"""
        param privateNetwork = true
        param subnets = {{
          app: '{_NETWORK}/subnets/functions'
          endpoints: '{_NETWORK}/subnets/endpoints'
        }}
        param createDnsZones = false
        param dnsZones = {{
          blob: '{_ELSEWHERE}/Microsoft.Network/privateDnsZones/privatelink.blob.core.windows.net'
        }}
        param privateSegmentStorage = true
        param segmentEndpointMessage = 'Segment export reads the exports of Customer Insights'
        param grantSegmentAccess = false
    """,
    "everything": f"""
        param names = {{
          functionApp: 'func-contoso'
          plan: 'plan-contoso'
          identity: 'id-contoso'
          signInIdentity: 'id-contoso-sign-in'
          storage: 'stcontoso'
          vault: 'kv-contoso'
          component: 'appi-contoso'
        }}
        param entraClientId = '{ENTRA_CLIENT}'
        param zoneRedundant = true
        param recoverVault = true
        param vaultRoleId = '{_SECRETS_OFFICER}'
        param workspaceId = '{_ELSEWHERE}/Microsoft.OperationalInsights/workspaces/shared'
        param appDiagnostics = true
        param storageDiagnostics = true
        param alwaysReadySenders = 1
        param alertEmails = ['operations@example.com']
        param availabilityTest = true
        param budget = {{ amount: 50, start: '2026-12-01', emails: ['operations@example.com'] }}
    """,
}
_REQUIRED = f"""
param environmentName = 'test'
param location = 'westeurope'
param segmentStorageId = '{SEGMENT_STORAGE}'
"""
# What stands in infra/ for people to use, by name.
FILES = {
    "dev": "parameters/dev.bicepparam",
    "prod": "parameters/prod.bicepparam",
    "azd": "main.bicepparam",
}

Resource = Mapping[str, Any]


@dataclass(frozen=True)
class Deployment:
    """What one way deploys: every resource worked out, as far as that is known before."""

    way: str
    resources: tuple[Resource, ...]
    outputs: Mapping[str, Any]

    def of(self, kind: str) -> list[Resource]:
        """Return the resources of one type."""
        return [resource for resource in self.resources if resource["type"] == kind]

    def one(self, kind: str, name: str = "") -> Resource:
        """Return the one resource of a type whose name ends so."""
        [found] = [item for item in self.of(kind) if item["name"].endswith(name)]
        return found

    def settings(self) -> dict[str, str]:
        """Return the app settings; what only the deployment knows stands in brackets."""
        return dict(self.one("Microsoft.Web/sites/config", "/appsettings")["properties"])


def label(resource: Resource) -> str:
    """Return how a resource is called in a message."""
    return f"{resource['type']} {resource['name'].rpartition('/')[2][:40]}"


def texts(infra: Path = INFRA) -> dict[str, str]:
    """Return every Bicep file by its path below infra/."""
    return {
        path.relative_to(infra).as_posix(): path.read_text()
        for path in sorted([*infra.rglob("*.bicep"), *infra.rglob("*.bicepparam")])
    }


def deployed(compiler: Compiler, way: str, infra: Path = INFRA) -> Deployment:
    """Work out what a way deploys; raises ValueError where nothing could be deployed."""
    with TemporaryDirectory() as folder:
        path = infra / FILES[way] if way in FILES else _way(Path(folder).resolve(), infra, way)
        found = compiler.snapshot(path, GROUP if way.startswith("workload:") else None)
    if found["diagnostics"]:
        raise ValueError(str(found["diagnostics"]))
    return Deployment(way, tuple(found["predictedResources"]), found.get("outputs") or {})


def _way(folder: Path, infra: Path, way: str) -> Path:
    """Write the parameters of a way down; `workload:` in front takes the inner file."""
    entry, _, name = way.rpartition(":")
    target = os.path.relpath(infra / f"{entry or 'main'}.bicep", folder)
    path = folder / "way.bicepparam"
    path.write_text(f"using '{target}'\n{_REQUIRED}\n{WAYS[name]}\n")
    return path


def with_mistake(folder: Path, path: str, right: str, wrong: str) -> Path:
    """Copy infra/ and put `wrong` in place of `right` in one of the files."""
    infra = folder / "infra"
    shutil.copytree(INFRA, infra)
    text = (infra / path).read_text()
    if right not in text:
        raise AssertionError(f"{path} has no {right!r}: the mistake would not be made")
    (infra / path).write_text(text.replace(right, wrong))
    return infra


def templates(template: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield a compiled template and every one nested in it."""
    yield template
    for resource in resources(template):
        if resource["type"] == "Microsoft.Resources/deployments":
            yield from templates(resource["properties"]["template"])


def resources(template: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the resources of one template, which has them by name or as a list."""
    found = template.get("resources", [])
    return list(found.values()) if isinstance(found, dict) else found
