"""A bearer token counts by what the tenant has signed, whatever stands in front of the app."""

import json
import time
from collections.abc import Iterator

import pytest

from local.functions_host.process import HostProcess
from local.stack import Stack
from tests.services.http.conftest import NOTHING_RUNS, Caller
from tests.support.entra import CLIENT, V1, V2, Entra, Signer


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer("one")


@pytest.fixture
def entra(signer: Signer) -> Iterator[Entra]:
    with Entra.started(signer) as server:
        yield server


@pytest.fixture
def host(stack: Stack, entra: Entra) -> Iterator[HostProcess]:
    host = stack.add_host(functions=NOTHING_RUNS, settings=entra.settings, easy_auth=True)
    yield host
    stack.kill_host(host)


def status(host: HostProcess, token: str, **headers: str) -> int:
    caller = Caller(host, {"Authorization": f"Bearer {token}", **headers})
    return caller("GET", "connections/nothing-here").status_code


def test_only_what_the_tenant_signed_for_this_app_counts(
    host: HostProcess, entra: Entra, signer: Signer
) -> None:
    taken = {
        "version 2": signer.token(),
        "version 1": signer.token(iss=V1, aud=f"api://{CLIENT}", appid="a-program", oid=None),
    }
    principal = json.dumps({"name": "ana", "roles": ["Exports.Administrator"]})
    refused = {
        "expired": signer.token(exp=int(time.time()) - 3600),
        "without an end": signer.token(exp=None),
        "of another tenant": signer.token(iss=V2.replace("1111", "9999")),
        "for another app": signer.token(aud="another-app"),
        "signed by somebody else": Signer("one").token(),
        "signed by an unknown key": Signer("two").token(),
        "not signed": signer.token(algorithm="none"),
        "of nobody": signer.token(oid=None),
        "no token": "e30.e30.e30",
        "empty": "",
    }
    assert {what: status(host, token) for what, token in taken.items()} == dict.fromkeys(taken, 404)
    # Also where the platform's header says otherwise.
    answers = {
        what: status(host, token, **{"x-test-principal": principal})
        for what, token in refused.items()
    }
    assert answers == dict.fromkeys(refused, 401)
    assert status(host, signer.token(roles=["Exports.Viewer"])) == 403
    assert status(host, signer.token(roles=None)) == 403
    # Keys are asked for once, and once more for the one that nobody knows, at most.
    assert entra.asked <= 2


def test_without_the_keys_nobody_is_let_in_or_sent_away(
    host: HostProcess, entra: Entra, signer: Signer
) -> None:
    entra.down = True
    assert status(host, signer.token()) == 503
    entra.down = False
    assert status(host, signer.token()) == 404


def test_a_token_opens_nothing_where_the_platform_says_that_it_does_not_authenticate(
    stack: Stack, entra: Entra, signer: Signer
) -> None:
    switched_off = {"WEBSITE_AUTH_ENABLED": "False", "ENTRA_AUTH_REQUIRED": "true"}
    host = stack.add_host(functions=NOTHING_RUNS, settings=entra.settings | switched_off)
    principal = "eyJjbGFpbXMiOlt7InR5cCI6Im9pZCIsInZhbCI6IjEifV19"
    try:
        assert status(host, signer.token()) == 401
        spoofed = Caller(host, {"X-MS-CLIENT-PRINCIPAL": principal})
        assert spoofed("GET", "exports").status_code == 401
    finally:
        stack.kill_host(host)
