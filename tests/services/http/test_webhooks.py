"""The address of Mailchimp's webhooks: open to all, and nothing but a signature counts there."""

import hashlib
import hmac
import json
import time
import uuid
from urllib.parse import urlencode

import pytest
import requests

from local.functions_host.process import HostProcess
from local.stack import Stack
from tests.services.http.conftest import Caller, Place, app_container
from tests.support.place import until

SECRET = "what Mailchimp has signed with"
SIGNATURE = "X-Mailchimp-Signature"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def hook(stack: Stack, connected: Place) -> str:
    """The id of a webhook, as the app keeps it."""
    id_ = uuid.uuid4().hex
    document = {
        "version": 1,
        "id": id_,
        "connection": connected.connection,
        "secret_name": f"mailchimp-{connected.connection}",
        "account": connected.account.account_id,
        "audience": connected.audience_id,
        "url": "https://app/",
        "state": "on",
        "since": "2026-11-30T09:00:00.000Z",
    }
    app_container(stack).upload_blob(f"webhooks/hooks/{id_}.json", json.dumps(document))
    stack.vault.set(f"webhook-{id_}", SECRET)
    return id_


@pytest.fixture(params=["keys", "entra"])
def anybody(request: pytest.FixtureRequest, keys_host: HostProcess) -> Caller:
    """Somebody without a key, and nobody signed in."""
    entra = request.param == "entra"
    return Caller(request.getfixturevalue("entra_host") if entra else keys_host, {})


def signature(body: bytes, at: float) -> str:
    text = f"{int(at)}.".encode() + body
    return f"t={int(at)},v1={hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()}"


def send(caller: Caller, hook: str, body: bytes, **headers: str) -> requests.Response:
    return caller.send("POST", f"mailchimp/webhooks/{hook}", body, **{**FORM, **headers})


def test_events_are_taken_by_their_signature_alone(
    anybody: Caller, hook: str, place: Place, stack: Stack
) -> None:
    data = {"data[list_id]": place.audience_id, "data[email]": "ana@contoso.com"}
    body = urlencode({"type": "unsubscribe", "fired_at": "", **data}).encode()
    path = f"mailchimp/webhooks/{hook}"
    now = time.time()

    answers = [
        anybody.send("GET", path, b""),
        send(anybody, hook, body),
        send(anybody, hook, body, **{SIGNATURE: signature(body, now - 400)}),
        send(anybody, hook, body, **{SIGNATURE: signature(body + b"x", now)}),
        send(anybody, hook, body, **{SIGNATURE: signature(body, now)}),
    ]

    assert [answer.status_code for answer in answers] == [200, 401, 401, 401, 200]
    assert {answer.content for answer in answers} == {b""}
    folder = f"suppressions/{place.account.account_id}/{place.audience_id}/told/"
    assert len(list(app_container(stack).list_blobs(folder))) == 1


def test_no_other_address_says_anything_but_that_it_is_gone(call: Caller, hook: str) -> None:
    for unknown in (uuid.uuid4().hex, "x", hook[:-1]):
        answer = send(call, unknown, b"type=unsubscribe")
        assert (answer.status_code, answer.content) == (410, b"")


def test_a_body_above_64_kilobytes_or_in_chunks_is_refused_before_anything_is_read(
    call: Caller, hook: str
) -> None:
    assert send(call, hook, b"x" * (1 << 16)).status_code == 401
    assert send(call, hook, b"x" * ((1 << 16) + 1)).status_code == 413
    chunked = call.send("POST", f"mailchimp/webhooks/{hook}", iter([b"type=unsubscribe"]))
    assert chunked.status_code == 411


def test_what_the_simulator_sends_is_taken_as_mailchimp_s_and_its_wrong_events_are_not(
    stack: Stack, keys_host: HostProcess, hook: str, connected: Place
) -> None:
    mailchimp, audience = stack.mailchimp, connected.audience_id
    api = f"{mailchimp.api_url_template.format(dc='us21')}/lists/{audience}/webhooks"
    url = f"{keys_host.url}/api/mailchimp/webhooks/{hook}"
    body = {"url": url, "events": {"unsubscribe": True}, "sources": {"user": True}}
    headers = {"Authorization": f"Bearer {connected.account.api_key}"}
    refused = requests.post(
        api, json={**body, "url": f"{keys_host.url}/api/none"}, headers=headers, timeout=30
    )
    assert refused.status_code == 400
    made = requests.post(api, json=body, headers=headers, timeout=30).json()
    stack.vault.set(f"webhook-{hook}", made["signing_secret"])
    gone, other = "ana@contoso.com", "ivo@contoso.com"
    mailchimp.put_contacts(audience, [{"email": gone}, {"email": other}])

    mailchimp.unsubscribe_by_self(audience, gone)
    mailchimp.unsubscribe_by_admin(audience, other)  # it wants to know of no admin
    for wrong in ("forged", "unsigned", "old", "twice"):
        mailchimp.send_event(audience, "unsubscribe_by_self", gone, wrong)

    def answered() -> list[tuple[str, list[int]]] | None:
        found = mailchimp.deliveries(audience)
        done = len(found) == 6 and all(one.statuses for one in found)
        return [(one.wrong, one.statuses) for one in found] if done else None

    assert until(answered, what="the end of all deliveries") == [
        ("", [200]),
        *[("forged", [401]), ("unsigned", [401]), ("old", [401])],
        *[("twice", [200]), ("twice", [200])],
    ]
