"""What the network and the boxes on the way do to a call."""

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from shared.mailchimp.client import MailchimpClient
from shared.mailchimp.errors import RefusedError, TimedOutError, UnavailableError
from shared.mailchimp.tokens import Token

type Reply = Callable[[BaseHTTPRequestHandler], None]


class Server(ThreadingHTTPServer):
    """Answers every call with `reply`; counts connections and keeps the calls' headers."""

    daemon_threads = True

    def __init__(self) -> None:
        self.reply: Reply = json_reply(b"{}")
        self.connections = 0
        self.seen: list[tuple[str, dict[str, str]]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def client(self, timeout: float = 5) -> MailchimpClient:
        return MailchimpClient(self.url + "/3.0", Token("abc-us1", "us1"), timeout)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_GET(self) -> None:
        self.server.seen.append((self.path, dict(self.headers)))
        self.server.reply(self)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the tests' output clean."""


def json_reply(body: bytes, status: int = 200, **headers: str) -> Reply:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return reply


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def test_connections_stay_open_between_calls(server: Server) -> None:
    with server.client() as client:
        for _ in range(3):
            client.ping()
    assert server.connections == 1


def test_a_redirect_is_not_followed(server: Server) -> None:
    server.reply = json_reply(b"", 301, Location=f"{server.url}/elsewhere")
    with server.client() as client, pytest.raises(RefusedError) as caught:
        client.ping()
    assert caught.value.status == 301
    assert [path for path, _ in server.seen] == ["/3.0/ping"]


def test_the_token_is_sent_whatever_the_home_directory_says(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else")
    monkeypatch.setenv("NETRC", str(netrc))
    with server.client() as client:
        client.ping()
    headers = server.seen[0][1]
    assert headers["Authorization"] == "Bearer abc-us1"
    assert headers["User-Agent"].startswith("segment-export/")


@pytest.mark.parametrize("body", [b"<html>Sorry</html>", b'{"health_status": "Every', b"[]", b"1"])
def test_an_answer_that_is_no_json_document_may_hide_done_work(server: Server, body: bytes) -> None:
    server.reply = json_reply(body)
    with server.client() as client, pytest.raises(UnavailableError) as caught:
        client.ping()
    assert caught.value.may_be_open


def test_an_answer_that_is_cut_may_hide_done_work(server: Server) -> None:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b'{"health')
        handler.close_connection = True

    server.reply = reply
    with server.client() as client, pytest.raises(UnavailableError) as caught:
        client.ping()
    assert caught.value.may_be_open


def test_an_answer_that_stops_half_way_times_out(server: Server) -> None:
    over = threading.Event()

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b'{"health')
        handler.wfile.flush()
        over.wait(10)
        handler.close_connection = True

    server.reply = reply
    try:
        with server.client(timeout=0.2) as client, pytest.raises(TimedOutError) as caught:
            client.ping()
    finally:
        over.set()
    assert caught.value.may_be_open


def test_an_answer_that_drips_for_ever_times_out(server: Server) -> None:
    over = threading.Event()

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        while not over.wait(0.02):
            handler.wfile.write(b"1\r\n \r\n")
        handler.close_connection = True

    server.reply = reply
    try:
        with server.client(timeout=0.3) as client, pytest.raises(TimedOutError):
            client.ping()
    finally:
        over.set()


def test_an_answer_whose_headers_drip_for_ever_times_out(server: Server) -> None:
    over = threading.Event()

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not over.wait(0.02):
            handler.wfile.write(b"x")
            handler.wfile.flush()
        handler.close_connection = True

    server.reply = reply
    try:
        with server.client(timeout=0.3) as client, pytest.raises(TimedOutError):
            client.ping()
    finally:
        over.set()


def test_a_list_that_never_ends_is_given_up(server: Server) -> None:
    lists = b",".join([b"{}"] * 1000)
    server.reply = json_reply(b'{"total_items": 1000000000, "lists": [' + lists + b"]}")
    with server.client() as client, pytest.raises(UnavailableError):
        client.audiences()
    assert len(server.seen) <= 100


def test_an_answer_that_unpacks_to_more_than_any_has_is_given_up(server: Server) -> None:
    bomb = gzip.compress(b" " * (65 * 1024 * 1024) + b"{}")
    assert len(bomb) < 100_000
    server.reply = json_reply(bomb, 200, **{"Content-Encoding": "gzip"})
    with server.client() as client, pytest.raises(UnavailableError) as caught:
        client.ping()
    assert caught.value.may_be_open


def test_a_refused_connection_leaves_nothing_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    client = MailchimpClient(f"http://127.0.0.1:{port}", Token("abc-us1", "us1"), 5)
    with client, pytest.raises(UnavailableError) as caught:
        client.ping()
    assert not caught.value.may_be_open


def test_a_server_that_speaks_no_tls_has_seen_no_call(server: Server) -> None:
    url = server.url.replace("http:", "https:")
    client = MailchimpClient(url, Token("abc-us1", "us1"), 5)
    with client, pytest.raises(UnavailableError) as caught:
        client.ping()
    assert not caught.value.may_be_open


def test_answers_without_what_is_expected_are_survived(server: Server) -> None:
    server.reply = json_reply(b'{"merge_fields": [{"merge_id": "x", "options": []}, 7]}')
    with server.client() as client:
        (field,) = client.merge_fields("a1")
        assert client.account().account_id == ""
        assert client.audience("a1").contacts == 0
    assert (field.merge_id, field.type, field.options) == (0, "text", {})
