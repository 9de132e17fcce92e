"""Every route, for every kind of caller, in every mode."""

import base64
import json
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
import requests

from local.functions_host.process import HostProcess
from local.stack import Stack
from shared.exports.access import Role
from shared.http.route import Route
from shared.http.routes import ROUTES
from tests.services.http.conftest import Caller, signed_in

API = [name for name, route in ROUTES.items() if not route.page]
PAGES = [name for name, route in ROUTES.items() if route.page]
# Names that nothing has: a caller who may call a route gets past the roles and no further.
_RUN = "nothing-here-20260101T000000Z-0000"
_NAMES = {"name": "nothing-here", "id": _RUN, "hook": "nothing-here"}
_RANK = {"Administrator": 3, "Contributor": 2, "Viewer": 1, None: 0}
_NEEDS = {
    Role.ADMINISTRATOR: 3,
    Role.CONTRIBUTOR: 2,
    Role.VIEWER: 1,
    Role.SIGNED_IN: 0,
    Role.ANYONE: 0,
}


def status(call: Caller, route: Route) -> int:
    return call(route.method, route.api_path.format(**_NAMES)).status_code


@pytest.mark.parametrize("name", API)
@pytest.mark.parametrize("key", ["master", "function", None])
def test_keys_open_the_routes_that_they_are_for(
    stack: Stack, keys_host: HostProcess, name: str, key: str | None
) -> None:
    route = ROUTES[name]
    headers = {"x-functions-key": getattr(stack.keys, key)} if key else {}
    opened = (
        key == "master"
        or route.role is Role.ANYONE
        or (key == "function" and route.role is not Role.ADMINISTRATOR)
    )
    assert (status(Caller(keys_host, headers), route) not in (401, 403)) is opened


@pytest.mark.parametrize("name", API)
@pytest.mark.parametrize("role", _RANK)
def test_app_roles_open_the_routes_that_they_are_for(
    entra_host: HostProcess, name: str, role: str | None
) -> None:
    route = ROUTES[name]
    answered = status(signed_in(entra_host, *([role] if role else [])), route)
    if _RANK[role] >= _NEEDS[route.role]:
        assert answered not in (401, 403)
    else:
        assert answered == 403


@pytest.mark.parametrize("name", API)
def test_whoever_is_not_signed_in_is_asked_to(entra_host: HostProcess, name: str) -> None:
    route = ROUTES[name]
    answered = status(Caller(entra_host, {}), route)
    assert (answered == 401) is (route.role is not Role.ANYONE)


@pytest.mark.parametrize("name", API)
def test_a_written_principal_is_worthless_where_nobody_authenticates(
    spoofed_host: HostProcess, name: str
) -> None:
    route = ROUTES[name]
    claims = [{"typ": "oid", "val": "1"}, {"typ": "roles", "val": "Exports.Administrator"}]
    principal = base64.b64encode(json.dumps({"claims": claims}).encode()).decode()
    answered = status(Caller(spoofed_host, {"X-MS-CLIENT-PRINCIPAL": principal}), route)
    assert (answered == 401) is (route.role is not Role.ANYONE)


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_for_anyone(keys_host: HostProcess, entra_host: HostProcess, name: str) -> None:
    path = ROUTES[name].path.replace("{*path}", "").strip("/")
    for host in (keys_host, entra_host):
        answer = requests.get(f"{host.url}/{path}", timeout=60, allow_redirects=False)
        assert answer.status_code in (200, 302)


def test_a_written_principal_is_worthless_in_keys_mode(keys_host: HostProcess) -> None:
    claims = [{"typ": "oid", "val": "1"}, {"typ": "roles", "val": "Exports.Administrator"}]
    principal = base64.b64encode(json.dumps({"claims": claims}).encode()).decode()
    caller = Caller(keys_host, {"X-MS-CLIENT-PRINCIPAL": principal})
    assert caller("GET", "connections").status_code == 401


def test_the_platform_replaces_a_principal_that_a_caller_writes(entra_host: HostProcess) -> None:
    caller = Caller(entra_host, {"X-MS-CLIENT-PRINCIPAL": "e30="})
    assert caller("GET", "connections").status_code == 401


@pytest.mark.parametrize(
    "way", ["/console/%2e%2e", "/console/../console/%2E%2E", "/console/x/../.."]
)
def test_a_path_that_looks_like_a_page_opens_nothing(entra_host: HostProcess, way: str) -> None:
    # What lies in front of the host may let it pass as a page: the app's own answer is what holds.
    with closing(HTTPConnection(urlsplit(entra_host.url).netloc, timeout=60)) as connection:
        connection.request("GET", f"{way}/api/connections")
        answer = connection.getresponse()
        answer.read()
    assert answer.status == 401
