"""Small HTTP servers on loopback, one thread per connection, for the stand-ins of Azure."""

import json
import socket
import ssl
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.certificates import Certificates


@dataclass(frozen=True)
class Request:
    """What a client asked; header names are in lower case, `query` has the last of equal names."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; anything else counts as empty."""
        try:
            value = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


@dataclass(frozen=True)
class Answer:
    """A status with a JSON document, or with none."""

    status: int
    document: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class LoopbackServer:
    """Serves `answer` on a free port of 127.0.0.1 until it is closed.

    While `silent` is set, connections are cut without an answer, as if nobody were there.
    """

    def __init__(
        self, answer: Callable[[Request], Answer], certificates: Certificates | None = None
    ) -> None:
        self.silent = False
        self._server = _Server(self, answer, certificates)
        scheme = "http" if certificates is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self,
        owner: LoopbackServer,
        answer: Callable[[Request], Answer],
        certificates: Certificates | None,
    ) -> None:
        self.owner = owner
        self.answer = answer
        self._tls: ssl.SSLContext | None = None
        if certificates is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificates.certificate, certificates.key)
        super().__init__(("127.0.0.1", 0), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self._tls is not None:
            # The handshake is left to the connection's own thread: a slow client blocks only it.
            connection = self._tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that go away, or do not trust us, are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    # A late acknowledgement would delay answers of two segments by 40 ms.
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.server.owner.silent:
            self.close_connection = True
            return
        parts = urllib.parse.urlsplit(self.path)
        answer = self.server.answer(
            Request(
                self.command,
                urllib.parse.unquote(parts.path),
                dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True)),
                {name.lower(): value for name, value in self.headers.items()},
                body,
            )
        )
        content = b"" if answer.document is None else json.dumps(answer.document).encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if content:
            self.send_header("Content-Type", "application/json; charset=utf-8")
        if answer.status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = _serve

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet: paths hold the names of secrets."""
