"""One host process from its start to its end."""

import asyncio
import hashlib
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence

from aiohttp import web

from local.functions_host.control import Control
from local.functions_host.delivery import HiddenTimes
from local.functions_host.errors import HostError
from local.functions_host.functions import Function, QueueTrigger, TimerTrigger, functions_of
from local.functions_host.host_json import HostJson, read_host_json
from local.functions_host.http_front import BODY_LIMIT, HttpFront
from local.functions_host.invocations import Invocations
from local.functions_host.logs import set_up_logging
from local.functions_host.messages import MessageCoding
from local.functions_host.options import Options
from local.functions_host.queue_listener import QueueListener
from local.functions_host.routes import Routes
from local.functions_host.singleton import Singleton
from local.functions_host.storage import Storage
from local.functions_host.timer_listener import TimerListener
from local.functions_host.worker import Worker

_log = logging.getLogger("Host.Startup")


def load(options: Options) -> tuple[Worker, HostJson, list[Function]]:
    """Reads the settings and indexes the app; raises HostError, IndexingError."""
    host_json = read_host_json(options.app, os.environ)
    set_up_logging(options.log_format, host_json.log_levels)
    if options.easy_auth:
        os.environ["WEBSITE_AUTH_ENABLED"] = "true"
    worker = Worker()
    functions = functions_of(worker.index(options.app), os.environ)
    if not functions:
        raise HostError("the app has no functions")
    unknown = (options.functions or frozenset()) - {function.name for function in functions}
    if unknown:
        raise HostError(f"--functions names {', '.join(sorted(unknown))}, which the app lacks")
    return worker, host_json, functions


class Host:
    """Listens for every trigger of one app until it is told to stop."""

    def __init__(
        self, options: Options, worker: Worker, host_json: HostJson, functions: Sequence[Function]
    ) -> None:
        self._options = options
        self._host_json = host_json
        self._functions = functions
        self._storage = Storage(os.environ)
        coding = MessageCoding(host_json.queues.message_encoding)
        limit = host_json.function_timeout if options.enforce_timeout else None
        scaled = limit * options.time_scale if limit else None
        self._invocations = Invocations(worker, self._storage, coding, scaled)
        self._queues: dict[str, QueueListener] = {}
        self._timers: dict[str, TimerListener] = {}
        self._listening: list[asyncio.Task[None]] = []
        self.port = options.port
        self.restart = False
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Serves until SIGTERM, SIGINT or the end of the parent, then lets invocations end.

        Returns early, with `restart` set, when an invocation has exceeded its time.
        Raises HostError where the app cannot be served.
        """
        await self._create_listeners()
        runner = web.AppRunner(self._web_app(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self._options.port, reuse_address=True)
        await site.start()
        self.port = runner.addresses[0][1]
        self._listening = [asyncio.create_task(listener.run()) for listener in self._listeners]
        for task in self._listening:
            task.add_done_callback(self._listener_ended)
        self._watch_for_the_end()
        self._announce()
        await self._until_the_end()
        await site.stop()
        await self._let_end()
        await runner.cleanup()
        await self._storage.close()

    async def _create_listeners(self) -> None:
        hidden = HiddenTimes.scaled(
            self._host_json.queues.visibility_timeout, self._options.time_scale
        )
        for function in self._functions:
            if self._options.functions is not None and function.name not in self._options.functions:
                continue
            match function.trigger:
                case QueueTrigger():
                    self._queues[function.name] = QueueListener(
                        function,
                        function.trigger,
                        self._storage,
                        self._host_json.queues,
                        hidden,
                        self._invocations,
                    )
                case TimerTrigger():
                    self._timers[function.name] = await self._timer(function, function.trigger)

    async def _timer(self, function: Function, trigger: TimerTrigger) -> TimerListener:
        container = await self._storage.container("azure-webjobs-hosts")
        host_id = _host_id(str(self._options.app), os.environ)
        blob = container.get_blob_client(f"locks/{host_id}/Host.Functions.{function.name}.Listener")
        lock = Singleton(blob, self._options.time_scale)
        return TimerListener(function, trigger, container, host_id, lock, self._invocations)

    @property
    def _listeners(self) -> list[QueueListener | TimerListener]:
        return [*self._queues.values(), *self._timers.values()]

    def _web_app(self) -> web.Application:
        front = HttpFront(
            Routes(self._functions, self._host_json.route_prefix),
            self._options.keys,
            self._invocations,
            self._options.easy_auth,
            self._options.answer_limit,
        )
        app = web.Application(client_max_size=BODY_LIMIT)
        control = Control(self._options.keys, self._invocations, self._timers, self._drain)
        control.add_to(app)
        app.router.add_route("*", r"/{path:[\s\S]*}", front.handle)
        return app

    def _watch_for_the_end(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        if self._options.stop_with_parent:

            def wait_for_parent() -> None:
                sys.stdin.buffer.read()
                loop.call_soon_threadsafe(self._stop.set)

            threading.Thread(target=wait_for_parent, daemon=True).start()

    def _announce(self) -> None:
        line = {
            "url": f"http://127.0.0.1:{self.port}",
            "functions": [function.name for function in self._functions],
            "listening": [*self._queues, *self._timers],
            "pid": os.getpid(),
        }
        print(json.dumps(line), flush=True)

    async def _until_the_end(self) -> None:
        ends = [
            asyncio.create_task(event.wait()) for event in (self._stop, self._invocations.timed_out)
        ]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        self.restart = not self._stop.is_set()

    async def _drain(self) -> None:
        for listener in self._listeners:
            listener.stop()
        await asyncio.gather(*self._listening, return_exceptions=True)

    async def _let_end(self) -> None:
        try:
            async with asyncio.timeout(self._options.grace):
                await self._drain()
                await self._invocations.idle.wait()
        except TimeoutError:
            _log.warning("stopped with %d invocations running", len(self._invocations.running))

    def _listener_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a listener failed", exc_info=error)
            self._stop.set()


def _host_id(app_directory: str, environment: Mapping[str, str]) -> str:
    """The id that hosts of one app share; an app setting may give it, as in Azure."""
    given = environment.get("AzureFunctionsWebHost__hostid")
    return given or hashlib.sha256(app_directory.encode()).hexdigest()[:32]
