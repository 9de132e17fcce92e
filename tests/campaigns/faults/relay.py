"""A relay on loopback between an app and its storage and Mailchimp, with traps at chosen requests.

The app reaches its services through it by settings alone. A trap waits for the n-th request of a
kind and then, before it is passed on or before its answer is, does harm: to the request itself
or, by a function, to anything else (kill the host, cancel the run).
"""

import asyncio
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from tests.campaigns.faults.kinds import kind_of
from tests.campaigns.faults.messages import LIMIT, Message, read_answer, read_request

When = Literal["before", "after"]
# What is done to the request or its answer; `pass` leaves both alone.
Harm = Literal["pass", "reset", "cut", "fail", "refuse", "double"]
_ANSWERS = {
    "fail": b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    # Nobody asks again after this one.
    "refuse": b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
}


@dataclass
class Trap:
    """Strikes at requests `nth` to `nth + times - 1` whose kind this pattern matches as a whole.

    `act` runs in a thread while the request waits; the relay's own thread runs `at_once`.
    """

    kind: str
    nth: int = 1
    when: When = "before"
    harm: Harm = "pass"
    times: int = 1
    delay: float = 0.0
    at_once: Callable[[], object] | None = None
    act: Callable[[], object] | None = None
    seen: int = 0
    struck: int = 0
    _pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        self._pattern = re.compile(self.kind)

    def strikes(self, kind: str) -> bool:
        """Count a request; tell whether it is one of those."""
        if not self._pattern.fullmatch(kind):
            return False
        self.seen += 1
        if not self.nth <= self.seen < self.nth + self.times:
            return False
        self.struck += 1
        return True


class Relay:
    """Ports of one app, one per service; `kinds` lists all that went through, in order."""

    def __init__(self, loop: "Loop", services: dict[str, str]) -> None:
        """`services`: name to URL (http, loopback)."""
        self._loop = loop
        self._lock = threading.Lock()
        self._traps: list[Trap] = []
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.kinds: list[str] = []
        # Services that answer nobody at the moment.
        self.down: set[str] = set()
        # The client port of the request that has sprung the last trap.
        self.struck_by = 0
        self.ports = {name: loop.run(self._listen(name, url)) for name, url in services.items()}

    def set(self, *traps: Trap) -> None:
        """Put these traps in place of all others; counting begins anew."""
        with self._lock:
            self._traps = list(traps)
            self.kinds = []

    def add(self, trap: Trap) -> None:
        """Put one more trap."""
        with self._lock:
            self._traps.append(trap)

    def close(self) -> None:
        """Stop listening and cut what is open."""
        self._loop.run(self._close())

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _listen(self, service: str, url: str) -> int:
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        upstream = (parts.hostname, parts.port)

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            try:
                while await self._pass(service, upstream, reader, writer):
                    pass
            except (OSError, asyncio.CancelledError):
                writer.transport.abort()
            finally:
                self._tasks.discard(task)
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=LIMIT)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    def _struck(self, kind: str) -> list[Trap]:
        with self._lock:
            self.kinds.append(kind)
            return [trap for trap in self._traps if trap.strikes(kind)]

    async def _pass(
        self,
        service: str,
        upstream: tuple[str, int],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        """Pass one request and its answer on; tell whether the connection goes on."""
        request = await read_request(reader)
        if request is None or not request.whole or service in self.down:
            writer.transport.abort()
            return False
        traps = self._struck(kind_of(service, request))
        if not await self._spring(traps, "before", writer, None):
            return False
        answer = await self._ask(upstream, request)
        if any(trap.harm == "double" for trap in traps):
            await self._ask(upstream, request)
        if answer is None:
            writer.transport.abort()
            return False
        if not await self._spring(traps, "after", writer, answer):
            return False
        writer.write(answer.raw)
        await writer.drain()
        return answer.whole and not answer.closes

    async def _spring(
        self, traps: list[Trap], when: When, writer: asyncio.StreamWriter, answer: Message | None
    ) -> bool:
        """Do what these traps do now; tell whether the request goes on."""
        goes_on = True
        for trap in traps:
            if trap.when != when:
                continue
            self.struck_by = writer.get_extra_info("peername")[1]
            if trap.at_once is not None:
                trap.at_once()
            if trap.act is not None:
                await self._loop.in_thread(trap.act)
            await asyncio.sleep(trap.delay)
            match trap.harm:
                case "reset":
                    writer.transport.abort()
                    goes_on = False
                case "cut":
                    raw = answer.raw if answer is not None else b""
                    writer.write(raw[: max(len(raw) - 20, len(raw) // 2)])
                    writer.close()
                    goes_on = False
                case "fail" | "refuse":
                    writer.write(_ANSWERS[trap.harm])
                    await writer.drain()
                    goes_on = False
        return goes_on

    @staticmethod
    async def _ask(upstream: tuple[str, int], request: Message) -> Message | None:
        try:
            reader, writer = await asyncio.open_connection(*upstream, limit=LIMIT)
        except OSError:
            return None
        try:
            writer.write(request.raw)
            await writer.drain()
            return await read_answer(reader, request.words[0])
        except OSError:
            return None
        finally:
            writer.close()


class Loop:
    """The thread that all relays of a process work in."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._workers = ThreadPoolExecutor(16, thread_name_prefix="traps")
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="relays")
        self._thread.start()

    def run[T](self, work: "asyncio._CoroutineLike[T]") -> T:
        """Run a coroutine to its end, from another thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def in_thread(self, act: Callable[[], object]) -> None:
        """Run a function beside the relays; what it raises ends the request it was called for."""
        try:
            await self._loop.run_in_executor(self._workers, act)
        except Exception as error:
            raise ConnectionError(f"a trap failed: {error!r}") from error

    def close(self) -> None:
        """End the thread."""
        self._workers.shutdown(cancel_futures=True)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
