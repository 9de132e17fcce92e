"""The indexes of exports and last runs: few reads however many there are, never a wrong word."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient

from local.azurite import Azurite
from shared.app import App
from shared.bootstrap import APP_CONTAINER
from shared.exports import store
from shared.exports.access import Caller, Role
from shared.exports.connection_models import StoredConnection, StoredConsent
from shared.http import exports as routes
from shared.http.messages import Request
from shared.notice import Notice
from shared.platform.blobs import Blobs, Document
from shared.platform.clock import to_text, utc_now
from shared.runs.counts import Counts
from shared.runs.last_run import INDEX as LAST_RUNS
from shared.runs.last_run import last_runs, note_end, read_last
from shared.runs.ledger import Ledger
from shared.runs.marker import take_marker
from shared.runs.neighbours import indexed_neighbours, neighbours
from shared.runs.record import Run, RunStatus, create_run
from shared.runs.upkeep.tick import tick
from shared.stored_forms import FORMS
from tests.support.stored import AT, stored_export, stored_run

FEW, MANY = 20, 100
ANA = Caller("ana", "ana", Role.ADMINISTRATOR)


class Counted:
    """An app, and how many requests it has made of its own container."""

    def __init__(self, app: App, azurite: Azurite) -> None:
        self.requests: list[str] = []
        service = BlobServiceClient.from_connection_string(
            azurite.connection_string, raw_request_hook=self._note
        )
        blobs = Blobs(service.get_container_client(APP_CONTAINER), service, FORMS)
        self.app = replace(app, blobs=blobs)

    def _note(self, request: Any) -> None:
        self.requests.append(f"{request.http_request.method} {request.http_request.url}")

    def during(self, act: Callable[[App], object]) -> int:
        before = len(self.requests)
        act(self.app)
        return len(self.requests) - before


@pytest.fixture
def counted(app: App, azurite: Azurite) -> Counted:
    return Counted(app, azurite)


def save(app: App, numbers: range) -> None:
    """Store exports, each on an audience of its own and with a run that has ended."""

    def save_one(number: int) -> None:
        name = f"news-{number:04d}"
        schedule = {"active": True, "kind": "cron", "cron": ["0 6 1 1 *"], "time_zone": "UTC"}
        now = to_text(utc_now())
        export = stored_export(
            name, audience_id=f"a{number}", schedule=schedule, scheduled_since=now
        )
        store.save_export(app.blobs, export, None)
        run = stored_run(f"{name}-20260101T000000Z-7f3a", export)
        note_end(app.blobs, replace(run, status=RunStatus.SUCCEEDED, ended_at=now))

    with ThreadPoolExecutor(4) as savers:
        list(savers.map(save_one, numbers))


def items(app: App, **query: str) -> list[Document]:
    """What is on a page of GET /exports."""
    request = Request(method="GET", url="", path={}, query=query, headers={}, body=b"", caller=ANA)
    document = routes.list_all(app, request).document
    assert document is not None
    found: list[Document] = document["items"]
    return found


def page(app: App, **query: str) -> list[str]:
    """The names on a page of GET /exports."""
    return [item["name"] for item in items(app, **query)]


def begin(app: App, name: str) -> Run:
    """Give an export an active run."""
    run = stored_run(f"{name}-20260102T000000Z-7f3a", stored_export(name))
    assert take_marker(app.blobs, run)
    assert create_run(app.blobs, run)
    return run


LOOKS: dict[str, Callable[[App], object]] = {
    "a page by name": lambda app: page(app, limit="5"),
    "a page by the last run": lambda app: page(app, limit="5", sort="-last_run"),
    "a page of one status": lambda app: page(app, limit="5", status="succeeded"),
    "a search": lambda app: page(app, limit="5", search="news-0007"),
    "neighbours": lambda app: neighbours(app.blobs, "a3", "u-other"),
    "a look before contacts leave": lambda app: indexed_neighbours(app.blobs, "a3", "u-other"),
    "exports of a connection": lambda app: store.exports_of(app.blobs, "c"),
    "a tick": tick,
}


def test_looks_at_exports_cost_the_same_however_many_there_are(counted: Counted) -> None:
    save(counted.app, range(FEW))
    tick(counted.app)  # The first one drops what is past its retention, which is done hourly.
    few = {what: counted.during(look) for what, look in LOOKS.items()}
    save(counted.app, range(FEW, MANY))
    many = {what: counted.during(look) for what, look in LOOKS.items()}

    assert many == few
    assert few["a look before contacts leave"] <= 4
    assert few["a tick"] <= 30


def test_a_page_costs_one_read_for_each_export_on_it(counted: Counted) -> None:
    save(counted.app, range(FEW))
    for number in range(FEW):
        begin(counted.app, f"news-{number:04d}")

    pages = {limit: counted.during(partial(page, limit=str(limit))) for limit in (5, FEW)}
    assert pages[FEW] - pages[5] == FEW - 5
    # The shards of both indexes, what is active, and the connection that all of them have.
    assert pages[5] - 5 <= 10


def test_connections_are_read_once_and_again_when_they_were_changed(counted: Counted) -> None:
    app = counted.app
    for number in range(FEW):
        name = f"c-{number:02d}"
        app.blobs.write_document(f"connections/{name}.json", connection(name))
        export = stored_export(f"news-{number:04d}", connection=name)
        store.save_export(app.blobs, export, None)

    def shown(_: App) -> list[str | None]:
        return [item["connection_display_name"] for item in items(app)]

    assert shown(app) == [f"c-{number:02d}" for number in range(FEW)]
    app.blobs.write_document("connections/c-03.json", connection("c-03", "Third"))
    app.blobs.delete("connections/c-04.json")

    assert counted.during(shown) <= FEW + 12
    assert shown(app)[2:6] == ["c-02", "Third", None, "c-05"]


def connection(name: str, display_name: str | None = None) -> Document:
    """A connection as it is stored."""
    return StoredConnection(
        name=name,
        display_name=display_name or name,
        shared_with="contributors",
        secret_name=f"mailchimp-{name}",
        consent=StoredConsent(accepted=True),
        created_by="test",
        created_at=AT,
        updated_by="test",
        updated_at=AT,
    ).document()


def test_a_list_shows_of_an_export_what_the_export_itself_shows(app: App) -> None:
    save(app, range(3))
    export = stored_export("news-0001", audience_id="a1")
    failed = stored_run(
        "news-0001-20260301T000000Z-7f3a",
        export,
        status=RunStatus.FAILED,
        submitted_at=to_text(utc_now()),
        ended_at=to_text(utc_now()),
        account="acc",
        error=Notice("column_missing", "There is none.", {"column": "Email"}),
        counts=Counts(profiles=9, contacts=7, skipped=9),
    )
    place = Ledger(account="acc", audience="a1", uid=export.uid, contacts=7)
    app.blobs.write_document(f"{place.folder}ledger.json", place.document())
    note_end(app.blobs, failed)
    # As 0.1.0 left it: what the run came to is in its record, its active run in its marker alone.
    create_run(app.blobs, replace(failed, id="news-0002-20260301T000000Z-7f3a", export="news-0002"))
    older = {"uid": "u-news-0002", "run": "news-0002-20260301T000000Z-7f3a", "snapshots": {}}
    times = {"submitted_at": failed.submitted_at, "ended_at": failed.ended_at}
    app.blobs.write_document(
        "exports/_last/news-0002", {**older, **times, "status": "failed", "ledger": ["acc", "a1"]}
    )
    place = replace(place, uid="u-news-0002", contacts=5)
    app.blobs.write_document(f"{place.folder}ledger.json", place.document())
    running = stored_run("news-0002-20260401T000000Z-7f3a", stored_export("news-0002"))
    app.blobs.write_document("runs/_active/news-0002", running.document())
    LAST_RUNS.heal(app.blobs)

    listed = items(app)
    alone = [_shown(app, name) for name in page(app)]
    assert listed == alone
    assert [item["contacts"] for item in listed] == [0, 7, 5]
    assert [item["active_run"] for item in listed] == [None, None, running.id]
    for item in listed[1:]:
        assert item["last_run"]["counts"]["profiles"] == 9
        assert item["last_run"]["error"]["params"] == {"column": "Email"}


def _shown(app: App, name: str) -> Document:
    """What GET /exports/{name} answers."""
    path = {"name": name}
    request = Request(method="GET", url="", path=path, query={}, headers={}, body=b"", caller=ANA)
    document: Document | None = routes.get(app, request).document
    assert document is not None
    return document


def test_results_that_are_added_up_after_a_run_has_ended_are_told(app: App) -> None:
    save(app, range(1))
    now = to_text(utc_now())
    run = stored_run(
        "news-0000-20260301T000000Z-7f3a",
        stored_export("news-0000", audience_id="a0"),
        status=RunStatus.FAILED,
        submitted_at=now,
        ended_at=now,
        account="acc",
        error=Notice("internal_error", "It broke."),
    )
    note_end(app.blobs, run)
    place = Ledger(account="acc", audience="a0", uid="u-news-0000", contacts=4)
    app.blobs.write_document(f"{place.folder}ledger.json", place.document())
    note_end(app.blobs, replace(run, counts=Counts(profiles=4, contacts=4, created=4)))

    (item,) = items(app)
    assert (item["contacts"], item["last_run"]["counts"]["created"]) == (4, 4)


def test_a_missing_or_torn_index_is_made_anew_from_the_documents(app: App) -> None:
    save(app, range(12))
    app.blobs.delete("index/exports/0.json")
    app.blobs.write("index/exports/1.json", b'{"documents": {')
    app.blobs.write("index/exports/2.json", b"{}")
    app.blobs.delete("index/last-runs/3.json")

    assert page(app) == [f"news-{number:04d}" for number in range(12)]
    assert page(app, status="succeeded") == page(app)
    assert app.blobs.read_document("index/exports/1.json") is not None


def test_a_torn_index_keeps_no_export_from_being_saved_or_removed(app: App) -> None:
    save(app, range(8))
    for shard in range(4):
        app.blobs.write(f"index/exports/{shard}.json", b"[")
    store.save_export(app.blobs, stored_export("zz-new"), None)
    store.delete_export(app.blobs, "news-0000")

    assert page(app) == [*(f"news-{number:04d}" for number in range(1, 8)), "zz-new"]


class BreaksOff(Exception):
    """The process ends here."""


def test_a_save_that_breaks_off_is_seen_by_the_next_look(app: App) -> None:
    save(app, range(3))
    changed = stored_export("news-0001", audience_id="a2")

    # As a process leaves it that ends between the document and its end in the index.
    with suppress(BreaksOff), store.INDEX.changing(app.blobs, "news-0001"):
        app.blobs.write_document("exports/news-0001.json", changed.document())
        for shard in range(4):
            _leave_mark(app, f"index/exports/{shard}.json", "news-0001")
        raise BreaksOff
    found = [export.name for export in neighbours(app.blobs, "a2", "u-other")]
    assert found == ["news-0001", "news-0002"]
    # Long afterwards nobody can be writing any more.
    assert store.INDEX.heal(app.blobs) == 1
    assert store.INDEX.heal(app.blobs) == 0


def _leave_mark(app: App, shard: str, name: str) -> None:
    """Make a mark that of a process which has ended long ago."""

    def change(document: dict[str, Any]) -> dict[str, Any]:
        if "mark" in document["documents"].get(name, {}):
            document["documents"][name] = {"mark": "of another", "at": "2026-01-01T00:00:00Z"}
        return document

    app.blobs.update_document(shard, change)


def test_what_others_wrote_behind_the_index_is_found_by_the_tick(app: App) -> None:
    save(app, range(4))
    page(app)
    app.blobs.write_document("exports/restored.json", stored_export("restored").document())
    moved = stored_export("news-0002", audience_id="elsewhere")
    app.blobs.write_document("exports/news-0002.json", moved.document())
    app.blobs.delete("exports/news-0003.json")
    tick(app)

    assert page(app) == ["news-0000", "news-0001", "news-0002", "restored"]
    found = indexed_neighbours(app.blobs, "elsewhere", "u-other")
    assert [export.name for export in found] == ["news-0002"]
    assert store.INDEX.heal(app.blobs) == LAST_RUNS.heal(app.blobs) == 0


def test_a_save_tells_the_index_what_is_stored_although_another_came_between(app: App) -> None:
    first, second = (stored_export("news", audience_id=audience) for audience in ("a1", "a2"))
    with store.INDEX.changing(app.blobs, "news"):
        app.blobs.write_document("exports/news.json", first.document())
        store.save_export(app.blobs, second, app.blobs.info("exports/news.json").etag)  # type: ignore[union-attr]  # it is there

    assert [export.audience_id for export in store.indexed_exports(app.blobs)[0]] == ["a2"]
    assert store.INDEX.heal(app.blobs) == 0


def test_the_index_remembers_of_a_last_run_what_its_document_does(app: App) -> None:
    save(app, range(2))
    last = last_runs(app.blobs)
    stored = read_last(app.blobs, "news-0001", "u-news-0001")

    assert stored is not None
    assert last.of("news-0001", "u-news-0001") == replace(stored, good=None)
    assert last.of("news-0001", "u-another") is None
    assert last.of("unknown", "u") is None
