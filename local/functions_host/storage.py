"""Clients for the storage accounts that connections name, by connection string or identity."""

import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob.aio import BlobServiceClient, ContainerClient
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from local.functions_host.errors import HostError
from local.functions_host.functions import connection_setting

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

HOST_STORAGE = "AzureWebJobsStorage"


class Storage:
    """Opens each client once and closes all of them together.

    Authorities to trust come from SSL_CERT_FILE. (Given to these clients as an option they would
    be read again for every single request, 50 ms each.)
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._queues: dict[str, QueueServiceClient] = {}
        self._open = AsyncExitStack()
        # The host's own requests are not the app's: they stay out of its log.
        quiet = logging.getLogger("Host.Storage")
        quiet.setLevel(logging.WARNING)
        self._options: dict[str, Any] = {
            "logger": quiet,
            # As patient as the host's .NET clients; Python's would wait 15 s for the second try.
            "initial_backoff": 0.8,
            "increment_base": 1.6,
            "random_jitter_range": 0.3,
            "retry_total": 4,
        }

    async def queue(self, connection: str, name: str) -> QueueClient:
        """A client of one queue; messages are neither encoded nor decoded by it."""
        if connection not in self._queues:
            if text := self._connection_string(connection):
                service = QueueServiceClient.from_connection_string(text, **self._options)
            else:
                url = self._service_url(connection, "queue")
                credential = await self._credential(connection)
                service = QueueServiceClient(url, credential, **self._options)
            self._queues[connection] = await self._open.enter_async_context(service)
        return self._queues[connection].get_queue_client(name)

    async def container(self, name: str) -> ContainerClient:
        """A client of one container of the host's own storage, created where it is missing."""
        if text := self._connection_string(HOST_STORAGE):
            service = BlobServiceClient.from_connection_string(text, **self._options)
        else:
            url = self._service_url(HOST_STORAGE, "blob")
            credential = await self._credential(HOST_STORAGE)
            service = BlobServiceClient(url, credential, **self._options)
        container = (await self._open.enter_async_context(service)).get_container_client(name)
        with suppress(ResourceExistsError):
            await container.create_container()
        return container

    async def close(self) -> None:
        """Closes every client."""
        await self._open.aclose()

    def _setting(self, name: str) -> str | None:
        return connection_setting(name, self._environment)

    def _connection_string(self, connection: str) -> str | None:
        text = self._setting(connection)
        if text == "UseDevelopmentStorage=true":
            raise HostError(f"{connection}: give Azurite's full connection string instead")
        return text

    def _service_url(self, connection: str, service: str) -> str:
        if url := self._setting(f"{connection}__{service}ServiceUri"):
            return url
        if account := self._setting(f"{connection}__accountName"):
            return f"https://{account}.{service}.core.windows.net"
        raise HostError(
            f"{connection}: no connection string, and no {connection}__{service}ServiceUri"
        )

    async def _credential(self, connection: str) -> "AsyncTokenCredential":
        # Imported late: it takes longer to load than the rest of the host together.
        from azure.identity.aio import DefaultAzureCredential

        client_id = self._setting(f"{connection}__clientId") or self._environment.get(
            "AZURE_CLIENT_ID"
        )
        credential = DefaultAzureCredential(managed_identity_client_id=client_id, **self._options)
        return await self._open.enter_async_context(credential)


async def ensure_queue(queue: QueueClient) -> None:
    """Creates the queue where it is missing."""
    with suppress(ResourceExistsError):
        await queue.create_queue()


async def send(queue: QueueClient, content: str) -> None:
    """Sends encoded content, creating the queue where it is missing."""
    try:
        await queue.send_message(content)
    except ResourceNotFoundError:
        await ensure_queue(queue)
        await queue.send_message(content)
