"""What storage and vault refuse keeps nothing of a caller's alive once it has been dealt with."""

import gc
import logging
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from azure.core.credentials import AccessToken
from azure.keyvault.secrets import SecretClient
from azure.storage.blob import BlobLeaseClient, BlobServiceClient
from azure.storage.queue import QueueServiceClient

from local.loopback import Answer, LoopbackServer, Request
from shared.platform.blobs import (
    BlobArchivedError,
    BlobConflictError,
    BlobMissingError,
    BlobRefusedError,
    Blobs,
    Lease,
)
from shared.platform.errors import CloudError
from shared.platform.forms import Form, Forms
from shared.platform.queues import Queues
from shared.platform.vault import SecretUnreadableError, Vault

KEY = "a2V5"
BLOB_CALLS: dict[str, Callable[[Blobs], object]] = {
    "ensure_container": lambda blobs: blobs.ensure_container(),
    "exists": lambda blobs: blobs.exists("a"),
    "info": lambda blobs: blobs.info("a"),
    "read": lambda blobs: blobs.read("a"),
    "stream": lambda blobs: list(blobs.stream("a")),
    "read_document": lambda blobs: blobs.read_document("a"),
    "read_documents": lambda blobs: list(blobs.read_documents(["a", "b"])),
    "create_document": lambda blobs: blobs.create_document("a", {}),
    "write": lambda blobs: blobs.write("a", b"x", etag='"1"'),
    "delete": lambda blobs: blobs.delete("a"),
    "list": lambda blobs: list(blobs.list("a")),
    "folders": lambda blobs: list(blobs.folders("a/")),
    "lease": lambda blobs: blobs.lease("a", 60),
    "create_append": lambda blobs: blobs.create_append("a"),
    "set_metadata": lambda blobs: blobs.set_metadata("a", {"done": "1"}),
}
QUEUE_CALLS: dict[str, Callable[[Queues], object]] = {
    "send": lambda queues: queues.send("plan", {}),
    "length": lambda queues: queues.length("plan"),
    "age": lambda queues: queues.age("plan"),
}
VAULT_CALLS: dict[str, Callable[[Vault], object]] = {
    "get": lambda vault: vault.get("a"),
    "set": lambda vault: vault.set("a", "b"),
    "reachable": lambda vault: vault.reachable(),
}
DEALT_WITH = (
    BlobArchivedError,
    BlobConflictError,
    BlobMissingError,
    BlobRefusedError,
    CloudError,
    SecretUnreadableError,
)


class Large:
    """What a caller holds while it asks."""


class SignedIn:
    """A credential that needs no identity service."""

    def get_token(self, *_: str, **__: object) -> AccessToken:
        return AccessToken("token", 2**40)


@contextmanager
def refusing(status: int, code: str) -> Iterator[str]:
    """A service that answers whatever it is asked with one status."""

    def answer(request: Request) -> Answer:
        del request
        return Answer(status, headers={"x-ms-error-code": code, "x-ms-version": "2024-01-01"})

    server = LoopbackServer(answer)
    try:
        yield server.url
    finally:
        server.close()


@contextmanager
def no_collector() -> Iterator[None]:
    """Only what nobody refers to goes, as between two full collections."""
    gc.disable()
    # The runner keeps what is logged, with its frames.
    logging.disable()
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        gc.enable()


def is_kept[Client](call: Callable[[Client], object], client: Client) -> bool:
    """Tell whether what a caller had in a variable outlives its call."""

    def caller() -> "weakref.ref[Large]":
        large = Large()
        with suppress(*DEALT_WITH):
            call(client)
        return weakref.ref(large)

    caller()  # What is made once per process is made now.
    with no_collector():
        return caller()() is not None


REFUSALS = [
    (404, "BlobNotFound"),
    (409, "BlobAlreadyExists"),
    (409, "BlobArchived"),
    (412, "ConditionNotMet"),
    (403, "AuthorizationFailure"),
]


@pytest.mark.parametrize(("status", "code"), REFUSALS)
def test_a_refused_call_of_blob_storage_keeps_no_frame(status: int, code: str) -> None:
    with refusing(status, code) as url:
        service = BlobServiceClient(f"{url}/account", retry_total=0)
        blobs = Blobs(service.get_container_client("c"), service, Forms([Form("thing", "{name}")]))
        assert [name for name, call in BLOB_CALLS.items() if is_kept(call, blobs)] == []


@pytest.mark.parametrize(("status", "code"), REFUSALS)
def test_a_lease_that_is_gone_keeps_no_frame(status: int, code: str) -> None:
    with refusing(status, code) as url:
        service = BlobServiceClient(f"{url}/account", retry_total=0)
        blob = service.get_blob_client("c", "a")
        lease = Lease("a", "1", BlobLeaseClient(blob, "1"))
        calls: dict[str, Callable[[Lease], object]] = {
            "renew": lambda kept: kept.renew(),
            "release": lambda kept: kept.release(),
        }
        assert [name for name, call in calls.items() if is_kept(call, lease)] == []


@pytest.mark.parametrize(("status", "code"), [(404, "QueueNotFound"), (403, "Forbidden")])
def test_a_refused_call_of_queue_storage_keeps_no_frame(status: int, code: str) -> None:
    with refusing(status, code) as url:
        client = QueueServiceClient(
            f"{url}/account", {"account_name": "a", "account_key": KEY}, retry_total=0
        )
        queues = Queues(client)
        assert [name for name, call in QUEUE_CALLS.items() if is_kept(call, queues)] == []


@pytest.mark.parametrize("status", [404, 403])
def test_a_refused_call_of_the_vault_keeps_no_frame(status: int) -> None:
    with refusing(status, "") as url:
        client = SecretClient(url, SignedIn(), verify_challenge_resource=False, retry_total=0)
        assert [name for name, call in VAULT_CALLS.items() if is_kept(call, Vault(client))] == []
