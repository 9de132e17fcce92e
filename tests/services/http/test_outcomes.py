"""Outcomes over HTTP: as a file, in parts, page by page, of one person, and to whom."""

from collections.abc import Iterator
from dataclasses import replace

import polars as pl
import pytest

from local.functions_host.process import HostProcess
from local.stack import Stack
from shared.bootstrap import build_app
from shared.frames.masks import MASK
from shared.platform.settings import Settings
from shared.runs import outcomes
from shared.runs.codes import NAMES
from shared.runs.record import RunStatus, change_run
from tests.services.http.conftest import NOTHING_RUNS, Caller, Place, signed_in, wrong_fields

CREATED = next(number for number, name in NAMES.items() if name == "created")
REJECTED = next(number for number, name in NAMES.items() if name == "rejected_other")
PARQUET = "application/vnd.apache.parquet"
MAILCHIMP_SAYS = "p1@contoso.com looks odd"


@pytest.fixture
def run(call: Caller, stack: Stack, export: str) -> str:
    """A run that has ended with three rows."""
    run: str = call("POST", f"exports/{export}/runs").json()["id"]
    app = build_app(Settings.from_environment(stack.settings))
    rows = pl.DataFrame(
        {
            "email": ["p0@contoso.com", "p1@contoso.com", ""],
            "customer_id": ["1", "2", "3"],
            "code": [CREATED, REJECTED, CREATED],
            "detail": ["", MAILCHIMP_SAYS, ""],
            "segments": pl.Series([1, 2, 3], dtype=MASK),
        }
    )
    outcomes.write(app.blobs, run, rows, ["HighValueSegment", "Readers"])
    change_run(app.blobs, run, lambda found: replace(found, status=RunStatus.SUCCEEDED))
    return run


@pytest.fixture
def parts_host(stack: Stack) -> Iterator[HostProcess]:
    host = stack.add_host(functions=NOTHING_RUNS, settings={"OUTCOME_DOWNLOADS": "parts"})
    yield host
    stack.kill_host(host)


def test_outcomes_come_page_by_page(call: Caller, run: str) -> None:
    path = f"runs/{run}/outcomes"
    first = call("GET", f"{path}?limit=2", Accept="application/json").json()
    rest = call("GET", f"{path}?limit=2&after={first['next']}", Accept="application/json").json()
    items = [*first["items"], *rest["items"]]

    assert rest["next"] is None
    assert sorted(item["customer_id"] for item in items) == ["1", "2", "3"]
    [rejected] = call("GET", f"{path}?code=rejected_other", Accept="application/json").json()[
        "items"
    ]
    assert rejected == {
        "email": "p1@contoso.com",
        "customer_id": "2",
        "code": "rejected_other",
        "detail": MAILCHIMP_SAYS,
        "reason": None,
        "segments": ["Readers"],
    }
    readers = call("GET", f"{path}?segment=Readers&code=created", Accept="application/json").json()
    assert [item["segments"] for item in readers["items"]] == [["HighValueSegment", "Readers"]]
    assert readers["csv_url"] is None
    for query in ("code=lost", "after=x", "limit=0"):
        answer = call("GET", f"{path}?{query}", Accept="application/json")
        assert wrong_fields(answer) == [query.split("=")[0]]


def test_one_person_is_found_without_being_in_the_address(call: Caller, run: str) -> None:
    path = f"runs/{run}/outcomes/search"
    by_address = call("POST", path, {"email": " P1@Contoso.com"}).json()["items"]

    assert [item["customer_id"] for item in by_address] == ["2"]
    assert call("POST", path, {"customer_id": "2"}).json()["items"] == by_address
    assert call("POST", path, {"email": "nobody@contoso.com"}).json()["items"] == []
    assert call("POST", path, {}).status_code == 422


def test_a_part_of_the_file_is_given_when_it_is_asked_for(
    stack: Stack, call: Caller, parts_host: HostProcess, run: str
) -> None:
    whole = call("GET", f"runs/{run}/outcomes").content
    for caller in (call, Caller(parts_host, {"x-functions-key": stack.keys.function})):
        part = caller("GET", f"runs/{run}/outcomes", Range="bytes=3-9")
        assert (part.status_code, part.content) == (206, whole[3:10])
        assert part.headers["Content-Range"] == f"bytes 3-9/{len(whole)}"
        rest = caller("GET", f"runs/{run}/outcomes", Range="bytes=5-")
        assert rest.content == whole[5:]
        assert caller("GET", f"runs/{run}/outcomes", Range="bytes=999999-").status_code == 416
    page = Caller(parts_host, {"x-functions-key": stack.keys.function})(
        "GET", f"runs/{run}/outcomes", Accept="application/json"
    )
    assert page.json()["csv_url"] is None


def test_as_parquet_they_have_the_columns_of_the_csv_and_lists_of_segments(
    call: Caller, run: str
) -> None:
    answer = call("GET", f"runs/{run}/outcomes", Accept=PARQUET)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, PARQUET)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{run}.parquet"'
    rows = pl.read_parquet(answer.content)
    assert rows.to_dict(as_series=False) == {
        "email": ["p0@contoso.com", "p1@contoso.com", ""],
        "customer_id": ["1", "2", "3"],
        "code": ["created", "rejected_other", "created"],
        "detail": ["", MAILCHIMP_SAYS, ""],
        "segments": [["HighValueSegment"], ["Readers"], ["HighValueSegment", "Readers"]],
    }
    some = call("GET", f"runs/{run}/outcomes?code=created", Accept=PARQUET)
    assert pl.read_parquet(some.content)["customer_id"].sort().to_list() == ["1", "3"]
    none = pl.read_parquet(call("GET", f"runs/{run}/outcomes?code=failed", Accept=PARQUET).content)
    assert (none.height, none.schema) == (0, rows.schema)


def test_persons_are_shown_where_the_connection_is_shared(
    call: Caller, entra_host: HostProcess, connected: Place, run: str
) -> None:
    viewer, administrator = signed_in(entra_host, "Viewer"), signed_in(entra_host, "Administrator")
    path = f"runs/{run}/outcomes"
    assert viewer("GET", path).status_code == 200
    connection = f"connections/{connected.connection}"
    shared = call("GET", connection).json()
    call("PUT", connection, shared | {"shared_with": "administrators"})

    for answer in (
        viewer("GET", path),
        viewer("GET", path, Range="bytes=0-9"),
        viewer("GET", path, Accept=PARQUET),
        viewer("POST", f"{path}/search", {"customer_id": "1"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "not_shared")
    page = viewer("GET", path, Accept="application/json")
    assert "p1@" not in page.text
    assert {item["customer_id"] for item in page.json()["items"]} == {None}
    assert page.json()["csv_url"] is None
    assert administrator("GET", path).status_code == 200


def test_downloads_searches_and_starts_are_in_the_audit_with_who(
    stack: Stack, call: Caller, run: str
) -> None:
    call("GET", f"runs/{run}/outcomes")
    call("POST", f"runs/{run}/outcomes/search", {"email": "p1@contoso.com"})
    audited = [line for line in stack.logs().splitlines() if run in line and "audit" in line]

    for action in ("run_started", "outcomes_read", "outcomes_searched"):
        assert any(action in line and "function key" in line for line in audited), action
    assert not any("p1@contoso.com" in line for line in audited)
