"""Safe by construction: no keys, no passwords, no secret, no more rights than needed."""

import json
from collections.abc import Callable

import pytest

from tests.deployment import bicep, security
from tests.deployment.bicep import FILES, WAYS, Deployment
from tests.deployment.compiler import Compiled

ALL_WAYS = [*WAYS, *FILES, "workload:defaults"]


def test_the_files_hold_nothing_unsafe() -> None:
    assert list(security.in_source(bicep.texts())) == []


@pytest.mark.parametrize("way", ALL_WAYS)
def test_nothing_unsafe_is_deployed(way: str, deployment: Callable[[str], Deployment]) -> None:
    assert list(security.deployed(deployment(way))) == []


def test_roles_are_believed_only_after_authentication_is_on(compiled: Compiled) -> None:
    assert list(security.in_template(compiled.template)) == []


def test_the_identity_has_the_roles_that_the_code_needs_and_no_other(
    deployment: Callable[[str], Deployment],
) -> None:
    defaults = deployment("defaults")
    [custom] = defaults.of("Microsoft.Authorization/roleDefinitions")
    granted = [
        one["properties"]["roleDefinitionId"].rpartition("/")[2]
        for one in defaults.of("Microsoft.Authorization/roleAssignments")
    ]

    assert sorted(granted) == sorted([*security.ROLES, custom["name"]])


def test_whoever_signs_people_in_can_do_nothing_else(
    deployment: Callable[[str], Deployment],
) -> None:
    entra = deployment("entra")
    [sign_in] = [
        one["id"]
        for one in entra.of("Microsoft.ManagedIdentity/userAssignedIdentities")
        if "sign-in" in one["name"]
    ]

    assert sign_in in entra.one("Microsoft.Web/sites")["identity"]["userAssignedIdentities"]
    assert sign_in in entra.settings()["OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID"]
    for assignment in entra.of("Microsoft.Authorization/roleAssignments"):
        assert sign_in not in str(assignment)


def test_a_given_role_takes_the_place_of_the_custom_one(
    deployment: Callable[[str], Deployment],
) -> None:
    given = deployment("everything")

    assert given.of("Microsoft.Authorization/roleDefinitions") == []
    assert any(
        security.SECRETS_OFFICER in one["properties"]["roleDefinitionId"]
        for one in given.of("Microsoft.Authorization/roleAssignments")
    )


def test_the_app_registration_gets_the_roles_that_the_api_asks_for() -> None:
    roles = json.loads((bicep.INFRA / "app-roles.json").read_text())

    assert [role["value"] for role in roles] == [
        "Exports.Administrator",
        "Exports.Contributor",
        "Exports.Viewer",
    ]
    assert len({role["id"] for role in roles}) == len(roles)
