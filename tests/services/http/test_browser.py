"""A browser that is signed in changes things from this app's own pages alone."""

from typing import Any

import pytest

from local.functions_host.process import HostProcess
from shared.exports.access import Role
from shared.http.routes import ROUTES
from tests.services.http.conftest import Caller, signed_in

COOKIE = "other=1; AppServiceAuthSession=abc"
JSON = "application/json"
CHANGING = [
    name
    for name, route in ROUTES.items()
    if route.method != "GET" and route.role is not Role.ANYONE and not route.page
]


def code(call: Caller, name: str, **headers: str) -> str:
    """What a request with a cookie comes to; the documents that it names are not there."""
    route = ROUTES[name]
    path = route.api_path.format(name="nothing-here", id="nothing-20260101T000000Z-0000")
    answer = call.send(route.method, path, b"", Cookie=COOKIE, **headers)
    document: dict[str, Any] = answer.json() if answer.content else {}
    return str(document.get("code", answer.status_code))


@pytest.mark.parametrize("name", CHANGING)
def test_what_another_site_made_a_browser_send_is_refused(
    entra_host: HostProcess, name: str
) -> None:
    call = signed_in(entra_host, "Administrator")
    origin = entra_host.url
    for headers in (
        {},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site", "Origin": origin},
        {"Sec_Fetch_Site": "none"},
        {"Origin": "null"},
        {"Origin": "https://evil.test"},
        {"Origin": origin.replace("127.0.0.1", "127.0.0.2")},
        {"Origin": "http://127.0.0.1"},
    ):
        assert code(call, name, Content_Type=JSON, **headers) == "cross_site"
        # Before the type is looked at.
        assert code(call, name, Content_Type="text/plain", **headers) == "cross_site"
    assert code(call, name, Sec_Fetch_Site="same-origin") == "unsupported_media_type"
    for headers in ({"Sec_Fetch_Site": "same-origin"}, {"Origin": origin}):
        assert code(call, name, Content_Type=JSON, **headers) not in (
            "cross_site",
            "unsupported_media_type",
        )


def test_reading_and_programs_without_a_cookie_are_not_concerned(entra_host: HostProcess) -> None:
    call = signed_in(entra_host, "Administrator")
    reading = call("GET", "exports", Cookie=COOKIE, Sec_Fetch_Site="cross-site")
    assert reading.status_code == 200
    assert call("POST", "connections/nothing-here/verify", Origin="https://x").status_code == 404


def test_keys_come_in_headers_that_no_other_site_can_add(call: Caller) -> None:
    answer = call("POST", "connections/nothing-here/verify", Cookie=COOKIE)
    assert answer.status_code == 404
