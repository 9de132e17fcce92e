"""Invocations: a worker call with its outputs sent, its log lines and its place in the counts."""

import asyncio
import json
import logging
import time
import uuid
from collections import Counter
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from azure_functions_runtime.bindings.datumdef import Datum

from local.functions_host.functions import Function, QueueOutput
from local.functions_host.messages import MessageCoding
from local.functions_host.storage import Storage, send
from local.functions_host.worker import Answer, Worker


@dataclass(frozen=True)
class Running:
    """An invocation that has not ended; `started` is of the monotonic clock."""

    function: str
    started: float


class Invocations:
    """Runs functions and knows what runs, what has ended and what failed.

    One that exceeds `limit` seconds sets `timed_out` and fails with all others, because the worker
    process is then restarted.
    """

    def __init__(
        self, worker: Worker, storage: Storage, coding: MessageCoding, limit: float | None
    ) -> None:
        self._worker = worker
        self._storage = storage
        self._coding = coding
        self._limit = limit
        self.timed_out = asyncio.Event()
        self.idle = asyncio.Event()
        self.idle.set()
        self.running: dict[str, Running] = {}
        self.finished: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()

    async def run(
        self, function: Function, value: Datum, metadata: Mapping[str, Datum], reason: str
    ) -> Answer:
        """Invokes, then sends queue outputs; where one cannot be sent the invocation has failed."""
        invocation_id = str(uuid.uuid4())
        log = logging.LoggerAdapter(
            logging.getLogger(f"Function.{function.name}"), {"invocation_id": invocation_id}
        )
        log.info(
            "Executing 'Functions.%s' (Reason='%s', Id=%s)", function.name, reason, invocation_id
        )
        with self._counted(invocation_id, function.name) as running:
            answer = await self._within_limit(
                function.name,
                self._worker.invoke(
                    invocation_id, function.id, function.parameter, value, metadata
                ),
            )
            if answer.succeeded:
                answer = await self._send_outputs(function, answer)
        milliseconds = round((time.monotonic() - running.started) * 1000)
        self.finished[function.name] += 1
        self.failed[function.name] += not answer.succeeded
        log.log(
            logging.INFO if answer.succeeded else logging.ERROR,
            "Executed 'Functions.%s' (%s, Id=%s, Duration=%dms)",
            function.name,
            "Succeeded" if answer.succeeded else "Failed",
            invocation_id,
            milliseconds,
        )
        return answer

    async def wait_until_idle(self, grace: float | None) -> bool:
        """Waits until nothing runs, `grace` seconds at most unless None; says if that is so."""
        try:
            await asyncio.wait_for(self.idle.wait(), grace)
        except TimeoutError:
            return False
        return True

    async def _within_limit(self, name: str, call: Coroutine[Any, Any, Answer]) -> Answer:
        if self._limit is None:
            return await call
        ended = asyncio.create_task(call)
        aborted = asyncio.create_task(self.timed_out.wait())
        await asyncio.wait(
            {ended, aborted}, timeout=self._limit, return_when=asyncio.FIRST_COMPLETED
        )
        aborted.cancel()
        if ended.done():
            return ended.result()
        if not self.timed_out.is_set():
            logging.getLogger("Host.Results").error("%s exceeded %.1f s", name, self._limit)
            self.timed_out.set()
        return Answer(succeeded=False)

    @contextmanager
    def _counted(self, invocation_id: str, function: str) -> Iterator[Running]:
        running = self.running[invocation_id] = Running(function, time.monotonic())
        self.idle.clear()
        try:
            yield running
        finally:
            del self.running[invocation_id]
            if not self.running:
                self.idle.set()

    async def _send_outputs(self, function: Function, answer: Answer) -> Answer:
        values = dict(answer.outputs)
        if answer.returned is not None:
            values["$return"] = answer.returned
        try:
            for output in function.outputs:
                if (value := values.get(output.parameter)) is not None:
                    await self._send_output(output, value)
        except Exception:
            logging.getLogger("Host.Outputs").exception("%s: output not sent", function.name)
            return Answer(succeeded=False)
        return answer

    async def _send_output(self, output: QueueOutput, value: Datum) -> None:
        queue = await self._storage.queue(output.connection, output.queue)
        for text in _texts_of(value):
            await send(queue, self._coding.encode(text))


def _texts_of(value: Datum) -> list[bytes]:
    """The messages in one output: a JSON array is one message per item, all else a single one."""
    if value.type == "bytes":
        return [value.value]
    if value.type == "string":
        return [value.value.encode()]
    if value.type in ("json", "list"):
        items = json.loads(value.value) if value.type == "json" else value.value
        return [
            item.encode() if isinstance(item, str) else json.dumps(item).encode()
            for item in (items if isinstance(items, list) else [items])
        ]
    return [] if value.type is None else [json.dumps(value.value).encode()]
