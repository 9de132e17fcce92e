"""A Mailchimp that does not sort: passes calls on to the simulator without what asks for it."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

from local.mailchimp.control import Simulator


class Unsorted:
    """A server on loopback in front of a simulator."""

    def __init__(self, simulator: Simulator) -> None:
        target = simulator.url

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the name is http.server's
                url = urlsplit(self.path)
                # Newest last is how the simulator lists by itself, so it is asked for the reverse.
                query = {"sort_field": "last_changed", "sort_dir": "DESC"}
                query = dict(parse_qsl(url.query)) | query
                answer = requests.get(
                    f"{target}{url.path}?{urlencode(query)}",
                    headers={"Authorization": self.headers["Authorization"]},
                    timeout=10,
                )
                self.send_response_only(answer.status_code)
                for name in ("Content-Type", "Date"):
                    self.send_header(name, answer.headers[name])
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: ARG002 - http.server's
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.api_url_template = f"http://127.0.0.1:{self._server.server_port}/{{dc}}/3.0"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
