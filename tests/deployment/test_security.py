"""Safe by construction: no keys, no passwords, no secret, no more rights than needed."""

import json

import pytest

from tests.deployment import bicep, security


def test_nothing_unsafe_is_deployed() -> None:
    assert security.problems(bicep.texts()) == []


@pytest.mark.parametrize(
    ("path", "right", "wrong", "found"),
    [
        (
            "modules/storage.bicep",
            "allowSharedKeyAccess: false",
            "allowSharedKeyAccess: true",
            "allowSharedKeyAccess is True",
        ),
        (
            "modules/storage.bicep",
            "    allowBlobPublicAccess: false\n",
            "",
            "allowBlobPublicAccess is None",
        ),
        ("modules/storage.bicep", "'TLS1_2'", "'TLS1_0'", "minimumTlsVersion is 'TLS1_0'"),
        (
            "modules/storage.bicep",
            "supportsHttpsTrafficOnly: true",
            "supportsHttpsTrafficOnly: false",
            "supportsHttpsTrafficOnly is False",
        ),
        (
            "modules/storage.bicep",
            "privateOnly ? 'Disabled' : 'Enabled'",
            "'Enabled'",
            "publicNetworkAccess is not Disabled when privateOnly",
        ),
        (
            "modules/storage.bicep",
            "privateOnly ? 'Deny' : 'Allow'",
            "privateOnly ? 'Allow' : 'Deny'",
            "networkAcls.defaultAction is not Deny when privateOnly",
        ),
        (
            "modules/storage.bicep",
            "isVersioningEnabled: false",
            "isVersioningEnabled: true",
            "isVersioningEnabled is True",
        ),
        (
            "modules/storage.bicep",
            "publicAccess: 'None'",
            "publicAccess: 'Blob'",
            "publicAccess is 'Blob'",
        ),
        (
            "modules/vault.bicep",
            "enableRbacAuthorization: true",
            "enableRbacAuthorization: false",
            "enableRbacAuthorization is False",
        ),
        (
            "modules/vault.bicep",
            "privateOnly ? 'Disabled' : 'Enabled'",
            "'Enabled'",
            "publicNetworkAccess is not Disabled",
        ),
        (
            "modules/vault.bicep",
            "secrets/setSecret/action",
            "secrets/purge/action",
            "more than getting and setting",
        ),
        ("modules/vault.bicep", "actions: []", "actions: ['*']", "more than getting and setting"),
        ("modules/function-app.bicep", "httpsOnly: true", "httpsOnly: false", "httpsOnly is False"),
        (
            "modules/function-app.bicep",
            "minTlsVersion: '1.2'",
            "minTlsVersion: '1.0'",
            "minTlsVersion is '1.0'",
        ),
        (
            "modules/function-app.bicep",
            "type: 'UserAssignedIdentity'",
            "type: 'StorageAccountConnectionString'",
            "authentication.type is",
        ),
        ("modules/function-app.bicep", "name: 'scm'", "name: 'ftp'", "passwords for ftp or scm"),
        ("modules/function-app.bicep", "allow: false", "allow: true", "properties.allow is True"),
        (
            "modules/monitoring.bicep",
            "DisableLocalAuth: true",
            "DisableLocalAuth: false",
            "DisableLocalAuth is False",
        ),
        (
            "modules/storage.bicep",
            "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
            "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
            "grants a role that is not known",
        ),
        (
            "modules/segment-access.bicep",
            "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
            "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
            "grants a role that is not known",
        ),
        ("modules/segment-access.bicep", "  scope: container[i]\n", "", "has no scope"),
        (
            "modules/segment-access.bicep",
            "// Blob Data Reader on each container: listing snapshots and reading their files.\n",
            "",
            "no comment that says why",
        ),
        (
            "modules/storage.bicep",
            "output id string = account.id",
            "output key string = account.listKeys().keys[0].value",
            "listKeys( reads or holds",
        ),
        (
            "modules/monitoring.bicep",
            "output workspaceId",
            "output ingestionSecret",
            "ingestionSecret sounds like a secret",
        ),
        (
            "workload.bicep",
            "HTTP_AUTH: 'keys'",
            "HTTP_AUTH: 'keys'\n  ENTRA_AUTH_REQUIRED: 'true'",
            "only modules/auth.bicep may write ENTRA_AUTH_REQUIRED",
        ),
        (
            "workload.bicep",
            "MAILCHIMP_CLIENT_SECRET_NAME: mailchimpClientSecretName",
            "MAILCHIMP_CLIENT_SECRET_NAME: '0123456789abcdef0123456789abcdef-us6'",
            "reads or holds a secret",
        ),
        (
            "modules/auth.bicep",
            "dependsOn: [\n    authentication\n  ]",
            "dependsOn: []",
            "do not wait for authentication",
        ),
        (
            "modules/auth.bicep",
            "requireAuthentication: true",
            "requireAuthentication: false",
            "requireAuthentication is not True",
        ),
        (
            "modules/auth.bicep",
            "'/api/health'\n",
            "'/api/health'\n        '/api/exports'\n",
            "other paths are open",
        ),
        ("modules/network.bicep", "group: 'queue'", "group: 'table'", "an endpoint of storage"),
        (
            "workload.bicep",
            "    sku: storageSku\n    privateOnly: privateNetwork",
            "    sku: storageSku\n    privateOnly: false",
            "storage stays public",
        ),
    ],
)
def test_an_unsafe_change_is_found(path: str, right: str, wrong: str, found: str) -> None:
    problems = security.problems(bicep.with_mistake(path, right, wrong))

    assert any(found in problem for problem in problems), problems


def test_the_identity_has_the_roles_that_the_code_needs_and_no_other() -> None:
    granted = {
        (resource.path, resource.symbol)
        for resource in bicep.resources(bicep.texts())
        if resource.type == "Microsoft.Authorization/roleAssignments"
    }

    assert granted == {
        ("modules/storage.bicep", "blobOwner"),
        ("modules/storage.bicep", "queueContributor"),
        ("modules/storage.bicep", "delegator"),
        ("modules/vault.bicep", "tokens"),
        ("modules/monitoring.bicep", "publisher"),
        ("modules/segment-access.bicep", "reader"),
    }


def test_the_app_registration_gets_the_roles_that_the_api_asks_for() -> None:
    roles = json.loads((bicep.INFRA / "app-roles.json").read_text())

    assert [role["value"] for role in roles] == [
        "Exports.Administrator",
        "Exports.Contributor",
        "Exports.Viewer",
    ]
    assert len({role["id"] for role in roles}) == len(roles)
