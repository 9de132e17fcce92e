"""A verification over HTTP: who may begin it, what is told of it, and to whom persons are shown."""

from dataclasses import replace

import polars as pl
import pytest

from local.functions_host.process import HostProcess
from local.stack import Stack
from shared.bootstrap import build_app
from shared.exports import store
from shared.platform.settings import Settings
from shared.proof import record, rows
from shared.proof.compare import ROWS
from shared.proof.record import Differing
from tests.services.http.conftest import Caller, Place, signed_in, wrong_fields

JSON = {"Accept": "application/json"}


@pytest.fixture
def path(export: str) -> str:
    return f"exports/{export}/verification"


@pytest.fixture
def ended(call: Caller, stack: Stack, export: str, path: str) -> str:
    """The path of a verification that has ended: two tags are missing, one contact is."""
    assert call("POST", path).status_code == 202
    app = build_app(Settings.from_environment(stack.settings))
    found = store.load_export(app.blobs, export)
    assert found is not None
    now = record.read(app.blobs, found[0].uid)
    assert now is not None
    named = [
        ("ana@contoso.com", "1", "by_hand", "tag_missing", "=News", True),
        ("ivo@contoso.com", "2", "by_hand", "tag_missing", "=News", True),
        ("ivo@contoso.com", "2", "refused", "value", None, False),
    ]
    rows.write(app.blobs, now, pl.DataFrame(named, ROWS, orient="row"))
    differing = (
        Differing("by_hand", "tag_missing", 2, repairable=True),
        Differing("refused", "value", 1, repairable=False),
    )
    ended = replace(now.as_ended("succeeded"), as_promised=1, differing=differing, run="x")
    record.save(app.blobs, ended)
    return path


def test_one_at_a_time_is_begun_looked_at_and_stopped(call: Caller, path: str) -> None:
    assert call("GET", path).status_code == 404
    assert call("DELETE", path).status_code == 404
    begun = call("POST", path)
    assert (begun.status_code, begun.headers["Location"]) == (202, f"/api/{path}")
    assert begun.json()["status"] == "waiting"
    again = call("POST", path)
    assert (again.status_code, again.json()["code"]) == (409, "verification_active")

    stopped = call("DELETE", path)
    assert (stopped.status_code, stopped.json()["status"]) == (202, "stopped")
    assert call("GET", path).json() == stopped.json()
    assert call("POST", path).status_code == 202


def test_what_differs_is_told_with_its_rows_page_by_page_and_as_a_file(
    call: Caller, ended: str
) -> None:
    told = call("GET", ended).json()
    assert (told["status"], told["as_promised"]) == ("succeeded", 1)
    assert [one["count"] for one in told["differing"]] == [2, 1]

    first = call("GET", f"{ended}/rows?limit=2", **JSON).json()
    assert [(one["email"], one["field"]) for one in first["items"]] == [
        ("ana@contoso.com", "=News"),
        ("ivo@contoso.com", "=News"),
    ]
    rest = call("GET", f"{ended}/rows?limit=2&after={first['next']}", **JSON).json()
    assert ([one["what"] for one in rest["items"]], rest["next"]) == (["value"], None)
    one = call("GET", f"{ended}/rows?code=by_hand,foreign&what=value", **JSON).json()
    assert one["items"] == []
    assert wrong_fields(call("GET", f"{ended}/rows?code=nothing")) == ["code"]

    lines = call("GET", f"{ended}/rows").text.splitlines()
    assert lines[0] == '"email","customer_id","code","what","field","repairable"'
    assert lines[1] == '"ana@contoso.com","1","by_hand","tag_missing","\'=News","true"'
    assert len(lines) == 4
    assert len(call("GET", f"{ended}/rows?what=value").text.splitlines()) == 2


def test_persons_are_shown_where_the_connection_is_shared(
    entra_host: HostProcess, call: Caller, ended: str, connected: Place
) -> None:
    assert signed_in(entra_host, "Viewer")("GET", ended).status_code == 403
    contributor = signed_in(entra_host, "Contributor")
    shown = contributor("GET", f"{ended}/rows", **JSON).json()["items"][0]
    assert (shown["email"], shown["customer_id"]) == ("ana@contoso.com", "1")
    alone = connected.connection_document(shared_with="administrators")
    assert call("PUT", f"connections/{connected.connection}", alone).ok

    assert contributor("GET", f"{ended}/rows").json()["code"] == "not_shared"
    masked = contributor("GET", f"{ended}/rows", **JSON).json()["items"][0]
    assert (masked["email"], masked["customer_id"]) == ("a***@c***.com", None)
    assert contributor("POST", ended).status_code == 403


def test_a_repair_is_refused_without_a_verification_of_the_last_run(
    call: Caller, export: str, path: str
) -> None:
    runs = f"exports/{export}/runs"
    missing = call("POST", runs, {"repair": True})
    assert (missing.status_code, missing.json()["code"]) == (409, "verification_missing")
    assert call("POST", runs, {"repair": True, "full": True}).status_code == 422
    assert call("POST", path).status_code == 202
    assert call("POST", runs, {"repair": True}).json()["code"] == "verification_missing"


def test_a_repair_after_another_run_is_refused(call: Caller, ended: str, export: str) -> None:
    assert ended
    outdated = call("POST", f"exports/{export}/runs", {"repair": True})
    assert (outdated.status_code, outdated.json()["code"]) == (409, "verification_outdated")
