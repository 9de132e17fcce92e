"""The Bicep files as Bicep's own compiler sees them, and what Azure takes of what they deploy."""

import re
from collections.abc import Callable
from itertools import chain

import pytest

from tests.deployment import accepted, again, bicep, consistent
from tests.deployment.bicep import FILES, INFRA, WAYS, Deployment
from tests.deployment.compiler import Compiled, Compiler

ALL_WAYS = [*WAYS, *FILES, "workload:defaults"]
# deploy.sh and azd give these to every deployment.
ASKED = {"location", "segmentStorageId"}


def test_the_compiler_minds_nothing(compiled: Compiled) -> None:
    assert compiled.complaints == ()


@pytest.mark.parametrize("path", bicep.texts())
def test_every_file_stands_as_the_compiler_writes_it(path: str, bicep_compiler: Compiler) -> None:
    assert bicep_compiler.formatted(INFRA / path) == (INFRA / path).read_text()


@pytest.mark.parametrize("path", FILES.values())
def test_every_parameter_file_fits(path: str, bicep_compiler: Compiler) -> None:
    assert bicep_compiler.parameters(INFRA / path).complaints == ()


@pytest.mark.parametrize("way", ALL_WAYS)
def test_azure_takes_what_is_deployed(way: str, deployment: Callable[[str], Deployment]) -> None:
    found = deployment(way)

    assert list(chain(accepted.problems(found), consistent.problems(found))) == []


@pytest.mark.parametrize("way", ALL_WAYS)
def test_a_second_deployment_is_taken_and_changes_nothing(
    way: str, deployment: Callable[[str], Deployment], compiled: Compiled
) -> None:
    assert list(again.problems(compiled.template, deployment(way))) == []


def test_every_type_that_is_deployed_has_been_judged_and_no_other(
    deployment: Callable[[str], Deployment],
) -> None:
    types = {one["type"] for way in ALL_WAYS for one in deployment(way).resources}

    assert types == again.NEEDS.keys()
    assert types == {re.sub("(/config)/.*", r"\1", kind) for kind in accepted.TABLE}


def test_both_entry_points_take_the_same_parameters(
    compiled: Compiled, bicep_compiler: Compiler
) -> None:
    inner = bicep_compiler.compile(INFRA / "workload.bicep").template["parameters"]
    outer = compiled.template["parameters"]

    assert inner.keys() == outer.keys() - {"resourceGroupName"}
    said = {
        name: {
            key: one for key, one in parameter.items() if key not in ("metadata", "defaultValue")
        }
        for name, parameter in outer.items()
    }
    assert {
        name: {
            key: one for key, one in parameter.items() if key not in ("metadata", "defaultValue")
        }
        for name, parameter in inner.items()
    } == {name: said[name] for name in inner}
    own = {"tags", "location"}
    assert {name: one.get("defaultValue") for name, one in inner.items() if name not in own} == {
        name: outer[name].get("defaultValue") for name in inner if name not in own
    }


def test_every_parameter_says_what_it_is_for(compiled: Compiled) -> None:
    assert [
        name
        for name, parameter in compiled.template["parameters"].items()
        if not parameter.get("metadata", {}).get("description")
    ] == []


def test_only_what_deploy_sh_and_azd_ask_for_has_no_default(compiled: Compiled) -> None:
    required = {
        name
        for name, parameter in compiled.template["parameters"].items()
        if "defaultValue" not in parameter and not parameter.get("nullable")
    }

    assert required == ASKED | {"environmentName"}


def test_zones_without_storage_in_zones_are_refused_before_anything_is_made(
    bicep_compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        WAYS, "halfway", "param zoneRedundant = true\nparam storageSku = 'Standard_LRS'"
    )

    with pytest.raises(ValueError, match="zoneRedundant needs a storageSku with ZRS"):
        bicep.deployed(bicep_compiler, "halfway")


def test_an_environment_of_any_name_gives_valid_names(
    bicep_compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        bicep, "_REQUIRED", bicep._REQUIRED.replace("'test'", f"'Contoso_EU.Prod-{'x' * 40}'")
    )

    assert list(accepted.problems(bicep.deployed(bicep_compiler, "private"))) == []


def test_an_endpoint_that_asks_waits_for_its_owner(deployment: Callable[[str], Deployment]) -> None:
    asks = deployment("own-network").one(
        "Microsoft.Network/privateEndpoints", "pe-segments-em5bwa4hxxa6u"
    )

    assert asks["properties"]["privateLinkServiceConnections"] == []
    [connection] = asks["properties"]["manualPrivateLinkServiceConnections"]
    assert connection["properties"]["requestMessage"].startswith("Segment export")


def test_a_network_of_ones_own_is_left_as_it_is(deployment: Callable[[str], Deployment]) -> None:
    made = {resource["type"] for resource in deployment("own-network").resources}

    assert not {kind for kind in made if kind.startswith("Microsoft.Network/")} - {
        "Microsoft.Network/privateEndpoints",
        "Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
    }


def test_a_workspace_of_ones_own_gets_telemetry_and_nothing_else(
    deployment: Callable[[str], Deployment],
) -> None:
    shared = deployment("everything")

    assert [one for one in shared.resources if "OperationalInsights" in one["type"]] == []
    for rule in shared.of("Microsoft.Insights/scheduledQueryRules"):
        query = rule["properties"]["criteria"]["allOf"][0]["query"]
        assert "_LogOperation" in query or "_ResourceId =~ '/subscriptions/" in query
    [workbook] = shared.of("Microsoft.Insights/workbooks")
    text = workbook["properties"]["serializedData"]
    tables = len(re.findall(r"(?:AppTraces|AppRequests|AppDependencies)\\n", text))
    assert tables == text.count("where _ResourceId =~ '") > 5
