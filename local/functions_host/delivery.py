"""One received queue message: kept hidden while it runs, then deleted, released or poisoned."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from local.functions_host.storage import send

_log = logging.getLogger("Host.Triggers.Queues")


@dataclass(frozen=True)
class HiddenTimes:
    """How long messages stay hidden, in seconds; storage takes whole seconds only."""

    running: int
    retry: int

    @classmethod
    def scaled(cls, running: float, visibility_timeout: float, time_scale: float) -> "HiddenTimes":
        """While running, unscaled, and between two attempts, scaled."""
        # Two seconds at least: a renewal at half of it must still come in time.
        return cls(max(2, round(running)), math.ceil(visibility_timeout * time_scale))


class Delivery:
    """One received message, whose pop receipt changes with every renewal."""

    def __init__(
        self,
        queue: QueueClient,
        poison: QueueClient | None,
        message: QueueMessage,
        hidden: HiddenTimes,
    ) -> None:
        self.message = message
        self._queue = queue
        self._poison = poison
        self._hidden = hidden
        self._receipt = message.pop_receipt

    @property
    def has_poison_queue(self) -> bool:
        return self._poison is not None

    @asynccontextmanager
    async def kept_hidden(self) -> AsyncIterator[None]:
        """Renews the invisibility at half its time for as long as the block runs."""
        renewing = asyncio.create_task(self._renew())
        try:
            yield
        finally:
            renewing.cancel()
            # A renewal cut off on its way may have changed the receipt: let it end.
            await asyncio.gather(renewing, return_exceptions=True)

    async def _renew(self) -> None:
        pause = self._hidden.running / 2
        while True:
            await asyncio.sleep(pause)
            update = asyncio.ensure_future(self._hide(self._hidden.running))
            try:
                await asyncio.shield(update)
                pause = self._hidden.running / 2
            except asyncio.CancelledError:
                await asyncio.gather(update, return_exceptions=True)
                raise
            except ResourceNotFoundError:
                return
            except AzureError as error:
                _log.warning("message %s not renewed: %s", self.message.id, type(error).__name__)
                pause = self._hidden.running / 20

    async def _hide(self, seconds: int) -> None:
        updated = await self._queue.update_message(
            self.message.id, self._receipt, visibility_timeout=seconds
        )
        self._receipt = updated.pop_receipt

    async def delete(self) -> None:
        await self._queue.delete_message(self.message.id, self._receipt)

    async def release(self) -> None:
        """Makes the message visible for its next attempt."""
        await self._hide(self._hidden.retry)

    async def poison(self) -> None:
        """Moves the message, text unchanged; without a poison queue it just stays hidden."""
        if self._poison is not None:
            await send(self._poison, self.message.content)
            await self.delete()
