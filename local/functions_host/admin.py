"""What the host answers by itself: `/admin/…`, the home page, and 404 for all that is nobody's.

`/admin/stand-in/…` is this host's own, for tests: `status` says what runs and what has ended,
`timers/NAME` fires a timer and waits for its end, `drain` waits, too.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from local.functions_host.functions import Function, QueueTrigger
from local.functions_host.invocations import Invocations
from local.functions_host.keys import Keys
from local.functions_host.timer_listener import TimerListener
from local.functions_host.wire import Typed

# The host whose answers these are.
_VERSION = "4.1037.0.0"
_HOME_PAGE = (
    "<!DOCTYPE html><title>Functions</title><p>Your Functions 4.0 app is up and running</p>"
)
_STARTED = time.monotonic()


@dataclass(frozen=True)
class Admin:
    """Answers for the host; `drain` stops queues and timers and returns when they have ended.

    `functions` and `timers` are by names in lower case.
    """

    keys: Keys
    invocations: Invocations
    functions: Mapping[str, Function]
    timers: Mapping[str, TimerListener]
    host_id: str
    has_home_page: bool
    drain: Callable[[], Awaitable[None]]
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    async def answer(
        self,
        request: web.BaseRequest,
        path: str,
        headers: Mapping[str, str],
        query: Mapping[str, str],
    ) -> web.Response:
        """401 without a key, 403 with the function key, and the answer with the master key."""
        if path == "/":
            return self._home()
        first, *words = path.lower().strip("/").split("/")
        if first != "admin" or not words:
            return web.Response(status=404)
        if words in (["host", "ping"], ["warmup"]):
            return web.Response(status=200)
        if not self.keys.open("FUNCTION", headers, query):
            return web.Response(status=401)
        if not self.keys.open("ADMIN", headers, query):
            return web.Response(status=403)
        return await self._administer(request, words)

    def _home(self) -> web.Response:
        if not self.has_home_page:
            return web.Response(status=204)
        return web.Response(text=_HOME_PAGE, content_type="text/html")

    async def _administer(self, request: web.BaseRequest, words: list[str]) -> web.Response:
        match [request.method, *words]:
            case ["GET", "host", "status"]:
                return web.json_response(self._status())
            case ["POST", "host", "drain"]:
                self._behind(_done(self.drain))
                return web.json_response({"isDraining": True}, status=202)
            case ["POST", "functions", name]:
                return self._start(name, await request.text())
            case ["GET", "stand-in", "status"]:
                return web.json_response(self._counts())
            case ["POST", "stand-in", "drain"]:
                await self.drain()
                return web.json_response({})
            case ["POST", "stand-in", "timers", name] if name in self.timers:
                return web.json_response({"succeeded": await self.timers[name].fire()})
        return web.Response(status=404)

    def _status(self) -> dict[str, object]:
        return {
            "id": self.host_id,
            "state": "Running",
            "version": _VERSION,
            "processUptime": round((time.monotonic() - _STARTED) * 1000),
        }

    def _start(self, name: str, text: str) -> web.Response:
        """Runs a timer or a queue function by hand; the answer does not wait for its end."""
        try:
            given = json.loads(text)
        except ValueError:
            return web.Response(status=400)
        function = self.functions.get(name)
        if name in self.timers:
            self._behind(self.timers[name].fire())
        elif function is not None and isinstance(function.trigger, QueueTrigger):
            value = Typed(str(given.get("input", "")), "string")
            self._behind(self.invocations.run(function, value, {}, "Started by hand."))
        else:
            return web.Response(status=404)
        return web.Response(status=202)

    def _behind(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _counts(self) -> dict[str, object]:
        running = Counter(item.function for item in self.invocations.running.values())
        finished, failed = self.invocations.finished, self.invocations.failed
        functions = {
            name: {"running": running[name], "finished": finished[name], "failed": failed[name]}
            for name in sorted({*running, *finished})
        }
        return {
            "running": running.total(),
            "finished": finished.total(),
            "failed": failed.total(),
            "functions": functions,
            "worker": self.invocations.workers.pid,
        }


async def _done(work: Callable[[], Awaitable[None]]) -> None:
    await work()
