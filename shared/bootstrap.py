"""The composition root: builds every client once per process."""

import gc
import os
from functools import cache
from typing import TYPE_CHECKING, Any

from azure.core.credentials import TokenCredential
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient
from azure.storage import blob, queue
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from shared.accounts.allowance import CallTimes
from shared.accounts.board import Board
from shared.accounts.slots import Slots
from shared.app import App
from shared.exports.exclusive import Allowances
from shared.platform.blobs import Blobs
from shared.platform.leases import LeaseKeeper
from shared.platform.queues import Queues
from shared.platform.settings import Settings, StorageAccount
from shared.platform.urls import is_loopback
from shared.platform.vault import Vault
from shared.stored_forms import FORMS

if TYPE_CHECKING:  # a request that is answered needs no lane
    from shared.runs.sending.lanes import Lanes

APP_CONTAINER = "segment-export"
# Polars is imported where a plan or a finish runs. Its allocator reads this as it is loaded; left
# alone it keeps hundreds of megabytes for later that nobody uses any more.
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:0,muzzy_decay_ms:0")
# A second, then 3, 5, 9 and 17: shorter at first than the SDK's 15, which a lane would wait out for
# a single hiccup, and within a lease in all.
_RETRY: dict[str, Any] = {
    "initial_backoff": 1,
    "increment_base": 2,
    "retry_total": 5,
    "random_jitter_range": 1,
}


@cache
def get_app() -> App:
    """Return the process's one App, made from its environment at first use."""
    # An answer of Mailchimp is thousands of objects that are soon dropped, none of them in a cycle:
    # with the usual thresholds all threads wait for the collector several times per batch.
    gc.set_threshold(100_000, 20, 100)
    return build_app(Settings.from_environment())


@cache
def get_lanes() -> "Lanes":
    """Return what the lanes of this process share."""
    from shared.runs.sending.batch_sizes import BatchSizes
    from shared.runs.sending.lanes import Lanes

    app = get_app()
    return Lanes(app, BatchSizes(app.blobs))


def build_app(settings: Settings) -> App:
    """Connect to storage and vault; creates the app's container where it is missing."""
    credential = _Credential()
    own = _blob_service(settings.app_storage, credential)
    segments = _blob_service(settings.segment_storage, credential)
    blobs = Blobs(own.get_container_client(APP_CONTAINER), own, FORMS)
    blobs.ensure_container()
    queues = Queues(_queue_service(settings.app_storage, credential))
    leases = LeaseKeeper(blobs, lease_seconds(settings))
    board = Board(blobs)
    times = CallTimes(settings.mailchimp_timeout, settings.mailchimp_cooldown)
    return App(
        settings=settings,
        blobs=blobs,
        queues=queues,
        vault=Vault(
            SecretClient(
                settings.key_vault_url,
                credential.get(None),
                # The challenge check wants a host below vault.azure.net on port 443.
                verify_challenge_resource=not is_loopback(settings.key_vault_url),
            )
        ),
        leases=leases,
        board=board,
        slots=Slots(blobs, leases, queues, board, times, Allowances(blobs, settings).of),
        segment_container=cache(lambda name: Blobs(segments.get_container_client(name))),
    )


def lease_seconds(settings: Settings) -> int:
    """How long leases last: a minute, less (15 s at the least) where calls are cut off sooner."""
    return int(min(60, max(15, settings.mailchimp_timeout)))


class _Credential:
    """DefaultAzureCredential, one per client id, only where a connection needs it."""

    def __init__(self) -> None:
        self._known: dict[str | None, TokenCredential] = {}

    def get(self, client_id: str | None) -> TokenCredential:
        if client_id not in self._known:
            options: dict[str, Any] = {"managed_identity_client_id": client_id} if client_id else {}
            self._known[client_id] = DefaultAzureCredential(**options)
        return self._known[client_id]


def _blob_service(account: StorageAccount, credential: _Credential) -> BlobServiceClient:
    options: dict[str, Any] = {
        # A read that is not a stream comes in one request up to this size; one that is comes in
        # pieces of it, of which half a dozen are in the memory at once.
        "max_single_get_size": 4 << 20,
        "max_chunk_get_size": 4 << 20,
        # What is written goes out in blocks: a whole table would be in the memory twice.
        "max_single_put_size": 8 << 20,
        "max_block_size": 8 << 20,
        "retry_policy": blob.ExponentialRetry(**_RETRY),
    }
    if account.connection_string:
        return BlobServiceClient.from_connection_string(account.connection_string, **options)
    return BlobServiceClient(
        account.blob_uri or "", credential=credential.get(account.client_id), **options
    )


def _queue_service(account: StorageAccount, credential: _Credential) -> QueueServiceClient:
    if account.connection_string:
        return QueueServiceClient.from_connection_string(
            account.connection_string, retry_policy=queue.ExponentialRetry(**_RETRY)
        )
    return QueueServiceClient(
        account.queue_uri or "",
        credential=credential.get(account.client_id),
        retry_policy=queue.ExponentialRetry(**_RETRY),
    )
