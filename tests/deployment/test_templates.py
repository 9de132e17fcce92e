"""The Bicep files: syntax, names, and the resource providers' schemas."""

import json

import pytest

from tests.deployment import bicep, names, schema


@pytest.mark.parametrize("path", bicep.texts())
def test_every_file_parses(path: str) -> None:
    assert bicep.tree(bicep.texts()[path])


def test_every_name_is_declared_and_every_module_called_as_it_asks() -> None:
    assert names.problems(bicep.texts()) == []


def test_resources_are_what_the_providers_publish() -> None:
    assert schema.problems(bicep.texts()) == []


def test_every_schema_says_where_it_comes_from_and_is_used() -> None:
    kept = [json.loads(path.read_text()) for path in schema.SCHEMAS.glob("*.json")]

    assert all(entry["source"] for entry in kept)
    assert {entry["type"] for entry in kept} == {
        resource.type for resource in bicep.resources(bicep.texts())
    }


@pytest.mark.parametrize(
    ("path", "right", "wrong", "found"),
    [
        (
            "modules/storage.bicep",
            "allowSharedKeyAccess: false",
            "allowSharedKeyAcess: false",
            "unknown property allowSharedKeyAcess",
        ),
        (
            "modules/storage.bicep",
            "minimumTlsVersion: 'TLS1_2'",
            "minimumTlsVersion: 'TLS1.2'",
            "'TLS1.2' is not one of",
        ),
        (
            "modules/function-app.bicep",
            "maximumInstanceCount: maximumInstanceCount",
            "maxInstanceCount: maximumInstanceCount",
            "unknown property maxInstanceCount",
        ),
        (
            "modules/function-app.bicep",
            "httpsOnly: true",
            "httpsOnly: 'yes'",
            "'yes' is not bool",
        ),
        (
            "modules/function-app.bicep",
            "http20Enabled: true",
            "linuxFxVersion: 'Python|3.13'",
            "unknown property linuxFxVersion",
        ),
        (
            "modules/vault.bicep",
            "    tenantId: subscription().tenantId\n",
            "",
            "tenantId is missing",
        ),
        (
            "modules/auth.bicep",
            "requireAuthentication: true",
            "requireAuth: true",
            "unknown property requireAuth",
        ),
        (
            "modules/auth.bicep",
            "name: 'authsettingsV2'",
            "name: 'authsettingsV3'",
            "unknown property name",
        ),
        ("modules/alerts.bicep", "timeAggregation: 'Count'", "timeAggregation: 'Sum'", "'Sum'"),
        (
            "modules/identity.bicep",
            "userAssignedIdentities@2024-11-30",
            "userAssignedIdentities@2023-01-31",
            "version 2023-01-31",
        ),
        (
            "modules/network.bicep",
            "Microsoft.Network/natGateways@",
            "Microsoft.Network/natGateway@",
            "no schema of Microsoft.Network/natGateway",
        ),
    ],
)
def test_a_wrong_type_property_or_value_is_found(
    path: str, right: str, wrong: str, found: str
) -> None:
    [problem] = schema.problems(bicep.with_mistake(path, right, wrong))[:1]

    assert found in problem


@pytest.mark.parametrize(
    ("path", "right", "wrong", "found"),
    [
        (
            "workload.bicep",
            "location: location\n",
            "location: locaton\n",
            "nothing declares locaton",
        ),
        ("workload.bicep", "${storageName}.", "${storagName}.", "nothing declares storagName"),
        ("workload.bicep", "    sku: storageSku\n", "", "called without sku"),
        (
            "main.bicep",
            "    exportTick: exportTick\n",
            "    tick: exportTick\n",
            "no parameter tick",
        ),
        ("workload.bicep", "vault.outputs.url", "vault.outputs.uri", "no output uri"),
        ("workload.bicep", "'modules/vault.bicep'", "'modules/safe.bicep'", "there is no"),
        ("workload.bicep", "    retentionDays: logRetentionDays\n", "", "without retentionDays"),
        (
            "modules/vault.bicep",
            "param purgeProtection",
            "param unused bool\nparam purgeProtection",
            "nothing uses unused",
        ),
    ],
)
def test_a_wrong_name_is_found(path: str, right: str, wrong: str, found: str) -> None:
    assert any(
        found in problem for problem in names.problems(bicep.with_mistake(path, right, wrong))
    )


def test_both_entry_points_have_the_same_defaults() -> None:
    files = bicep.texts()
    main = names.defaults(files["main.bicep"])
    workload = names.defaults(files["workload.bicep"])

    shared = main.keys() & workload.keys() - {"tags", "location"}
    assert {name: main[name] for name in shared} == {name: workload[name] for name in shared}


@pytest.mark.parametrize(
    "path", ["parameters/dev.json", "parameters/prod.json", "main.parameters.json"]
)
def test_parameter_files_name_parameters_that_exist(path: str) -> None:
    given = json.loads((bicep.INFRA / path).read_text())["parameters"]
    parameters = bicep.tree(bicep.texts()["main.bicep"])["parameters"]

    assert given.keys() <= parameters.keys()
    # These two come from the command line (deploy.sh) or from the azd environment.
    asked = {name for name, entry in parameters.items() if entry["default"] is None}
    assert asked - given.keys() <= {"location", "segmentStorageId"}
