"""What must hold of the deployment whatever else changes."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.deployment import bicep
from tests.deployment.bicep import Resource

# Every role that the app's identity may have; any other is a mistake until it is here.
ROLES = {
    "storageBlobDataOwner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "storageQueueDataContributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "storageBlobDelegator": "db58b8e5-c6ad-4a2a-8342-4190687cbf4a",
    "storageBlobDataReader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "monitoringMetricsPublisher": "3913510d-42f4-4e42-8a64-420c390055eb",
}
VAULT_ACTIONS = {
    "Microsoft.KeyVault/vaults/secrets/getSecret/action",
    "Microsoft.KeyVault/vaults/secrets/setSecret/action",
}
OPEN_PATHS = {"/api/health", "/api/openapi.json", "/api/oauth/callback", "/", "/console/*"}

# Property paths and the only values that they may have, by resource type.
REQUIRED: dict[str, dict[str, tuple[Any, ...]]] = {
    "Microsoft.Storage/storageAccounts": {
        "properties.allowSharedKeyAccess": (False,),
        "properties.allowBlobPublicAccess": (False,),
        "properties.allowCrossTenantReplication": (False,),
        "properties.minimumTlsVersion": ("TLS1_2", "TLS1_3"),
        "properties.supportsHttpsTrafficOnly": (True,),
    },
    "Microsoft.Storage/storageAccounts/blobServices": {
        # Erasing a person would leave a copy behind otherwise.
        "properties.deleteRetentionPolicy.enabled": (False,),
        "properties.containerDeleteRetentionPolicy.enabled": (False,),
        "properties.isVersioningEnabled": (False,),
        "properties.changeFeed.enabled": (False,),
    },
    "Microsoft.Storage/storageAccounts/blobServices/containers": {
        "properties.publicAccess": ("None",),
    },
    "Microsoft.KeyVault/vaults": {
        "properties.enableRbacAuthorization": (True,),
        "properties.enableSoftDelete": (True,),
    },
    "Microsoft.Web/sites": {
        "identity.type": ("UserAssigned",),
        "properties.httpsOnly": (True,),
        "properties.siteConfig.minTlsVersion": ("1.2", "1.3"),
        "properties.siteConfig.scmMinTlsVersion": ("1.2", "1.3"),
        "properties.siteConfig.remoteDebuggingEnabled": (False,),
        "properties.functionAppConfig.deployment.storage.authentication.type": (
            "UserAssignedIdentity",
        ),
    },
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": {"properties.allow": (False,)},
    "Microsoft.Insights/components": {"properties.DisableLocalAuth": (True,)},
    "Microsoft.OperationalInsights/workspaces": {"properties.features.disableLocalAuth": (True,)},
    "Microsoft.Authorization/roleAssignments": {"properties.principalType": ("ServicePrincipal",)},
}
# What closes a resource to the public network, when that is asked for.
PRIVATE = {
    "Microsoft.Storage/storageAccounts": {
        "properties.publicNetworkAccess": "Disabled",
        "properties.networkAcls.defaultAction": "Deny",
    },
    "Microsoft.KeyVault/vaults": {
        "properties.publicNetworkAccess": "Disabled",
        "properties.networkAcls.defaultAction": "Deny",
    },
}
_SECRETS = re.compile(
    r"list(Keys|AccountSas|ServiceSas|Secrets|\w*Settings)\s*\(|AccountKey=|SharedAccessSignature"
    r"|DefaultEndpointsProtocol|[?&]sig=|[0-9a-f]{32}-us\d",
    re.IGNORECASE,
)


def problems(files: Mapping[str, str]) -> list[str]:
    """Return what is unsafe, one line for each."""
    found: list[str] = []
    for path, text in files.items():
        found += [f"{path}: {match.group()} reads or holds a secret" for match in _secrets(text)]
        found += _outputs(path, text)
    own = [resource for resource in bicep.resources(files) if not resource.existing]
    for resource in own:
        found += [f"{resource}: {text}" for text in _values(resource)]
        found += [f"{resource}: {text}" for text in _roles(resource, files[resource.path])]
    passwords = {
        resource.body.get("name")
        for resource in own
        if resource.type.endswith("CredentialsPolicies")
    }
    if passwords != {"ftp", "scm"}:
        found.append("modules/function-app.bicep: passwords for ftp or scm are not turned off")
    return found + list(_authentication(files, own)) + list(_endpoints(files))


def at(body: Any, path: str) -> Any:
    """Return the value at a dotted path, or None."""
    for name in path.split("."):
        body = body.get(name) if isinstance(body, dict) else None
    return body


def _secrets(text: str) -> Iterator[re.Match[str]]:
    return _SECRETS.finditer(text)


def _outputs(path: str, text: str) -> Iterator[str]:
    for name in bicep.tree(text).get("outputs", {}):
        if re.search(r"secret|password|token|key(?!Vault|_VAULT)", name, re.IGNORECASE):
            yield f"{path}: the output {name} sounds like a secret"


def _values(resource: Resource) -> Iterator[str]:
    for path, allowed in REQUIRED.get(resource.type, {}).items():
        value = at(resource.body, path)
        if value not in allowed:
            yield f"{path} is {value!r}"
    for path, closed in PRIVATE.get(resource.type, {}).items():
        value = bicep.operator_of(at(resource.body, path)) or {"operands": {}}
        operands = value["operands"]
        if (operands.get("condition"), operands.get("true_value")) != ("privateOnly", closed):
            yield f"{path} is not {closed} when privateOnly"


def _roles(resource: Resource, text: str) -> Iterator[str]:
    if resource.type == "Microsoft.Authorization/roleDefinitions":
        for permission in at(resource.body, "properties.permissions"):
            if permission["actions"] or not set(permission["dataActions"]) <= VAULT_ACTIONS:
                yield "allows more than getting and setting secrets"
    if resource.type != "Microsoft.Authorization/roleAssignments":
        return
    if "scope" not in resource.body:
        yield "has no scope, so it counts for the whole resource group"
    if not re.search(rf"^// [^\n]+\nresource {resource.symbol} ", text, re.MULTILINE):
        yield "has no comment that says why"
    role = at(resource.body, "properties.roleDefinitionId")
    call = bicep.function_of(role)
    name = call["parameters"].get("resource_name_1") if call else None
    variables = bicep.tree(text).get("variables", {})
    if call is None:
        if "operator" not in role or role["operator"]["operands"]["operand_1"] != "getAndSet":
            yield "grants a role that is not known"
    elif name not in ROLES or variables.get(name, {}).get("value") != ROLES[name]:
        yield f"grants a role that is not known: {name}"


def _authentication(files: Mapping[str, str], own: list[Resource]) -> Iterator[str]:
    for path, text in files.items():
        code = re.sub(r"//[^\n]*", "", text)
        if "ENTRA_AUTH_REQUIRED" in code and path != "modules/auth.bicep":
            yield f"{path}: only modules/auth.bicep may write ENTRA_AUTH_REQUIRED"
    auth = {
        resource.body["name"]: resource.body
        for resource in own
        if resource.path == "modules/auth.bicep"
    }
    settings, sign_in = auth["appsettings"], auth["authsettingsV2"]
    if settings.get("dependsOn") != ["authentication"]:
        yield "modules/auth.bicep: the settings do not wait for authentication to be on"
    for path, wanted in {
        "properties.platform.enabled": True,
        "properties.globalValidation.requireAuthentication": True,
        "properties.globalValidation.unauthenticatedClientAction": "Return401",
        "properties.httpSettings.requireHttps": True,
        "properties.identityProviders.azureActiveDirectory.enabled": True,
    }.items():
        if at(sign_in, path) != wanted:
            yield f"modules/auth.bicep: {path} is not {wanted}"
    if set(at(sign_in, "properties.globalValidation.excludedPaths")) != OPEN_PATHS:
        yield "modules/auth.bicep: other paths are open than those that must be"


def _endpoints(files: Mapping[str, str]) -> Iterator[str]:
    endpoints = bicep.tree(files["modules/network.bicep"])["variables"]["ownEndpoints"]["value"]
    found = {(endpoint["resource"], endpoint["group"]) for endpoint in endpoints}
    wanted = {("storageAccountId", "blob"), ("storageAccountId", "queue"), ("vaultId", "vault")}
    if found != wanted:
        yield "modules/network.bicep: an endpoint of storage or vault is missing"
    for module in ("storage", "vault"):
        call = bicep.tree(files["workload.bicep"])["modules"][module]["config"]
        if bicep.unwrapped(call)["params"].get("privateOnly") != "privateNetwork":
            yield f"workload.bicep: {module} stays public in a private network"
