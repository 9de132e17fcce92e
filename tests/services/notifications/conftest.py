"""A webhook on loopback, and the app's storage and vault without any host."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from local.stack import Stack
from shared.app import App
from shared.bootstrap import build_app
from shared.notice import Notice
from shared.platform.settings import Settings
from shared.runs.record import Run, RunStatus
from tests.support.stored import stored_export, stored_run

SECRET = "webhook"


@dataclass
class Hook:
    """A webhook: what it was told, what it answers, and after how many seconds."""

    url: str = ""
    status: int = 204
    location: str = ""
    seconds: float = 0.0
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def hook() -> Iterator[Hook]:
    with _listening() as found:
        yield found


@pytest.fixture
def other() -> Iterator[Hook]:
    """A second receiver."""
    with _listening() as found:
        yield found


@contextmanager
def _listening() -> Iterator[Hook]:
    found = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.calls.append(({k.lower(): v for k, v in self.headers.items()}, body))
            time.sleep(found.seconds)
            self.send_response(found.status)
            if found.location:
                self.send_header("Location", found.location)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack.start(environment={}, hosts=0) as running:
        yield running


@pytest.fixture
def app(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> App:
    """The app's own parts in this process, as a host would have them."""
    for name, value in stack.settings.items():  # where identity and vault are, too
        monkeypatch.setenv(name, value)
    settings = Settings.from_environment(stack.settings)
    return build_app(replace(settings, webhook_secret_name=SECRET))


Ended = Callable[..., Run]


@pytest.fixture
def ended() -> Ended:
    """Make records of runs of one export, each later than the one before."""
    number = iter(range(100))

    def make(status: str, *, export: str = "weekly", **changes: Any) -> Run:
        at = f"2026-11-22T06:{next(number):02d}:00Z"
        error = None if status in ("succeeded", "cancelled") else Notice("x", "Why.")
        ended = {"submitted_at": at, "ended_at": at, "status": RunStatus(status), "error": error}
        return stored_run(
            f"{export}-20261122T06{at[14:16]}00Z-7f3a",
            stored_export(export, display_name="Weekly news"),
            **ended | changes,
        )

    return make
