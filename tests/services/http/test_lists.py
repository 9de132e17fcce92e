"""Lists are searched, sorted and cut, and exports say what became of them."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from azure.storage.blob import ContainerClient

from local.functions_host.process import HostProcess
from local.stack import Stack
from tests.services.http.conftest import (
    Caller,
    Place,
    app_container,
    signed_in,
    wrong_fields,
)

CRON = {"kind": "cron", "cron": ["0 6 * * 1"], "time_zone": "Europe/Zagreb"}


@pytest.fixture
def three(call: Caller, connected: Place) -> tuple[str, list[str]]:
    """A word that three exports have in common, and their names in order."""
    word = uuid.uuid4().hex[:8]
    names = [f"{letter}-{word}" for letter in "abc"]
    for name, display_name, schedule in (
        (names[1], f"First {word}", {"kind": "none"}),
        (names[0], f"Second {word}", CRON),
        (names[2], f"third {word}", {"kind": "refresh"}),
    ):
        document = connected.export_document(display_name=display_name, schedule=schedule)
        assert call("PUT", f"exports/{name}", document).status_code == 201
    return word, names


def names_of(answer: Any) -> list[str]:
    return [item["name"] for item in answer.json()["items"]]


def test_exports_are_found_sorted_and_cut(call: Caller, three: tuple[str, list[str]]) -> None:
    word, (a, b, c) = three
    found = f"exports?search={word.upper()}"

    assert names_of(call("GET", found)) == [a, b, c]
    assert names_of(call("GET", f"{found}&sort=-name")) == [c, b, a]
    assert names_of(call("GET", f"{found}&sort=display_name")) == [b, a, c]
    assert names_of(call("GET", f"{found}&sort=-next_run"))[0] == a
    assert names_of(call("GET", f"{found}&connection=none")) == []
    for sort in ("name", "-name", "display_name", "-last_run"):
        seen: list[str] = []
        after = ""
        while True:
            page = call("GET", f"{found}&sort={sort}&limit=1{after}")
            seen += names_of(page)
            if page.json()["next"] is None:
                break
            after = f"&after={page.json()['next']}"
        assert seen == names_of(call("GET", f"{found}&sort={sort}"))
    for query, wrong in (("limit=0", "limit"), ("limit=x", "limit"), ("after=x", "after")):
        assert wrong_fields(call("GET", f"{found}&{query}")) == [wrong]
    assert wrong_fields(call("GET", f"{found}&sort=size")) == ["sort"]
    assert len(names_of(call("GET", f"{found}&limit=1000"))) == 3


def test_exports_are_found_by_what_their_runs_do(
    call: Caller, three: tuple[str, list[str]]
) -> None:
    word, (a, b, c) = three
    call("POST", f"exports/{b}/runs")

    assert names_of(call("GET", f"exports?search={word}&status=queued")) == [b]
    assert names_of(call("GET", f"exports?search={word}&status=never_run")) == [a, c]
    assert names_of(call("GET", f"exports?search={word}&status=failed")) == []


def test_an_export_says_what_became_of_it(
    call: Caller, connected: Place, three: tuple[str, list[str]]
) -> None:
    _, (a, b, c) = three
    shown = {name: call("GET", f"exports/{name}").json() for name in (a, b, c)}

    assert shown[a]["next_run_at"] is not None
    assert (shown[b]["next_run_at"], shown[c]["next_run_at"]) == (None, None)
    assert shown[c]["waiting"]["code"] == "refresh"
    assert shown[b]["waiting"] is None
    for document in shown.values():
        assert document["audience_name"] == "News"
        assert document["connection_display_name"] == connected.connection
        assert (document["last_run"], document["contacts"]) == (None, 0)
        assert document["may"] == {"edit": True, "run": True, "see_persons": True}


def test_an_export_says_what_its_caller_may_do(
    call: Caller, entra_host: HostProcess, connected: Place, export: str
) -> None:
    def may(*roles: str) -> dict[str, Any]:
        document: dict[str, Any] = signed_in(entra_host, *roles)("GET", f"exports/{export}").json()
        return dict(document["may"])

    shared = {"edit": True, "run": True, "see_persons": True}
    assert may("Contributor") == shared
    lacks = "needs_contributor"
    assert may("Viewer") == {"edit": lacks, "run": lacks, "see_persons": True}
    path = f"connections/{connected.connection}"
    call("PUT", path, call("GET", path).json() | {"shared_with": "administrators"})
    assert may("Contributor") == dict.fromkeys(shared, "not_shared")
    assert may("Viewer")["see_persons"] == "not_shared"
    assert may("Administrator") == shared
    call("POST", f"exports/{export}/detach")
    assert may("Administrator") == {"edit": True, "run": "connection_missing", "see_persons": True}


def test_the_runs_of_all_exports_are_listed_newest_first(
    call: Caller, three: tuple[str, list[str]]
) -> None:
    _, names = three
    runs = [call("POST", f"exports/{name}/runs").json()["id"] for name in names]

    def ids(query: str) -> list[str]:
        return [run["id"] for run in call("GET", f"runs?{query}").json()["items"]]

    assert sorted(ids("limit=3")) == sorted(runs)
    assert ids(f"export={names[0]}") == [runs[0]]
    assert ids(f"export={names[0]}&status=queued") == [runs[0]]
    assert ids(f"export={names[0]}&status=failed") == ids("export=nothing-here") == []
    assert ids("before=2000-01-01T00:00:00Z") == []
    assert set(runs) <= set(ids("before=2100-01-01T00:00:00Z&status=queued&limit=200"))
    first = call("GET", "runs?limit=1").json()
    assert first["next"] == first["items"][0]["id"]
    assert first["items"][0]["id"] not in ids(f"before={first['next']}")


def test_validating_tells_all_that_saving_would_and_saves_nothing(
    call: Caller, entra_host: HostProcess, connected: Place, export: str
) -> None:
    wrong = connected.export_document(email_field="Mail", colour="red", segments=["Missing"])
    refused = call("PUT", f"exports/{export}-2", wrong)
    validated = call("POST", f"exports/{export}-2/validate", wrong)

    assert validated.status_code == 200
    assert validated.json()["errors"] == refused.json()["errors"]
    codes = {error["field"]: error["code"] for error in validated.json()["errors"]}
    assert codes == {"colour": "unknown_field", "segments.0.name": "segment_not_found"}
    right = call("POST", f"exports/{export}-2/validate", connected.export_document())
    assert right.json() == {"errors": [], "warnings": right.json()["warnings"]}
    assert call("GET", f"exports/{export}-2").status_code == 404

    path = f"connections/{connected.connection}"
    call("PUT", path, call("GET", path).json() | {"shared_with": "administrators"})
    stranger = signed_in(entra_host, "Contributor")
    answer = stranger("POST", f"exports/{export}/validate", connected.export_document())
    assert "not_shared" in {error["code"] for error in answer.json()["errors"]}


def test_a_schedule_says_its_next_times(call: Caller) -> None:
    answer = call("POST", "schedules/next", {"schedule": CRON, "count": 3})
    times = answer.json()["items"]

    assert len(times) == 3
    assert times == sorted(set(times))
    assert call("POST", "schedules/next", {"schedule": {"kind": "refresh"}}).json() == {"items": []}
    never = {"schedule": {"kind": "cron", "cron": ["0 0 31 2 *"]}}
    assert wrong_fields(call("POST", "schedules/next", never)) == ["schedule.cron.0"]
    assert wrong_fields(call("POST", "schedules/next", {"schedule": CRON, "count": 51})) == [
        "count"
    ]


@pytest.fixture
def damaged(stack: Stack) -> Iterator[str]:
    """The name of an export whose stored document nobody can read."""
    name = f"damaged-{uuid.uuid4().hex[:8]}"
    documents: ContainerClient = app_container(stack)
    documents.upload_blob(f"exports/{name}.json", b'{"name": ')
    # No tick looks for what has been written behind the app's back here.
    for shard in documents.list_blob_names(name_starts_with="index/exports/"):
        documents.delete_blob(shard)
    yield name
    documents.delete_blob(f"exports/{name}.json")


def test_an_export_that_cannot_be_read_is_listed_with_its_error(
    call: Caller, three: tuple[str, list[str]], damaged: str
) -> None:
    _, names = three
    listed = {item["name"]: item for item in call("GET", "exports").json()["items"]}

    assert {*names, damaged} <= set(listed)
    assert listed[damaged]["error"]["code"] == "document_damaged"
    assert names_of(call("GET", f"exports?search={damaged}")) == [damaged]


def test_an_export_that_cannot_be_read_keeps_no_other_from_being_saved(
    call: Caller, connected: Place, damaged: str
) -> None:
    name = f"beside-{damaged}"

    assert call("PUT", f"exports/{name}", connected.export_document()).status_code == 201
    assert call("POST", "runs").status_code == 202
