"""The app's API on a real host, without the functions that would run what is started."""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
import pytest
import requests
from azure.storage.blob import ContainerClient

from local.functions_host.process import HostProcess
from local.mailchimp.control import Account
from local.sample_data import write_export
from local.stack import Stack
from tests.support.described import check_described

FOLDER = "CustomerInsights_1/BlobExport"
SEGMENTS = {
    "HighValueSegment": pl.DataFrame(
        {
            "CustomerId": ["1", "2"],
            "Email": ["ana@contoso.com", "ivo@contoso.com"],
            "FirstName": ["Ana", "Ivo"],
        }
    ),
    "Readers": pl.DataFrame(
        {
            "CustomerId": ["2", "3"],
            "Email": ["ivo@contoso.com", "eva@contoso.com"],
            "FirstName": ["Ivo", "Eva"],
        }
    ),
}
CLIENT_ID, CLIENT_SECRET = "segment-export", "a client secret"
NOTHING_RUNS = ["tick"]


@dataclass(frozen=True)
class Caller:
    """Somebody who calls one host, by key or signed in.

    Every answer is held to the OpenAPI document.
    """

    host: HostProcess
    headers: dict[str, str]

    def __call__(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> requests.Response:
        """Call a route; names of headers have underscores."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = requests.request(
            method,
            f"{self.host.url}/api/{path}",
            json=body,
            headers={**self.headers, **given},
            timeout=60,
            allow_redirects=False,
        )
        check_described(answer)
        return answer

    def send(
        self, method: str, path: str, body: bytes | Iterable[bytes], **headers: str
    ) -> requests.Response:
        """Call a route with a body that may be anything; an iterable goes out in chunks."""
        url = f"{self.host.url}/api/{path}"
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = requests.request(
            method, url, data=body, headers={**self.headers, **given}, timeout=60
        )
        check_described(answer)
        return answer


def new_stack() -> Iterator[Stack]:
    """Start services with segments in storage, and no host yet."""
    settings = {
        "EXPORT_TICK": "0 0 0 1 1 *",
        "MAILCHIMP_CLIENT_ID": CLIENT_ID,
        "MAILCHIMP_CLIENT_SECRET_NAME": "mailchimp-oauth-client",
    }
    with Stack.start(environment={}, hosts=0, settings=settings) as stack:
        stack.vault.set("mailchimp-oauth-client", CLIENT_SECRET)
        write_export(stack.segment_container(), FOLDER, SEGMENTS)
        yield stack


def new_entra_host(stack: Stack, settings: Mapping[str, str] | None = None) -> HostProcess:
    """Start a host behind a stand-in of the platform's sign-in."""
    settings = settings or {"HTTP_AUTH": "entra", "WEBSITE_AUTH_ENABLED": "True"}
    return stack.add_host(functions=NOTHING_RUNS, settings=dict(settings), easy_auth=True)


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    yield from new_stack()


@pytest.fixture(scope="package")
def keys_host(stack: Stack) -> HostProcess:
    return stack.add_host(functions=NOTHING_RUNS)


@pytest.fixture(scope="package")
def entra_host(stack: Stack) -> HostProcess:
    return new_entra_host(stack)


@pytest.fixture(scope="package")
def spoofed_host(stack: Stack) -> HostProcess:
    """A host that is told to believe the platform, which isn't there."""
    return stack.add_host(functions=NOTHING_RUNS, settings={"HTTP_AUTH": "entra"})


@pytest.fixture
def call(stack: Stack, keys_host: HostProcess) -> Caller:
    """The holder of the master key."""
    return Caller(keys_host, {"x-functions-key": stack.keys.master})


def app_container(stack: Stack) -> ContainerClient:
    """The container that the app keeps its documents in."""
    return ContainerClient.from_connection_string(stack.azurite.connection_string, "segment-export")


def signed_in(host: HostProcess, *roles: str, name: str = "ana") -> Caller:
    """Somebody whom the platform has signed in."""
    principal = {"name": name, "roles": [f"Exports.{role}" for role in roles]}
    return Caller(host, {"x-test-principal": json.dumps(principal)})


@dataclass(frozen=True)
class Place:
    """A Mailchimp account with an audience, and a connection's name to go with it."""

    account: Account
    audience_id: str
    connection: str

    def connection_document(self, **changes: Any) -> dict[str, Any]:
        return {"name": self.connection, "consent": {"accepted": True}, **changes}

    def export_document(self, **changes: Any) -> dict[str, Any]:
        return {
            "connection": self.connection,
            "audience_id": self.audience_id,
            "source": {"folder": FOLDER},
            "segments": ["HighValueSegment", {"name": "Readers", "tag": "Newsletter readers"}],
            "email_field": "Email",
            "merge_fields": {"FNAME": "FirstName"},
            "schedule": {"active": True, "kind": "refresh"},
            **changes,
        }


@pytest.fixture
def place(stack: Stack) -> Place:
    """An account that no other test knows; nothing is connected yet."""
    name = f"c-{uuid.uuid4().hex[:8]}"
    account = stack.mailchimp.add_account(name)
    return Place(account, stack.mailchimp.add_list(account, "News"), name)


@pytest.fixture
def connected(call: Caller, place: Place) -> Place:
    """The same with a connection that is ready, shared with contributors."""
    document = place.connection_document(shared_with="contributors")
    assert call("PUT", f"connections/{place.connection}", document).status_code == 201
    key = {"api_key": place.account.api_key}
    assert call("PUT", f"connections/{place.connection}/token", key).status_code == 204
    return place


@pytest.fixture
def export(call: Caller, connected: Place) -> str:
    """The name of a saved export on that connection."""
    name = f"e-{uuid.uuid4().hex[:8]}"
    answer = call("PUT", f"exports/{name}", connected.export_document())
    assert answer.status_code == 201, answer.text
    return name


def wrong_fields(answer: requests.Response) -> list[str]:
    """Which fields a refusal names, sorted."""
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    return sorted(error["field"] for error in answer.json()["errors"])
