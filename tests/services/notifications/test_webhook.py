"""What the vault's secret may hold, and the signature."""

import hashlib
import hmac
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from shared.notifications.webhook import Webhook, WebhookError, call, parse_webhooks, sign
from tests.services.notifications.conftest import Hook
from tests.support.root import ROOT

URL = "https://hooks.contoso.com/a?b=c"


@pytest.fixture
def dripping() -> Iterator[str]:
    """A receiver that sends a byte now and then, and never all of its answer."""
    over = threading.Event()

    def serve(listening: socket.socket) -> None:
        with suppress(OSError):
            connected, _ = listening.accept()
            with connected:
                connected.sendall(b"HTTP/1.1 200 ")
                while not over.wait(0.02):
                    connected.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        over.set()
        thread.join()


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        (f"{URL}\nkey\n", "key"),
        (f"  {URL}\r\n key ", "key"),
        (f'{{"url": "{URL}", "key": "key"}}', "key"),
        (URL, URL),
        (f'{{"url": "{URL}"}}', URL),
    ],
)
def test_a_secret_holds_an_url_and_a_key(secret: str, key: str) -> None:
    assert parse_webhooks(secret) == (Webhook(URL, key),)


def test_a_secret_may_hold_several_receivers_each_once_with_its_format_and_language() -> None:
    first = {"url": URL, "format": "slack", "language": "lv"}
    second = {"url": "https://other.contoso.com/", "key": "k"}
    found = parse_webhooks(json.dumps([first, second, first]))
    assert found == (Webhook(URL, URL, "slack", "lv"), Webhook(second["url"], "k"))
    assert len({one.id for one in found}) == 2


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("http://hooks.contoso.com/", "not_https"),
        ("http://127.0.0.1.contoso.com/", "not_https"),
        ("ftp://127.0.0.1/", "not_https"),
        ("https://me:word@hooks.contoso.com/", "no_url"),
        ("hooks", "no_url"),
        ("", "no_url"),
        ('{"address": "x"}', "no_url"),
        ("{", "no_url"),
        ("https://[", "no_url"),
        ("[]", "no_url"),
        ('["https://hooks.contoso.com/"]', "no_url"),
        ('[{"url": "https://a.contoso.com/"}, {"url": "http://b.contoso.com/"}]', "not_https"),
        ('{"url": "https://a.contoso.com/", "format": "mail"}', "unknown_format"),
    ],
)
def test_a_secret_that_can_not_be_used_says_why_without_its_text(secret: str, reason: str) -> None:
    with pytest.raises(WebhookError) as found:
        parse_webhooks(secret)
    assert str(found.value) == found.value.reason == reason


def test_a_receiver_can_check_the_signature(hook: Hook) -> None:
    call(Webhook(hook.url, "key"), "run-1", b'{"a": 1}')
    ((headers, body),) = hook.calls
    signed = headers["x-segment-export-timestamp"].encode() + b"." + body
    expected = hmac.new(b"key", signed, hashlib.sha256).hexdigest()
    assert headers["x-segment-export-signature"] == f"sha256={expected}"
    assert sign("key", "1", b"x") != sign("key", "2", b"x")


def test_a_receiver_can_check_it_as_the_page_says(hook: Hook) -> None:
    page = (ROOT / "docs/notifications.md").read_text()
    (recipe,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, Any] = {}
    exec(recipe, names)  # noqa: S102 - the page's own example
    call(Webhook(hook.url, "key"), "run-1", b'{"a": 1}')
    ((headers, body),) = hook.calls
    given = {name.title(): value for name, value in headers.items()}
    assert names["is_genuine"]("key", given, body)
    assert not names["is_genuine"]("another key", given, body)
    assert not names["is_genuine"]("key", given, body + b" ")
    assert not names["is_genuine"]("key", {**given, "X-Segment-Export-Timestamp": "1"}, body)


def test_an_answer_that_is_no_success_is_a_failure(hook: Hook) -> None:
    hook.status = 404
    with pytest.raises(WebhookError, match="status_404"):
        call(Webhook(hook.url, "key"), "run-1", b"{}")


def test_an_answer_that_drips_is_given_up_as_a_whole(dripping: str) -> None:
    with pytest.raises(WebhookError, match="timed_out"):
        call(Webhook(dripping, "key"), "run-1", b"{}", timeouts=(0.3, 0.3))


def test_nobody_there_is_a_failure_that_names_no_address() -> None:
    with pytest.raises(WebhookError) as found:
        call(Webhook("http://127.0.0.1:1/secret", "key"), "run-1", b"{}")
    assert str(found.value) == "unreachable"
