"""Webhooks are made where a connection wants them, and none is left behind anywhere."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from shared.app import App
from shared.exports import store
from shared.mailchimp.answers import Webhook
from shared.platform.clock import to_text, utc_now
from shared.webhooks import hooks
from shared.webhooks.hooks import Hook
from shared.webhooks.settling import settle_webhooks
from shared.webhooks.states import webhook_states
from shared.webhooks.wanted import wish
from tests.support.steps import Steps


class _Door(BaseHTTPRequestHandler):
    """The app's address, which Mailchimp asks before it takes it."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        del format, args


@pytest.fixture
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Door)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def app(steps: Steps, address: str) -> Iterator[App]:
    """The app at an address; its export has run, so that the account is known."""
    steps.run()
    app = at(steps.app, address)
    yield app
    steps.mailchimp.set(webhook_signing="signed")
    want(app, steps, webhooks=False)
    settle_webhooks(app)
    assert ours(app, steps) == []


def at(app: App, address: str | None) -> App:
    return replace(app, settings=replace(app.settings, public_url=address))


def want(app: App, steps: Steps, *, webhooks: bool = True) -> None:
    wish(app.blobs, steps.name)
    store.change_connection(
        app.blobs, steps.name, lambda found: found.model_copy(update={"webhooks": webhooks})
    )


def ours(app: App, steps: Steps) -> list[Hook]:
    return [hook for hook in hooks.all_hooks(app.blobs) if hook.connection == steps.name]


def theirs(steps: Steps) -> list[Webhook]:
    with steps.client() as client:
        return client.webhooks(steps.audience)


def state(app: App, steps: Steps) -> list[str]:
    shown = webhook_states(app, [steps.connection()])
    return [one["state"] for one in shown.get(steps.name, [])]


def secrets(steps: Steps) -> set[str]:
    return {name for name in steps.vault.secrets() if name.startswith("webhook-")}


def is_marked(app: App, steps: Steps) -> bool:
    return steps.audience in app.board.look(steps.account.account_id, 0).told


def test_one_is_made_for_each_audience_and_goes_with_the_member(app: App, steps: Steps) -> None:
    assert (ours(app, steps), state(app, steps)) == ([], [])
    want(app, steps)
    assert state(app, steps) == ["off"]

    settle_webhooks(app)
    settle_webhooks(app)

    (hook,), (made,) = ours(app, steps), theirs(steps)
    assert (hook.state, hook.webhook_id, state(app, steps)) == ("on", made.id, ["on"])
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/api/mailchimp/webhooks/[0-9a-f]{32}", made.url)
    assert f"webhook-{hook.id}" in secrets(steps)
    assert is_marked(app, steps)

    want(app, steps, webhooks=False)
    settle_webhooks(app)

    assert (ours(app, steps), theirs(steps)) == ([], [])
    assert f"webhook-{hook.id}" not in secrets(steps)
    assert not is_marked(app, steps)


def _remove_connection(app: App, steps: Steps) -> None:
    store.delete_connection(app.blobs, steps.name)


def _remove_export(app: App, steps: Steps) -> None:
    store.delete_export(app.blobs, steps.name)


@pytest.mark.parametrize("remove", [_remove_connection, _remove_export])
def test_it_goes_with_the_connection_and_with_the_last_export(
    app: App, steps: Steps, remove: Callable[[App, Steps], None]
) -> None:
    want(app, steps)
    settle_webhooks(app)
    remove(app, steps)

    settle_webhooks(app)

    assert (ours(app, steps), theirs(steps)) == ([], [])


def test_without_a_secret_it_is_removed_again_and_tried_once_more_later(
    app: App, steps: Steps
) -> None:
    steps.mailchimp.set(webhook_signing="unsigned")
    want(app, steps)
    for _ in range(2):
        settle_webhooks(app)
        assert (theirs(steps), state(app, steps)) == ([], ["unsigned"])
    calls = [call.method for call in steps.mailchimp.calls() if "webhooks" in call.path]
    assert calls.count("POST") == 1

    steps.mailchimp.set(webhook_signing="signed")
    (hook,) = ours(app, steps)
    ago = to_text(utc_now() - timedelta(hours=1))
    hooks.write_hook(app.blobs, replace(hook, since=ago))
    settle_webhooks(app)
    assert (len(theirs(steps)), state(app, steps)) == (1, ["on"])


def test_an_address_that_is_not_known_or_does_not_answer_is_told(app: App, steps: Steps) -> None:
    want(app, steps)
    settle_webhooks(at(app, "http://127.0.0.1:1"))
    assert (theirs(steps), state(app, steps)) == ([], ["unreachable"])


def test_one_whose_making_was_cut_off_is_found_and_made_anew(
    app: App, steps: Steps, address: str
) -> None:
    want(app, steps)
    id_ = hooks.new_id()
    url = f"{address}/api/mailchimp/webhooks/{id_}"
    account = steps.account.account_id
    cut_off = Hook(
        *(id_, steps.name, f"mailchimp-{steps.name}", account, steps.audience, url),
        *("making", hooks.now()),
    )
    hooks.write_hook(app.blobs, cut_off)
    with steps.client() as client:
        client.create_webhook(steps.audience, url)

    settle_webhooks(app)

    (hook,), (made,) = ours(app, steps), theirs(steps)
    assert hook.id != id_
    assert (made.url, hook.state) == (hook.url, "on")


def test_a_token_that_is_gone_holds_nothing_up(app: App, steps: Steps) -> None:
    """Mailchimp switches the webhook off by itself once it is answered 410."""
    want(app, steps)
    settle_webhooks(app)
    steps.mailchimp.revoke_key(steps.account.api_key)
    want(app, steps, webhooks=False)

    settle_webhooks(app)

    assert ours(app, steps) == []


def test_another_address_of_the_app_moves_it(app: App, steps: Steps, address: str) -> None:
    want(app, steps)
    settle_webhooks(at(app, address.replace("127.0.0.1", "localhost")))
    (before,) = theirs(steps)

    settle_webhooks(app)

    (after,) = theirs(steps)
    assert before.url.startswith("http://localhost")
    assert after.url.startswith(address)
