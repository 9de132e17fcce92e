"""A bearer token counts by what the tenant has signed, whatever stands in front of the app."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from local.functions_host.process import HostProcess
from local.stack import Stack
from tests.services.http.conftest import NOTHING_RUNS, Caller

TENANT, CLIENT = "11111111-2222-3333-4444-555555555555", "an-app"
V2 = f"https://login.microsoftonline.com/{TENANT}/v2.0"
V1 = f"https://sts.windows.net/{TENANT}/"


class _Entra(ThreadingHTTPServer):
    """The tenant's page of signing keys; `down` answers 500."""

    daemon_threads = True

    def __init__(self, keys: list[dict[str, Any]]) -> None:
        super().__init__(("127.0.0.1", 0), _Page)
        self.keys, self.down, self.asked = keys, False, 0


class _Page(BaseHTTPRequestHandler):
    server: _Entra

    def do_GET(self) -> None:
        self.server.asked += 1
        known = self.path == f"/{TENANT}/discovery/v2.0/keys" and not self.server.down
        self.send_response(200 if known else 500)
        self.end_headers()
        self.wfile.write(json.dumps({"keys": self.server.keys}).encode() if known else b"")

    def log_message(self, format: str, *args: object) -> None:
        pass


@dataclass
class Signer:
    """A key of the tenant, or of somebody else."""

    key_id: str
    private: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )

    @property
    def public(self) -> dict[str, Any]:
        shown: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(self.private.public_key()))
        return shown | {"kid": self.key_id, "use": "sig"}

    def token(self, *, algorithm: str = "RS256", **changes: Any) -> str:
        claims = {
            "iss": V2,
            "aud": CLIENT,
            "exp": int(time.time()) + 600,
            "oid": "an-object-id",
            "preferred_username": "ana",
            "roles": ["Exports.Administrator"],
            **changes,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        key = "" if algorithm == "none" else self.private
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": self.key_id})


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer("one")


@pytest.fixture
def entra(signer: Signer) -> Iterator[_Entra]:
    server = _Entra([signer.public])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def settings(entra: _Entra) -> dict[str, str]:
    return {
        "HTTP_AUTH": "entra",
        "WEBSITE_AUTH_ENABLED": "True",
        "ENTRA_TENANT_ID": TENANT,
        "ENTRA_AUDIENCES": f"{CLIENT},api://{CLIENT}",
        "ENTRA_LOGIN_URL": f"http://127.0.0.1:{entra.server_port}",
    }


@pytest.fixture
def host(stack: Stack, entra: _Entra) -> Iterator[HostProcess]:
    host = stack.add_host(functions=NOTHING_RUNS, settings=settings(entra), easy_auth=True)
    yield host
    stack.kill_host(host)


def status(host: HostProcess, token: str, **headers: str) -> int:
    caller = Caller(host, {"Authorization": f"Bearer {token}", **headers})
    return caller("GET", "connections/nothing-here").status_code


def test_only_what_the_tenant_signed_for_this_app_counts(
    host: HostProcess, entra: _Entra, signer: Signer
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
    host: HostProcess, entra: _Entra, signer: Signer
) -> None:
    entra.down = True
    assert status(host, signer.token()) == 503
    entra.down = False
    assert status(host, signer.token()) == 404


def test_a_token_opens_nothing_where_the_platform_says_that_it_does_not_authenticate(
    stack: Stack, entra: _Entra, signer: Signer
) -> None:
    switched_off = {"WEBSITE_AUTH_ENABLED": "False", "ENTRA_AUTH_REQUIRED": "true"}
    host = stack.add_host(functions=NOTHING_RUNS, settings=settings(entra) | switched_off)
    principal = "eyJjbGFpbXMiOlt7InR5cCI6Im9pZCIsInZhbCI6IjEifV19"
    try:
        assert status(host, signer.token()) == 401
        spoofed = Caller(host, {"X-MS-CLIENT-PRINCIPAL": principal})
        assert spoofed("GET", "exports").status_code == 401
    finally:
        stack.kill_host(host)
