"""A lock that one host of many holds: a lease on a blob in the host's storage."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError
from azure.storage.blob.aio import BlobClient, BlobLeaseClient

# The host leases for 60 s; storage allows 15 to 60.
_LEASE_SECONDS = 60
_SHORTEST_LEASE = 15
_log = logging.getLogger("Host.Singleton")


class Singleton:
    """Takes the lease when it is free and keeps it.

    After a host died the lease runs on: the next one fires at the earliest 15 s later, however
    small the time scale, because storage knows no shorter lease.
    """

    def __init__(self, blob: BlobClient, time_scale: float) -> None:
        self._blob = blob
        self._seconds = max(_SHORTEST_LEASE, round(_LEASE_SECONDS * min(1.0, time_scale)))
        # Azure's hosts look once a minute whether a lock has become free.
        self._retry = max(1.0, 60 * time_scale)

    @asynccontextmanager
    async def held(self, stopping: asyncio.Event) -> AsyncIterator[asyncio.Event | None]:
        """Yields an event that is set when the lock is lost, or None when `stopping` came first."""
        lease = await self._acquire(stopping)
        if lease is None:
            yield None
            return
        lost = asyncio.Event()
        renewing = asyncio.create_task(self._renew(lease, lost))
        try:
            yield lost
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            with contextlib.suppress(AzureError):
                await lease.release()

    async def _acquire(self, stopping: asyncio.Event) -> BlobLeaseClient | None:
        while not stopping.is_set():
            try:
                with contextlib.suppress(ResourceExistsError, HttpResponseError):
                    # Fails on a leased blob as well as on one that exists: both are fine.
                    await self._blob.upload_blob(b"", overwrite=False)
                return await self._blob.acquire_lease(self._seconds)
            except HttpResponseError as error:
                if error.status_code != 409:
                    _log.warning("lock not taken: %s", error.status_code)
            except AzureError as error:
                _log.warning("lock not taken: %s", type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), self._retry)
        return None

    async def _renew(self, lease: BlobLeaseClient, lost: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._seconds
        while True:
            await asyncio.sleep(self._seconds / 3)
            try:
                asked = loop.time()
                await lease.renew()
                until = asked + self._seconds
            except HttpResponseError as error:
                if error.status_code in (404, 409, 412):
                    lost.set()
                    return
            except AzureError:
                pass
            if loop.time() >= until:
                lost.set()
                return
