"""Queue triggers: fetching, renewing, retrying and poisoning as the WebJobs SDK does it."""

import asyncio
import contextlib
import logging
import random

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from local.functions_host.delivery import Delivery, HiddenTimes
from local.functions_host.functions import Function, QueueTrigger
from local.functions_host.host_json import QueueSettings
from local.functions_host.invocations import Invocations
from local.functions_host.messages import MessageCoding, trigger_metadata
from local.functions_host.storage import Storage
from local.functions_host.wire import FAILED, Answer

POISON_SUFFIX = "-poison"
_FIRST_DELAY = 0.1
_log = logging.getLogger("Host.Triggers.Queues")


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
        while not await self._stopped_within(delay):
            try:
                messages = await self._fetch(queue)
            except ResourceNotFoundError:
                # The host makes no queues but poison queues: it looks until somebody else has.
                messages = []
            except AzureError as error:
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
        delivery = Delivery(queue, poison, message, self._hidden)
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

    async def _process(self, delivery: Delivery) -> None:
        name, message = self._function.name, delivery.message
        attempts = self._settings.max_dequeue_count
        try:
            if (message.dequeue_count or 0) > attempts:
                await delivery.poison()
                return
            async with delivery.kept_hidden():
                answer = await self._invoke(message)
            if answer is None:
                _log.error("%s: message %s cannot be decoded", name, message.id)
                await delivery.poison()
            elif answer.succeeded:
                await delivery.delete()
            elif delivery.has_poison_queue and (message.dequeue_count or 0) >= attempts:
                _log.error("%s: message %s failed %d times", name, message.id, attempts)
                await delivery.poison()
            else:
                await delivery.release()
        except AzureError as error:
            # It reappears when its time is over; at least once is what a queue promises.
            _log.warning("%s: message %s not settled: %s", name, message.id, type(error).__name__)

    async def _invoke(self, message: QueueMessage) -> Answer | None:
        """None where the text is no encoding of anything."""
        try:
            body = self._coding.decode(message.content)
        except UnicodeDecodeError:
            return FAILED
        except ValueError:
            return None
        answer = await self._invocations.run(
            self._function,
            body,
            trigger_metadata(message),
            f"New queue message detected on '{self._trigger.queue}'.",
        )
        if not answer.succeeded:
            # What a dead worker has left behind is given back when there is another one.
            await self._invocations.workers.ready()
        return answer
