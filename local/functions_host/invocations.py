"""Invocations: a worker call with its outputs sent, its log lines and its place in the counts."""

import asyncio
import json
import logging
import secrets
import time
import uuid
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from local.functions_host.functions import Function, QueueOutput
from local.functions_host.messages import MessageCoding
from local.functions_host.storage import Storage, send
from local.functions_host.wire import FAILED, Answer, Call, Typed
from local.functions_host.workers import Workers


@dataclass(frozen=True)
class Running:
    """An invocation that has not ended; `started` is of the monotonic clock."""

    function: str
    started: float


class Invocations:
    """Runs functions and knows what runs, what has ended and what failed.

    One that exceeds `limit` seconds fails with all others, because the worker is then ended.
    """

    def __init__(
        self, workers: Workers, storage: Storage, coding: MessageCoding, limit: float | None
    ) -> None:
        self.workers = workers
        self._storage = storage
        self._coding = coding
        self._limit = limit
        self._ended = asyncio.Event()
        self.running: dict[str, Running] = {}
        self.finished: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()

    async def run(
        self, function: Function, value: Typed, metadata: Mapping[str, Typed], reason: str
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
            call = Call(
                invocation_id, function.id, function.parameter, value, metadata, _new_trace()
            )
            answer = await self._within_limit(function.name, call)
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

    async def until_idle(self, functions: Container[str] | None = None) -> None:
        """Waits until nothing runs, or none of these functions."""
        while any(
            functions is None or item.function in functions for item in self.running.values()
        ):
            self._ended.clear()
            await self._ended.wait()

    async def _within_limit(self, name: str, call: Call) -> Answer:
        task = asyncio.create_task(self.workers.invoke(call))
        await asyncio.wait({task}, timeout=self._limit)
        if not task.done():
            logging.getLogger("Host.Results").error("%s exceeded %.1f s", name, self._limit)
            await self.workers.end_current()
        return await task

    @contextmanager
    def _counted(self, invocation_id: str, function: str) -> Iterator[Running]:
        running = self.running[invocation_id] = Running(function, time.monotonic())
        try:
            yield running
        finally:
            del self.running[invocation_id]
            self._ended.set()

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
            return FAILED
        return answer

    async def _send_output(self, output: QueueOutput, value: Typed) -> None:
        queue = await self._storage.queue(output.connection, output.queue)
        for text in _texts_of(value):
            await send(queue, self._coding.encode(text))


def _new_trace() -> str:
    """A W3C traceparent: in Azure, too, each invocation has a trace of the host's making."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def _texts_of(value: Typed) -> list[bytes]:
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
