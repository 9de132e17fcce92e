"""Queue triggers: fetching, renewing, retrying and poisoning as the WebJobs SDK does it."""

import asyncio
import contextlib
import logging
import math
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from local.functions_host.functions import Function, QueueTrigger
from local.functions_host.host_json import QueueSettings
from local.functions_host.invocations import Invocations
from local.functions_host.messages import MessageCoding, trigger_metadata
from local.functions_host.storage import Storage, ensure_queue, send

POISON_SUFFIX = "-poison"
_FIRST_DELAY = 0.1
_log = logging.getLogger("Host.Triggers.Queues")


@dataclass(frozen=True)
class HiddenTimes:
    """How long messages stay hidden, in seconds; storage takes whole seconds only."""

    running: int
    retry: int

    @classmethod
    def scaled(cls, visibility_timeout: float, time_scale: float) -> "HiddenTimes":
        """Ten minutes while running, as in Azure, and the delay between two attempts."""
        # Two seconds at least: a renewal at half of it must still come in time.
        running = max(2, round(600 * time_scale))
        return cls(running, math.ceil(visibility_timeout * time_scale))


class QueueListener:
    """Feeds one function from its queue.

    At most `batch_size + new_batch_threshold` messages run at once: a new batch is fetched as
    soon as no more than the threshold are running.
    """

    def __init__(
        self,
        function: Function,
        trigger: QueueTrigger,
        storage: Storage,
        settings: QueueSettings,
        hidden: HiddenTimes,
        invocations: Invocations,
    ) -> None:
        self._function = function
        self._trigger = trigger
        self._storage = storage
        self._settings = settings
        self._hidden = hidden
        self._invocations = invocations
        self._coding = MessageCoding(settings.message_encoding)
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Listens until `stop`, then returns when all that was fetched is settled."""
        queue = await self._storage.queue(self._trigger.connection, self._trigger.queue)
        poison = await self._poison_queue()
        delay = 0.0
        created = False
        while not await self._stopped_within(delay):
            try:
                if not created:
                    await ensure_queue(queue)
                    created = True
                messages = await self._fetch(queue)
            except AzureError as error:
                created = created and not isinstance(error, ResourceNotFoundError)
                _log.warning("%s: queue not read: %s", self._function.name, type(error).__name__)
                messages = []
            for message in messages:
                self._start(queue, poison, message)
            delay = 0.0 if messages else self._next_delay(delay)
            await self._wait_for_room()
        await asyncio.gather(*self._running)

    def stop(self) -> None:
        """Fetches nothing any more; what is running runs on."""
        self._stopping.set()

    async def _poison_queue(self) -> QueueClient | None:
        # A poison queue has none of its own: what fails there is released until it expires.
        name = self._trigger.queue
        if name.endswith(POISON_SUFFIX):
            return None
        return await self._storage.queue(self._trigger.connection, name + POISON_SUFFIX)

    async def _stopped_within(self, seconds: float) -> bool:
        if seconds:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), seconds)
        return self._stopping.is_set()

    def _next_delay(self, delay: float) -> float:
        longest = self._settings.max_polling_interval
        spread = random.uniform(0.8, 1.2)  # noqa: S311  # keeps hosts out of step, hides nothing
        return min(longest, max(_FIRST_DELAY, delay * 2) * spread)

    async def _fetch(self, queue: QueueClient) -> list[QueueMessage]:
        pages = queue.receive_messages(
            messages_per_page=self._settings.batch_size, visibility_timeout=self._hidden.running
        ).by_page()
        async for page in pages:
            return [message async for message in page]
        return []

    def _start(self, queue: QueueClient, poison: QueueClient | None, message: QueueMessage) -> None:
        delivery = _Delivery(queue, poison, message, self._hidden)
        task = asyncio.create_task(self._process(delivery))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _wait_for_room(self) -> None:
        while len(self._running) > self._settings.new_batch_threshold:
            if self._stopping.is_set():
                return
            stopping = asyncio.create_task(self._stopping.wait())
            await asyncio.wait({*self._running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()

    async def _process(self, delivery: "_Delivery") -> None:
        name, message = self._function.name, delivery.message
        attempts = self._settings.max_dequeue_count
        try:
            if (message.dequeue_count or 0) > attempts:
                await delivery.poison()
                return
            try:
                body = self._coding.decode(message.content)
            except ValueError:
                _log.error("%s: message %s cannot be decoded", name, message.id)
                await delivery.poison()
                return
            async with delivery.kept_hidden():
                answer = await self._invocations.run(
                    self._function,
                    body,
                    trigger_metadata(message),
                    f"New queue message detected on '{self._trigger.queue}'.",
                )
            if answer.succeeded:
                await delivery.delete()
            elif delivery.has_poison_queue and (message.dequeue_count or 0) >= attempts:
                _log.error("%s: message %s failed %d times", name, message.id, attempts)
                await delivery.poison()
            else:
                await delivery.release()
        except AzureError as error:
            # It reappears when its time is over; at least once is what a queue promises.
            _log.warning("%s: message %s not settled: %s", name, message.id, type(error).__name__)


class _Delivery:
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
