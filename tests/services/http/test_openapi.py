"""The OpenAPI document is whole, and is the API that is served."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

import function_app
from shared.exports.access import Role
from shared.http.openapi import document
from shared.http.route import auth_level
from shared.http.routes import ROUTES
from tests.services.http.conftest import Caller

MODES = ("keys", "entra")


def operations(mode: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document(mode)["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


@pytest.mark.parametrize("mode", MODES)
def test_every_route_is_described_once(mode: str) -> None:
    described = {operation["operationId"]: name for name, operation in operations(mode)}
    assert described == {
        name: f"{route.method} /{route.api_path}"
        for name, route in ROUTES.items()
        if not route.page
    }


def test_every_route_is_a_function_of_the_app_with_its_auth_level() -> None:
    found = {}
    for function in function_app.app.get_functions():
        trigger = json.loads(function.get_function_json())["bindings"][0]
        if trigger["type"] == "httpTrigger":
            found[function.get_function_name()] = (
                tuple(trigger["methods"]),
                trigger["route"],
                trigger["authLevel"],
            )
    assert found == {
        name: (route.methods, route.path, auth_level(route.role, "keys").name)
        for name, route in ROUTES.items()
    }


@pytest.mark.parametrize("role", Role)
def test_in_entra_mode_the_host_asks_for_nothing(role: Role) -> None:
    assert auth_level(role, "entra").name == "ANONYMOUS"


@pytest.mark.parametrize("mode", MODES)
def test_every_reference_leads_somewhere(mode: str) -> None:
    found = document(mode)
    schemas = found["components"]["schemas"]
    for reference in references(found):
        assert reference.removeprefix("#/components/schemas/") in schemas


def test_the_names_of_schemas_tell_nothing_of_the_code_s_folders() -> None:
    # Two models of one name would be told apart by their modules.
    assert [name for name in document("keys")["components"]["schemas"] if "__" in name] == []


@pytest.mark.parametrize("mode", MODES)
def test_every_operation_says_who_may_call_it_and_what_may_go_wrong(mode: str) -> None:
    schemes = set(document(mode)["components"]["securitySchemes"])
    for name, operation in operations(mode):
        open_to_all = ROUTES[operation["operationId"]].role is Role.ANYONE
        for requirement in operation["security"]:
            assert set(requirement) <= schemes
        assert (operation["security"] == [{}]) is open_to_all
        assert "500" in operation["responses"], name
        assert any(status < "400" for status in operation["responses"]), name


def test_bodies_are_the_models_that_the_handlers_read() -> None:
    schemas = document("keys")["components"]["schemas"]
    assert schemas["Export"]["required"] == [
        "connection",
        "audience_id",
        "source",
        "segments",
        "email_field",
    ]
    for name in ("Connection", "Export", "ApiKey", "RunOptions", "NewName"):
        assert schemas[name]["additionalProperties"] is False


def test_anyone_may_read_it(call: Caller) -> None:
    answer = Caller(call.host, {})("GET", "openapi.json")
    assert answer.json() == document("keys")
    assert answer.json()["openapi"] == "3.1.0"
