"""The HTTP server: which of the three doors a request goes through."""

import asyncio
import os
import re
import signal
import sys

import orjson
from aiohttp import web
from aiohttp.http import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler

from . import router
from .batch_queue import BatchQueue
from .control_api import ControlApi
from .handling import Handler
from .oauth import Login as LoginPages
from .world import World

# Bulk loads of contacts come through the control API.
_LARGEST_BODY = 512 * 1024 * 1024
_API = re.compile(r"(?:/([a-z]{2,3}[0-9]{1,3}))?/3\.0(/.*)?")


class Server:
    """One simulator on one port."""

    def __init__(self, base_url: str) -> None:
        self.world = World(BatchQueue(router.answer), base_url)
        self._handler = Handler(self.world)
        self._control = ControlApi(self.world)
        self._pages = LoginPages(self.world)

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer any request."""
        path = request.rel_url.raw_path
        if path.startswith("/_control/"):
            return await self._control(request, path.removeprefix("/_control/"))
        if path.startswith("/oauth2/"):
            return await self._pages(request, path.removeprefix("/oauth2/"))
        if path.startswith("/batch-results/"):
            return self._batch_results(path.removeprefix("/batch-results/"))
        found = _API.fullmatch(path)
        if found is None:
            return web.Response(status=404, text="<html><body>Not Found</body></html>")
        dc, rest = found.groups()
        if rest is None:
            # Recorded: without its trailing slash the root redirects, and even to plain http.
            location = f"http://{request.host}{path}/"
            return web.Response(status=301, headers={"Location": location})
        return await self._handler(request, dc, rest)

    def _batch_results(self, name: str) -> web.Response:
        batch = self.world.batches.by_id.get(name.removesuffix(".tar.gz"))
        if batch is None or not batch.archive:
            return web.Response(status=400, text="<Error><Code>AccessDenied</Code></Error>")
        return web.Response(body=batch.archive, content_type="application/gzip")


async def serve(host: str, port: int, *, until_stdin_closes: bool) -> None:
    """Serve until SIGTERM or SIGINT; says on stdout where, as one JSON line."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if until_stdin_closes:
        _watch_stdin(loop, stop)
    server = Server("")
    runner = web.ServerRunner(web.Server(server, request_factory=_make_request, access_log=None))
    await runner.setup()
    site = web.TCPSite(runner, host, port, shutdown_timeout=0.1, backlog=1024)
    await site.start()
    address = runner.addresses[0]
    server.world.base_url = f"http://{host}:{address[1]}"
    sys.stdout.write(orjson.dumps({"url": server.world.base_url}).decode() + "\n")
    sys.stdout.flush()
    await stop.wait()
    await runner.cleanup()


def _make_request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: RequestHandler,
    writer: object,
    task: "asyncio.Task[None]",
) -> web.BaseRequest:
    return web.BaseRequest(
        message,
        payload,
        protocol,
        writer,  # type: ignore[arg-type]  # aiohttp's own writer, passed through
        task,
        asyncio.get_running_loop(),
        client_max_size=_LARGEST_BODY,
    )


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """End with the process that started us, however it ends: its end of the pipe closes."""
    descriptor = sys.stdin.fileno()

    def look() -> None:
        if not os.read(descriptor, 4096):
            loop.remove_reader(descriptor)
            stop.set()

    loop.add_reader(descriptor, look)
