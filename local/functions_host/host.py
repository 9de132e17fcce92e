"""One host process from its start to its end."""

import asyncio
import hashlib
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from local.functions_host.admin import Admin
from local.functions_host.app import HostedApp
from local.functions_host.delivery import HiddenTimes
from local.functions_host.functions import Function, HttpTrigger, QueueTrigger, TimerTrigger
from local.functions_host.http_front import HttpFront
from local.functions_host.invocations import Invocations
from local.functions_host.messages import MessageCoding
from local.functions_host.options import Options
from local.functions_host.queue_listener import QueueListener
from local.functions_host.sign_in import SignIn
from local.functions_host.singleton import Singleton
from local.functions_host.storage import Storage
from local.functions_host.timer_listener import TimerListener
from local.functions_host.workers import Workers

_log = logging.getLogger("Host.Startup")
_NO_HOME_PAGE = "AzureWebJobsDisableHomepage"
# Far above the front's own limits, so that it is the front that answers.
_PARSER: dict[str, Any] = {
    "max_line_size": 1 << 20,
    "max_field_size": 1 << 20,
    "auto_decompress": False,
}


class Host:
    """Listens for every trigger of one app until it is told to stop, or its worker dies too often.

    `gave_up` says that it was the worker.
    """

    def __init__(self, options: Options, app: HostedApp) -> None:
        self._options = options
        self._app = app
        self._storage = Storage(os.environ)
        self._workers = Workers(app.command, app.worker, options.time_scale)
        coding = MessageCoding(app.host_json.queues.message_encoding)
        self._invocations = Invocations(
            self._workers, self._storage, coding, app.host_json.function_timeout
        )
        self._queues: dict[str, QueueListener] = {}
        self._timers: dict[str, TimerListener] = {}
        self._listening: list[asyncio.Task[None]] = []
        self._host_id = _host_id(str(options.app), os.environ)
        self._stop = asyncio.Event()
        self.gave_up = False

    async def run(self) -> None:
        """Serves until SIGTERM, SIGINT or the end of the parent; then what runs may end, or is cut.

        Raises HostError where the app cannot be served.
        """
        self._workers.begin()
        await self._create_listeners()
        server = web.Server(self._front().handle, access_log=None, **_PARSER)
        runner = web.ServerRunner(server, shutdown_timeout=0.2)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self._options.port, reuse_address=True)
        await site.start()
        self._listening = [asyncio.create_task(listener.run()) for listener in self._listeners]
        for task in self._listening:
            task.add_done_callback(self._listener_ended)
        self._watch_for_the_end()
        self._announce(runner.addresses[0][1])
        await self._until_the_end()
        await site.stop()
        server.pre_shutdown()
        if not self.gave_up:
            await self._let_end()
        self._workers.kill()
        await runner.cleanup()
        await self._storage.close()

    async def _create_listeners(self) -> None:
        settings = self._app.host_json.queues
        hidden = HiddenTimes.scaled(
            self._options.hidden, settings.visibility_timeout, self._options.time_scale
        )
        for function in self._app.functions:
            if self._options.functions is not None and function.name not in self._options.functions:
                continue
            match function.trigger:
                case QueueTrigger():
                    self._queues[function.name] = QueueListener(
                        function,
                        function.trigger,
                        self._storage,
                        settings,
                        hidden,
                        self._invocations,
                    )
                case TimerTrigger():
                    self._timers[function.name] = await self._timer(function, function.trigger)

    async def _timer(self, function: Function, trigger: TimerTrigger) -> TimerListener:
        container = await self._storage.container("azure-webjobs-hosts")
        blob = container.get_blob_client(
            f"locks/{self._host_id}/Host.Functions.{function.name}.Listener"
        )
        lock = Singleton(blob, self._options.time_scale)
        return TimerListener(function, trigger, container, self._host_id, lock, self._invocations)

    @property
    def _listeners(self) -> list[QueueListener | TimerListener]:
        return [*self._queues.values(), *self._timers.values()]

    def _front(self) -> HttpFront:
        admin = Admin(
            self._options.keys,
            self._invocations,
            {function.name.lower(): function for function in self._app.functions},
            {name.lower(): timer for name, timer in self._timers.items()},
            self._host_id,
            os.environ.get(_NO_HOME_PAGE, "").lower() != "true",
            self._drain,
        )
        return HttpFront(
            self._app.routes,
            self._options.keys,
            self._invocations,
            admin,
            SignIn() if self._options.easy_auth else None,
            self._options.answer_limit,
        )

    def _watch_for_the_end(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        if self._options.stop_with_parent:

            def wait_for_parent() -> None:
                sys.stdin.buffer.read()
                loop.call_soon_threadsafe(self._stop.set)

            threading.Thread(target=wait_for_parent, daemon=True).start()

    def _announce(self, port: int) -> None:
        line = {
            "url": f"http://127.0.0.1:{port}",
            "functions": [function.name for function in self._app.functions],
            "listening": [*self._queues, *self._timers],
            "pid": os.getpid(),
        }
        print(json.dumps(line), flush=True)

    async def _until_the_end(self) -> None:
        ends = [asyncio.create_task(e.wait()) for e in (self._stop, self._workers.given_up)]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        self.gave_up = not self._stop.is_set()

    async def _drain(self) -> None:
        for listener in self._listeners:
            listener.stop()
        await asyncio.gather(*self._listening, return_exceptions=True)

    async def _let_end(self) -> None:
        """HTTP calls first, then all others: their times come one after the other in Azure."""
        over_http = [f.name for f in self._app.functions if isinstance(f.trigger, HttpTrigger)]
        draining = asyncio.create_task(self._drain())
        await _within(self._options.http_grace, self._invocations.until_idle(over_http))
        await _within(self._options.grace, asyncio.gather(draining, self._invocations.until_idle()))
        if running := len(self._invocations.running):
            _log.warning("stopped with %d invocations running", running)

    def _listener_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a listener failed", exc_info=error)
            self._stop.set()


async def _within(seconds: float, work: Any) -> None:
    try:
        async with asyncio.timeout(seconds):
            await work
    except TimeoutError:
        return


def _host_id(app_directory: str, environment: Mapping[str, str]) -> str:
    """The id that hosts of one app share; an app setting may give it, as in Azure."""
    given = environment.get("AzureFunctionsWebHost__hostid")
    return given or hashlib.sha256(app_directory.encode()).hexdigest()[:32]
