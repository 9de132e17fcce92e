"""HTTP calls with one deadline over the whole answer: headers, body, and what lies in between.

requests' own timeout is that between two bytes: whoever sends one now and then is never late.
"""

import io
import math
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager

_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def answered_within(seconds: float) -> Iterator[None]:
    """Let every answer that begins in the block be whole within so many seconds from now.

    Reading one that is not then raises what a read timeout raises.
    """
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


class TimedAdapter(HTTPAdapter):
    """Connects to servers whose answers have the deadline of `answered_within`."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - requests' own
        """Make the pools of connections, as requests asks for it."""
        super().init_poolmanager(*args, **kwargs)
        _time(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> PoolManager:  # noqa: ANN401 - as above
        """Return the pools of a proxy."""
        return _time(super().proxy_manager_for(*args, **kwargs))


def _time(manager: PoolManager) -> PoolManager:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return manager


class _Reader(io.RawIOBase):
    """Reads from a socket until the deadline that held when the answer began."""

    def __init__(self, connected: socket.socket) -> None:
        self._connected = connected
        self._raw = connected.makefile("rb", buffering=0)
        self._deadline = _deadline.get()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]  # what io gives
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        waits = self._connected.gettimeout()
        self._connected.settimeout(left if waits is None else min(left, waits))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Readable:
    """What an answer needs of its socket."""

    def __init__(self, connected: socket.socket) -> None:
        self._connected = connected

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._connected))


class _Answer(HTTPResponse):
    def __init__(
        self,
        sock: socket.socket,
        debuglevel: int = 0,
        method: str | None = None,
        url: str | None = None,
    ) -> None:
        # It makes a file of its socket, and nothing else.
        super().__init__(_Readable(sock), debuglevel, method, url)  # type: ignore[arg-type]


class _Connection(HTTPConnection):
    response_class = _Answer


class _SecureConnection(HTTPSConnection):
    response_class = _Answer


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection
