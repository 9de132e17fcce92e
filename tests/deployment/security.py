"""What must hold of the deployment whatever else changes."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.deployment import bicep, consistent
from tests.deployment.bicep import Deployment, Resource, label

# Every role that the app's identity may have; any other is a mistake until it is here.
ROLES = {
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
    "db58b8e5-c6ad-4a2a-8342-4190687cbf4a": "Storage Blob Delegator",
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
}
SECRETS_OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
VAULT_ACTIONS = {
    "Microsoft.KeyVault/vaults/secrets/getSecret/action",
    "Microsoft.KeyVault/vaults/secrets/setSecret/action",
    # The signing secret of a webhook goes with it. Nobody but people may purge.
    "Microsoft.KeyVault/vaults/secrets/delete",
}
OPEN_PATHS = {
    *("/", "/console", "/console/*", "/api/health", "/api/openapi.json"),
    *("/api/oauth/callback", "/api/mailchimp/webhooks/*"),
}

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
_CLOSED = {
    "properties.publicNetworkAccess": "Disabled",
    "properties.networkAcls.defaultAction": "Deny",
}
# What is closed to the public network, when that is asked for.
PRIVATE = {"Microsoft.Storage/storageAccounts": _CLOSED, "Microsoft.KeyVault/vaults": _CLOSED}
SIGN_IN = {
    "properties.platform.enabled": True,
    "properties.globalValidation.requireAuthentication": True,
    "properties.globalValidation.unauthenticatedClientAction": "Return401",
    "properties.httpSettings.requireHttps": True,
    "properties.identityProviders.azureActiveDirectory.enabled": True,
}
_SECRETS = re.compile(
    r"list(Keys|AccountSas|ServiceSas|Secrets|\w*Settings)\s*\(|AccountKey=|SharedAccessSignature"
    r"|DefaultEndpointsProtocol|[?&]sig=|[0-9a-f]{32}-us\d",
    re.IGNORECASE,
)


def in_source(files: Mapping[str, str]) -> Iterator[str]:
    """Yield what is unsafe in the files themselves, one line for each."""
    for path, text in files.items():
        for match in _SECRETS.finditer(text):
            yield f"{path}: {match.group()} reads or holds a secret"
        for name in re.findall(r"^output (\w+)", text, re.MULTILINE):
            if re.search(r"secret|password|token|key(?!Vault)", name, re.IGNORECASE):
                yield f"{path}: the output {name} sounds like a secret"
        code = re.sub(r"//[^\n]*", "", text)
        if "ENTRA_AUTH_REQUIRED" in code and path != "modules/auth.bicep":
            yield f"{path}: only modules/auth.bicep may write ENTRA_AUTH_REQUIRED"
        for comment, name in re.findall(
            r"(.*)\nresource (\w+) 'Microsoft.Authorization/roleAssignments", text
        ):
            if not comment.startswith("// "):
                yield f"{path}: {name} has no comment that says why"


def in_template(template: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the order of the deployment makes unsafe."""
    waits = [
        str(resource.get("dependsOn"))
        for nested in bicep.templates(template)
        for resource in bicep.resources(nested)
        if "ENTRA_AUTH_REQUIRED" in str(resource.get("properties"))
        and "template" not in str(resource)
    ]
    if len(waits) != 1 or not re.search("authsettingsV2|authentication", waits[0]):
        yield "modules/auth.bicep: the settings do not wait for authentication to be on"


def deployed(deployment: Deployment) -> Iterator[str]:
    """Yield what is unsafe of what a way deploys, one line for each."""
    private = bool(deployment.of("Microsoft.Network/privateEndpoints"))
    for resource in deployment.resources:
        for path, allowed in REQUIRED.get(resource["type"], {}).items():
            if (value := at(resource, path)) not in allowed:
                yield f"{label(resource)}: {path} is {value!r}"
        for path, closed in PRIVATE.get(resource["type"], {}).items():
            if private and at(resource, path) != closed:
                yield f"{label(resource)}: {path} is not {closed} in a private network"
        yield from _roles(resource, deployment)
    yield from _passwords(deployment)
    yield from _authentication(deployment)
    if private:
        yield from _endpoints(deployment)


def at(body: Any, path: str) -> Any:
    """Return the value at a dotted path, or None."""
    for name in path.split("."):
        body = body.get(name) if isinstance(body, Mapping) else None
    return body


def _roles(resource: Resource, deployment: Deployment) -> Iterator[str]:
    if resource["type"] == "Microsoft.Authorization/roleDefinitions":
        for permission in at(resource, "properties.permissions"):
            if permission["actions"] or not set(permission["dataActions"]) <= VAULT_ACTIONS:
                yield "the custom role allows more than getting and setting secrets"
    if resource["type"] != "Microsoft.Authorization/roleAssignments":
        return
    if not resource["id"].startswith("[extensionResourceId("):
        yield f"{label(resource)} has no scope, so it counts for the whole resource group"
    role = at(resource, "properties.roleDefinitionId")
    own = [one["id"] for one in deployment.of("Microsoft.Authorization/roleDefinitions")]
    # Where custom roles are not allowed, whoever deploys names the role for the vault.
    known = {*ROLES, *([SECRETS_OFFICER] if deployment.way == "everything" else [])}
    if role not in own and role.rpartition("/")[2] not in known:
        yield f"a role is granted that is not known: {role}"


def _passwords(deployment: Deployment) -> Iterator[str]:
    off = {
        one["name"].rpartition("/")[2]
        for one in deployment.of("Microsoft.Web/sites/basicPublishingCredentialsPolicies")
    }
    if off != {"ftp", "scm"}:
        yield "passwords for ftp or scm are not turned off"


def _authentication(deployment: Deployment) -> Iterator[str]:
    settings = deployment.settings()
    sign_in = deployment.one("Microsoft.Web/sites/config", "/authsettingsV2")
    if settings["HTTP_AUTH"] == "keys":
        if "ENTRA_AUTH_REQUIRED" in settings or at(sign_in, "properties.platform.enabled"):
            yield "authentication is half on"
        return
    if settings.get("ENTRA_AUTH_REQUIRED") != "true":
        yield "the app is not told that authentication is on"
    for path, wanted in SIGN_IN.items():
        if at(sign_in, path) != wanted:
            yield f"authentication: {path} is not {wanted}"
    if set(at(sign_in, "properties.globalValidation.excludedPaths")) != OPEN_PATHS:
        yield "authentication: other paths are open than those that must be"
    provider = at(sign_in, "properties.identityProviders.azureActiveDirectory")
    audiences = at(provider, "validation.allowedAudiences")
    if settings.get("ENTRA_AUDIENCES") != ",".join(audiences):
        yield "the app takes other audiences than the platform"
    if at(provider, "registration.clientSecretSettingName") not in settings:
        yield "the platform has nothing to sign people in with"


def _endpoints(deployment: Deployment) -> Iterator[str]:
    found = {
        (one["privateLinkServiceId"].rpartition("/")[2], group)
        for endpoint in deployment.of("Microsoft.Network/privateEndpoints")
        for one in consistent.connections_of(endpoint)
        for group in one["groupIds"]
    }
    storage = deployment.one("Microsoft.Storage/storageAccounts")["name"]
    vault = deployment.one("Microsoft.KeyVault/vaults")["name"]
    if not {(storage, "blob"), (storage, "queue"), (vault, "vault")} <= found:
        yield "an endpoint of storage or vault is missing"
