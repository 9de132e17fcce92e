"""What happened to an export, in one feed."""

from typing import Any

from tests.services.http.conftest import Caller, Place, wrong_fields


def _feed(call: Caller, export: str, query: str = "") -> list[dict[str, Any]]:
    answer = call("GET", f"exports/{export}/history{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_saving_runs_and_consent_are_told_newest_first(
    call: Caller, connected: Place, export: str
) -> None:
    document = call("GET", f"exports/{export}").json()
    call("PUT", f"exports/{export}", document | {"merge_fields": {}, "leavers": "keep"})
    call("PUT", f"exports/{export}", document | {"merge_fields": {}, "leavers": "keep"})
    withdrawn = connected.connection_document(consent={"accepted": False})
    call("PUT", f"connections/{connected.connection}", withdrawn | {"shared_with": "contributors"})
    made, saved, connection = reversed(_feed(call, export))

    assert [made["kind"], saved["kind"], connection["kind"]] == ["saved", "saved", "connection"]
    assert made["changes"] == []
    assert saved["by"] == call("GET", f"exports/{export}").json()["updated_by"]
    assert {change["member"]: (change["old"], change["new"]) for change in saved["changes"]} == {
        "merge_fields.FNAME": ("FirstName", None),
        "leavers": ("untag", "keep"),
    }
    assert connection["changes"] == [{"member": "consent.accepted", "old": True, "new": False}]


def test_a_run_is_in_the_feed_and_pages_go_on_where_they_ended(call: Caller, export: str) -> None:
    run = call("POST", f"exports/{export}/runs").json()
    both = _feed(call, export)
    first = call("GET", f"exports/{export}/history?limit=1").json()
    second = call("GET", f"exports/{export}/history?limit=1&before={first['next']}").json()

    assert {item["run"] for item in both} == {None, run["id"]}
    assert first["items"] + second["items"] == both
    assert second["next"] is None
    assert _feed(call, export, "?before=2020-01-01T00:00:00Z") == []
    assert wrong_fields(call("GET", f"exports/{export}/history?before=x")) == ["before"]


def test_an_export_that_is_made_anew_begins_without_a_history(
    call: Caller, connected: Place, export: str
) -> None:
    call("POST", f"exports/{export}/detach")
    assert [item["kind"] for item in _feed(call, export)] == ["connection", "saved"]
    call("DELETE", f"exports/{export}")
    call("PUT", f"exports/{export}", connected.export_document())

    assert [item["kind"] for item in _feed(call, export)] == ["saved"]
