"""How a connection gets its token, and that nobody gets it back."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from azure.storage.blob import ContainerClient

from local.stack import Stack
from tests.services.http.conftest import (
    CLIENT_ID,
    CLIENT_SECRET,
    NOTHING_RUNS,
    Caller,
    Place,
    app_container,
    wrong_fields,
)


@pytest.fixture
def waiting(call: Caller, stack: Stack, place: Place) -> Place:
    """A connection without a token, whose account's administrator signs in."""
    document = place.connection_document()
    assert call("PUT", f"connections/{place.connection}", document).status_code == 201
    callback = f"{call.host.url}/api/oauth/callback"
    stack.mailchimp.add_oauth_client(CLIENT_ID, CLIENT_SECRET, [callback])
    stack.mailchimp.set_oauth_account(place.account)
    stack.mailchimp.set(oauth_consent="auto")
    return place


def sign_in(call: Caller, place: Place) -> str:
    """Begin to sign in; the URL that Mailchimp sends the browser back to."""
    answer = call("POST", f"connections/{place.connection}/authorize")
    assert answer.status_code == 200, answer.text
    page = requests.get(answer.json()["authorize_url"], allow_redirects=False, timeout=30)
    assert page.status_code in (302, 303), page.text
    return page.headers["Location"]


def failures(stack: Stack) -> str:
    """What went wrong in the hosts, for a test that waits in vain."""
    return "\n".join([line for line in stack.logs().splitlines() if '"Error"' in line][-5:])


def status(call: Caller, place: Place) -> str:
    return str(call("GET", f"connections/{place.connection}").json()["status"])


def test_a_key_that_mailchimp_accepts_makes_the_connection_ready(
    call: Caller, stack: Stack, waiting: Place
) -> None:
    assert status(call, waiting) == "needs_token"
    key = waiting.account.api_key
    path = f"connections/{waiting.connection}"
    answer = call("PUT", f"{path}/token", {"api_key": f" {key}\n"})
    assert (answer.status_code, answer.content) == (204, b"")
    connection = call("GET", path)
    assert connection.json()["status"] == "ready"
    assert connection.json()["account_id"] == waiting.account.account_id
    assert stack.vault.secrets()[f"mailchimp-{waiting.connection}"] == key
    assert key not in connection.text


@pytest.mark.parametrize(
    "key",
    ["", "0123", "0123-us", "0123-us1.attacker.example", "0123-us21/x", "0123-us21@host", 7, None],
)
def test_what_is_no_key_is_refused_before_anything_is_sent(
    call: Caller, stack: Stack, waiting: Place, key: object
) -> None:
    stack.mailchimp.reset_log()
    answer = call("PUT", f"connections/{waiting.connection}/token", {"api_key": key})
    assert wrong_fields(answer) == ["api_key"]
    assert stack.mailchimp.calls() == []


def test_a_key_that_mailchimp_refuses_is_not_kept(
    call: Caller, stack: Stack, waiting: Place
) -> None:
    path = f"connections/{waiting.connection}/token"
    answer = call("PUT", path, {"api_key": "0123456789abcdef-us21"})
    assert wrong_fields(answer) == ["api_key"]
    assert "0123456789abcdef" not in answer.text
    assert "Your API key may be invalid" in answer.json()["errors"][0]["message"]
    assert f"mailchimp-{waiting.connection}" not in stack.vault.secrets()


def test_a_key_of_another_data_centre_is_refused_with_the_words_that_name_it(
    call: Caller, waiting: Place
) -> None:
    key = waiting.account.api_key.replace("us21", "us6")
    answer = call("PUT", f"connections/{waiting.connection}/token", {"api_key": key})
    (problem,) = answer.json()["errors"]
    assert (problem["field"], problem["code"]) == ("api_key", "mailchimp_unauthorized")
    assert problem["params"]["said"] in problem["message"]


def test_a_key_never_appears_in_the_log(call: Caller, stack: Stack, waiting: Place) -> None:
    key = waiting.account.api_key
    answer = call("PUT", f"connections/{waiting.connection}/token", {"api_key": key})
    assert answer.status_code == 204
    lines = [line for line in stack.logs().splitlines() if waiting.connection in line]
    [said] = [line for line in lines if "audit" in line and "token_set" in line]
    account = call("GET", f"connections/{waiting.connection}").json()["account_id"]
    assert account in said
    assert "account_before" in said
    assert key not in stack.logs()


def test_signing_in_with_mailchimp_makes_the_connection_ready(
    call: Caller, stack: Stack, waiting: Place
) -> None:
    back = sign_in(call, waiting)
    page = requests.get(back, timeout=30)
    assert page.status_code == 200, page.text
    assert page.headers["content-type"].startswith("text/html")
    assert status(call, waiting) == "ready"
    secret = stack.vault.secrets()[f"mailchimp-{waiting.connection}"]
    assert '"dc": "us21"' in secret
    audiences = call("GET", f"connections/{waiting.connection}/audiences").json()["items"]
    assert [audience["id"] for audience in audiences] == [waiting.audience_id]
    code = parse_qs(urlsplit(back).query)["code"][0]
    assert code not in page.text
    # Whoever signs in with an account of their own sees which one they have connected.
    shown = call("GET", f"connections/{waiting.connection}").json()["account_name"]
    assert shown
    assert f"account {shown}." in page.text


def test_another_account_than_before_gets_nothing_until_an_administrator_confirms_it(
    call: Caller, stack: Stack, connected: Place
) -> None:
    path = f"connections/{connected.connection}"
    before = call("GET", path).json()
    other = stack.mailchimp.add_account(f"{connected.connection}-other")
    assert call("PUT", f"{path}/token", {"api_key": other.api_key}).status_code == 204
    waits = call("GET", path).json()
    assert waits["status"] == "needs_confirmation"
    assert waits["account_id"] == before["account_id"]
    assert waits["awaiting"] == {"account_id": other.account_id, "account_name": other.name}
    assert call("GET", f"{path}/audiences").json()["code"] == "connection_not_ready"
    export = call("PUT", f"exports/{connected.connection}", connected.export_document())
    assert export.json()["errors"][0]["code"] == "connection_needs_confirmation"
    # Verifying tells whose it is, and confirms nothing; nor does writing what was read.
    assert call("POST", f"{path}/verify").json()["mailchimp"]["account_name"] == other.name
    assert call("PUT", path, waits).json()["awaiting"] == waits["awaiting"]

    for wrong in (before["account_id"], "somebody"):
        answer = call("POST", f"{path}/confirm", {"account_id": wrong})
        assert (answer.status_code, answer.json()["code"]) == (409, "not_awaited")
    for _ in range(2):
        answer = call("POST", f"{path}/confirm", {"account_id": other.account_id})
        assert answer.status_code == 200, answer.text
        assert (answer.json()["status"], answer.json()["awaiting"]) == ("ready", None)
        assert answer.json()["account_id"] == other.account_id
    assert call("GET", f"{path}/audiences").json()["items"] == []
    said = [line for line in stack.logs().splitlines() if "account_confirmed" in line]
    [line] = [line for line in said if connected.connection in line]
    assert other.account_id in line
    assert before["account_id"] in line


def test_the_account_of_before_needs_no_confirmation_when_it_comes_back(
    call: Caller, stack: Stack, connected: Place
) -> None:
    path = f"connections/{connected.connection}"
    other = stack.mailchimp.add_account(f"{connected.connection}-other")
    for account, expected in ((other, "needs_confirmation"), (connected.account, "ready")):
        assert call("PUT", f"{path}/token", {"api_key": account.api_key}).status_code == 204
        assert status(call, connected) == expected
    assert call("GET", path).json()["awaiting"] is None


def test_signing_in_with_another_account_says_that_it_has_to_be_confirmed(
    call: Caller, stack: Stack, waiting: Place
) -> None:
    assert requests.get(sign_in(call, waiting), timeout=30).status_code == 200
    stack.mailchimp.set_oauth_account(stack.mailchimp.add_account(f"{waiting.connection}-other"))
    page = requests.get(sign_in(call, waiting), timeout=30)
    assert "has to confirm it" in page.text
    assert status(call, waiting) == "needs_confirmation"


def test_another_secret_of_another_account_has_to_be_confirmed_too(
    call: Caller, stack: Stack, connected: Place
) -> None:
    path, secret = f"connections/{connected.connection}", f"mailchimp-{connected.connection}-2"
    other = stack.mailchimp.add_account(f"{connected.connection}-other")
    stack.vault.set(secret, other.api_key)
    call("PUT", path, connected.connection_document(secret_name=secret))
    assert call("GET", f"{path}/audiences").json()["code"] == "connection_not_ready"
    assert status(call, connected) == "needs_confirmation"


def test_a_key_that_the_vault_does_not_take_changes_no_account(
    call: Caller, stack: Stack, connected: Place
) -> None:
    path, secret = f"connections/{connected.connection}", f"mailchimp-{connected.connection}"
    other = stack.mailchimp.add_account(f"{connected.connection}-other")
    stack.vault.deny(secret)
    try:
        answer = call("PUT", f"{path}/token", {"api_key": other.api_key})
    finally:
        stack.vault.allow(secret)
    assert (answer.status_code, answer.json()["code"]) == (409, "vault_refused")
    shown = call("GET", path).json()
    assert (shown["status"], shown["awaiting"]) == ("ready", None)
    assert shown["account_id"] == connected.account.account_id


def test_mailchimp_sends_the_browser_to_the_address_that_the_platform_gives_the_app(
    stack: Stack, waiting: Place
) -> None:
    # What the worker sees behind Azure's front end is neither the scheme nor, where somebody
    # writes another Host, the name that people use.
    settings = {"WEBSITE_HOSTNAME": "func-export.azurewebsites.net"}
    host = stack.add_host(functions=NOTHING_RUNS, settings=settings)
    call = Caller(host, {"x-functions-key": stack.keys.master})
    try:
        path = f"connections/{waiting.connection}/authorize"
        answer = call("POST", path, Host="elsewhere.example")
    finally:
        stack.kill_host(host)
    assert answer.status_code == 200, answer.text
    address = parse_qs(urlsplit(answer.json()["authorize_url"]).query)["redirect_uri"]
    assert address == ["https://func-export.azurewebsites.net/api/oauth/callback"]


def test_without_such_an_address_nobody_else_is_believed(call: Caller, waiting: Place) -> None:
    path = f"connections/{waiting.connection}/authorize"
    answer = call("POST", path, Host="elsewhere.example")
    assert (answer.status_code, answer.json()["code"]) == (409, "oauth_not_configured")


def test_a_state_works_once(call: Caller, waiting: Place) -> None:
    back = sign_in(call, waiting)
    assert requests.get(back, timeout=30).status_code == 200
    again = requests.get(back, timeout=30)
    assert again.status_code == 400
    assert again.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("state", ["", "guessed", "../newsletter", "x" * 5000])
def test_an_unknown_state_is_refused(
    call: Caller, stack: Stack, waiting: Place, state: str
) -> None:
    stack.mailchimp.reset_log()
    answer = Caller(call.host, {})("GET", f"oauth/callback?code=1&state={state}")
    assert answer.status_code == 400
    assert stack.mailchimp.calls() == []
    assert status(call, waiting) == "needs_token"


def test_a_state_of_a_connection_that_was_made_anew_is_refused(
    call: Caller, waiting: Place
) -> None:
    back = sign_in(call, waiting)
    path = f"connections/{waiting.connection}"
    call("DELETE", path)
    call("PUT", path, waiting.connection_document())
    assert requests.get(back, timeout=30).status_code == 400
    assert status(call, waiting) == "needs_token"


def test_an_administrator_who_says_no_is_told(call: Caller, stack: Stack, waiting: Place) -> None:
    stack.mailchimp.set(oauth_consent="deny")
    back = sign_in(call, waiting)
    assert requests.get(back, timeout=30).status_code == 400
    assert status(call, waiting) == "needs_token"


def test_a_code_that_mailchimp_refuses_changes_nothing(call: Caller, waiting: Place) -> None:
    back = sign_in(call, waiting)
    state = parse_qs(urlsplit(back).query)["state"][0]
    answer = Caller(call.host, {})("GET", f"oauth/callback?code=invented&state={state}")
    assert answer.status_code == 400
    assert status(call, waiting) == "needs_token"


def test_a_token_that_metadata_does_not_know_is_refused(
    call: Caller, stack: Stack, waiting: Place
) -> None:
    stack.mailchimp.set(oauth_api_endpoint="")
    try:
        assert requests.get(sign_in(call, waiting), timeout=30).status_code == 400
    finally:
        stack.mailchimp.set(oauth_api_endpoint="https://{dc}.api.mailchimp.com")
    assert status(call, waiting) == "needs_token"


def test_what_comes_back_is_not_repeated_on_the_page(call: Caller) -> None:
    page = Caller(call.host, {})("GET", "oauth/callback?error=<script>alert(1)</script>")
    assert page.status_code == 400
    assert "alert" not in page.text
    assert page.text.count("<script") == 1
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src")
    assert '<meta name="result" content="expired">' in page.text
    assert re.search(r'<script type="module" src="/console/\w+/main.js">', page.text)


def test_a_state_that_has_expired_is_refused(call: Caller, stack: Stack, waiting: Place) -> None:
    back = sign_in(call, waiting)
    states = ContainerClient.from_connection_string(
        stack.azurite.connection_string, "segment-export"
    )
    for blob in states.list_blobs(name_starts_with="connections/states/"):
        document = json.loads(states.download_blob(blob.name).readall())
        # Nothing in there lets its reader sign in.
        assert parse_qs(urlsplit(back).query)["state"][0] not in json.dumps(document)
        expired = document | {"expires_at": "2026-01-01T00:00:00.000Z"}
        states.upload_blob(blob.name, json.dumps(expired), overwrite=True)
    assert requests.get(back, timeout=30).status_code == 400
    assert status(call, waiting) == "needs_token"


def test_from_signing_in_to_the_first_run(call: Caller, stack: Stack, waiting: Place) -> None:
    assert requests.get(sign_in(call, waiting), timeout=30).status_code == 200
    name = f"{waiting.connection}-first"
    assert call("PUT", f"exports/{name}", waiting.export_document()).status_code == 201
    workers = stack.add_host()
    try:
        run = call("POST", f"exports/{name}/runs").json()
        deadline = time.monotonic() + 240
        while call("GET", f"runs/{run['id']}").json()["ended_at"] is None:
            assert time.monotonic() < deadline, failures(stack)
            time.sleep(0.2)
    finally:
        stack.kill_host(workers)
    ended = call("GET", f"runs/{run['id']}").json()
    assert (ended["status"], ended["counts"]["created"]) == ("succeeded", 3)
    rows = call("GET", f"runs/{run['id']}/outcomes?code=created").text.splitlines()
    assert rows[0] == '"email","customer_id","code","detail","segments"'
    assert len(rows) == 4


@contextmanager
def held(stack: Stack, place: Place, *slots: str) -> Iterator[None]:
    """Hold slots of a place's account, as somebody does who calls Mailchimp."""
    container = app_container(stack)
    leases = []
    for slot in slots:
        blob = container.get_blob_client(f"slots/{place.account.account_id}/{slot}")
        if not blob.exists():
            blob.upload_blob(b"")
        leases.append(blob.acquire_lease(60))
    try:
        yield
    finally:
        for lease in leases:
            lease.release()


def test_people_are_answered_while_runs_have_all_connections_of_the_account(
    call: Caller, stack: Stack, connected: Place
) -> None:
    path = f"connections/{connected.connection}"
    key = {"api_key": connected.account.api_key}
    with held(stack, connected, *map(str, range(8))):
        assert call("PUT", f"{path}/token", key).status_code == 204
        assert call("POST", f"{path}/verify", {}).json()["mailchimp"]["ok"]
        assert call("GET", f"{path}/audiences").status_code == 200
        export = f"exports/{connected.connection}-busy"
        assert call("PUT", export, connected.export_document()).status_code == 201


def test_a_person_waits_for_others_who_ask_the_same_account_but_not_for_ever(
    call: Caller, stack: Stack, connected: Place
) -> None:
    stack.mailchimp.reset_log()
    with held(stack, connected, "people/slot"):
        answer = call("GET", f"connections/{connected.connection}/audiences")
    assert (answer.status_code, answer.json()["code"]) == (503, "mailchimp_busy")
    assert answer.headers["Retry-After"] == "15"
    assert stack.mailchimp.calls() == []
