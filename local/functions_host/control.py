"""`/_host/…`: what tests and people ask of this host itself. Loopback and master key only."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from local.functions_host.invocations import Invocations
from local.functions_host.keys import Keys
from local.functions_host.timer_listener import TimerListener

_LOOPBACK = frozenset({"127.0.0.1", "::1"})


@dataclass(frozen=True)
class Control:
    """Answers with JSON; 401 without the master key, 404 for a timer that is not there."""

    keys: Keys
    invocations: Invocations
    timers: Mapping[str, TimerListener]
    drained: Callable[[], Awaitable[None]]

    def add_to(self, app: web.Application) -> None:
        """Adds the routes, ahead of the app's own."""
        app.router.add_get("/_host/status", self.status)
        app.router.add_post("/_host/timers/{function}", self.fire_timer)
        app.router.add_post("/_host/drain", self.drain)

    async def status(self, request: web.Request) -> web.Response:
        """What runs now, and what has ended since the host started."""
        self._check(request)
        running = Counter(item.function for item in self.invocations.running.values())
        finished, failed = self.invocations.finished, self.invocations.failed
        functions = {
            name: {"running": running[name], "finished": finished[name], "failed": failed[name]}
            for name in sorted({*running, *finished})
        }
        totals = {
            "running": running.total(),
            "finished": finished.total(),
            "failed": failed.total(),
        }
        return web.json_response(totals | {"functions": functions})

    async def fire_timer(self, request: web.Request) -> web.Response:
        """Fires a timer now, on this host whoever holds its lock, and waits for its end."""
        self._check(request)
        timer = self.timers.get(request.match_info["function"])
        if timer is None:
            raise web.HTTPNotFound
        return web.json_response({"succeeded": await timer.fire()})

    async def drain(self, request: web.Request) -> web.Response:
        """Stops queues and timers for good and answers when what they started has ended."""
        self._check(request)
        await self.drained()
        return web.json_response({})

    def _check(self, request: web.Request) -> None:
        if request.remote not in _LOOPBACK:
            raise web.HTTPNotFound
        if not self.keys.open("ADMIN", request.headers, request.query):
            raise web.HTTPUnauthorized
