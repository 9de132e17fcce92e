"""A live check over HTTP: in which audience it is made, what is told of it, and what it leaves."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from subprocess import PIPE
from typing import Any

import pytest

from local.stack import Stack
from shared.app import App
from shared.bootstrap import build_app
from shared.live_check import record, upkeep
from shared.live_check.work import work_on
from shared.mailchimp.client import MailchimpClient
from shared.mailchimp.live_check.probe import Probe
from shared.mailchimp.live_check.questions import ask_all
from shared.mailchimp.live_check.rows import CODES
from shared.mailchimp.tokens import parse_token
from shared.platform.settings import Settings
from tests.services.http.conftest import Caller, Place, wrong_fields
from tests.support.root import ROOT

EMAIL = "ana@contoso.com"


@pytest.fixture
def path(connected: Place) -> str:
    return f"connections/{connected.connection}/live-check"


@pytest.fixture
def app(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> App:
    for name, value in stack.settings.items():  # where identity and vault are, too
        monkeypatch.setenv(name, value)
    return build_app(Settings.from_environment(stack.settings))


def asked(place: Place, **changes: Any) -> dict[str, Any]:
    return {"audience_id": place.audience_id, "email": EMAIL, **changes}


def test_it_is_begun_made_and_told_and_the_audience_is_as_before(
    call: Caller, stack: Stack, app: App, connected: Place, path: str
) -> None:
    people = [{"email": "eva@contoso.com", "status": "subscribed", "tags": ["News"]}]
    stack.mailchimp.put_contacts(connected.audience_id, people)
    before = stack.mailchimp.contacts(connected.audience_id)
    assert call("GET", path).status_code == 404
    begun = call("POST", path, asked(connected))
    assert (begun.status_code, begun.headers["Location"]) == (202, f"/api/{path}")
    assert (begun.json()["status"], call("GET", path).json()) == ("waiting", begun.json())
    again = call("POST", path, asked(connected))
    assert (again.status_code, again.json()["code"]) == (409, "live_check_active")

    work_on(app, connected.connection)
    told = call("GET", path).json()
    assert told["error"] is None
    assert told["status"] == "succeeded"
    assert {row["code"] for row in told["rows"]} == set(CODES)
    assert 0 < told["calls"] <= 100
    assert call("GET", f"connections/{connected.connection}").json()["live_check"] == told
    assert stack.mailchimp.contacts(connected.audience_id) == before
    assert connected.connection not in record.all_open(app.blobs)
    kept = app.blobs.read(f"live-checks/{connected.connection}.json")
    assert EMAIL.encode() not in kept
    assert call("POST", path, asked(connected)).status_code == 202


def test_the_command_warns_asks_and_tells(
    call: Caller, stack: Stack, app: App, connected: Place, path: str
) -> None:
    script = [sys.executable, "-I", str(ROOT / "scripts/live_check.py"), connected.connection]
    asks = ["--audience", connected.audience_id, "--email", EMAIL, "--app", call.host.url]
    key = {"SEGMENT_EXPORT_KEY": stack.keys.master}
    with subprocess.Popen([*script, *asks], stdout=PIPE, stderr=PIPE, text=True, env=key) as ran:
        _await(lambda: record.read(app.blobs, connected.connection) is not None)
        work_on(app, connected.connection)
        told, wrong = ran.communicate(timeout=120)
    assert (ran.returncode, wrong) == (0, "")
    lines = told.splitlines()
    assert lines[1] == "these can't be imported into that audience again."
    assert "as_assumed  status_if_new                honoured" in lines
    assert lines[-1].endswith(f"{call('GET', path).json()['calls']} calls")

    refused = subprocess.run(
        [*script, *asks[:3], "nobody", *asks[4:]],
        capture_output=True,
        text=True,
        check=False,
        env=key,
    )
    assert refused.returncode == 1
    assert "error: email: " in refused.stderr


def _await(there: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not there():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_audiences_that_somebody_needs_are_refused(
    call: Caller, stack: Stack, connected: Place, path: str
) -> None:
    stack.mailchimp.put_contacts(connected.audience_id, [{"email": EMAIL, "status": "archived"}])
    known = call("POST", path, asked(connected))
    assert (known.status_code, known.json()["code"]) == (409, "address_in_use")
    stack.mailchimp.generate_contacts(connected.audience_id, 101)
    full = call("POST", path, asked(connected)).json()
    assert (full["code"], full["params"]) == ("not_a_test_audience", {"contacts": 101})
    name = f"e-{connected.connection}"
    assert call("PUT", f"exports/{name}", connected.export_document()).status_code == 201
    used = call("POST", path, asked(connected)).json()
    assert (used["code"], used["params"]) == ("not_a_test_audience", {"export": name})
    assert call("GET", path).status_code == 404


def test_what_is_no_address_is_refused(call: Caller, connected: Place, path: str) -> None:
    for email in ("ana", "ana@contoso", "a b@contoso.com", f"{'a' * 41}@contoso.com"):
        assert wrong_fields(call("POST", path, asked(connected, email=email))) == ["email"]
    unknown = call("POST", path, asked(connected, audience_id="unknown"))
    assert unknown.json()["code"] == "audience_not_found"


def test_what_one_leaves_that_is_cut_off_is_cleared_up_at_the_next_tick(
    call: Caller, stack: Stack, app: App, connected: Place, path: str
) -> None:
    before = stack.mailchimp.contacts(connected.audience_id)
    assert call("POST", path, asked(connected)).status_code == 202
    found = record.read(app.blobs, connected.connection)
    assert found is not None
    assert found.names is not None
    record.save(app.blobs, replace(found, status="running"))
    token = parse_token(connected.account.api_key)
    with MailchimpClient(stack.mailchimp.api_url_template, token, 10) as client:
        ask_all(Probe(client, client.audience(connected.audience_id), found.names))
    assert stack.mailchimp.contacts(connected.audience_id) != before

    upkeep.resume(app)
    stack.mailchimp.fail_next("POST .*/actions/delete-permanent", "500")
    work_on(app, connected.connection)
    told = call("GET", path).json()
    assert (told["status"], told["error"]["code"]) == ("failed", "internal_error")
    assert connected.connection in record.all_open(app.blobs)
    work_on(app, connected.connection)
    assert stack.mailchimp.contacts(connected.audience_id) == before
    assert stack.mailchimp.tags(connected.audience_id) == {}
    assert connected.connection not in record.all_open(app.blobs)


def test_of_a_connection_that_goes_nothing_is_kept(
    call: Caller, app: App, connected: Place, path: str
) -> None:
    assert call("POST", path, asked(connected)).status_code == 202
    assert call("DELETE", f"connections/{connected.connection}").status_code == 204
    assert record.read(app.blobs, connected.connection) is None
    work_on(app, connected.connection)
    assert connected.connection not in record.all_open(app.blobs)


def test_whose_consent_is_withdrawn_meanwhile_is_asked_nothing(
    call: Caller, stack: Stack, app: App, connected: Place, path: str
) -> None:
    assert call("POST", path, asked(connected)).status_code == 202
    withdrawn = connected.connection_document(consent={"accepted": False})
    assert call("PUT", f"connections/{connected.connection}", withdrawn).ok
    stack.mailchimp.reset_log()
    work_on(app, connected.connection)
    assert stack.mailchimp.calls() == []
    told = call("GET", path).json()
    assert (told["status"], told["error"]["code"]) == ("failed", "connection_not_ready")
