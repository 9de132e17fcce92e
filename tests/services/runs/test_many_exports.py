"""An installation of many exports: they are listed and started side by side, none is forgotten."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from shared.app import App
from shared.exports import store
from shared.platform.blobs import Blobs
from shared.platform.clock import to_text, utc_now
from shared.runs.last_run import note_end
from shared.runs.marker import active_exports, take_marker
from shared.runs.record import RunStatus
from shared.runs.upkeep.due import start_due_exports
from tests.support.stored import stored_export, stored_run

EVERY_DAY = {"kind": "cron", "cron": ["0 6 * * *"], "time_zone": "UTC"}


def names_of(app: App) -> list[str]:
    return [export.name for export in store.indexed_exports(app.blobs)[0]]


def fill(app: App, count: int) -> list[str]:
    """Store exports at once, as if they had been there before there was an index."""
    names = [f"news-{number:03d}" for number in range(count)]

    def write(name: str) -> None:
        app.blobs.write_document(f"exports/{name}.json", stored_export(name).document())

    with ThreadPoolExecutor(8) as writers:
        list(writers.map(write, reversed(names)))
    return names


def save(app: App, name: str, schedule: dict[str, Any], container: str = "segments") -> None:
    """Store an export that has had its schedule for long."""
    export = stored_export(
        name,
        source={"container": container, "folder": "BlobExport"},
        schedule={"active": True, **schedule},
    )
    store.save_export(app.blobs, export, None)


def test_a_list_has_every_export_in_the_order_of_their_names(app: App) -> None:
    names = fill(app, 150)
    app.blobs.write_document("exports/_last/news-000", {"run": "of no export's document"})
    assert names_of(app) == names


def test_an_export_that_is_deleted_while_a_list_is_read_is_left_out(app: App) -> None:
    names = fill(app, 150)

    def seen() -> Iterator[str]:
        for name in names:
            yield f"exports/{name}.json"
            if name == names[0]:
                app.blobs.delete(f"exports/{names[-1]}.json")

    assert [found["name"] for found in app.blobs.read_documents(seen())] == names[:-1]
    store.INDEX.heal(app.blobs)
    assert names_of(app) == names[:-1]


def test_every_export_that_is_due_is_started_and_a_broken_one_keeps_none_of_them(app: App) -> None:
    names = [f"news-{number:02d}" for number in range(40)]
    for name in names:
        save(app, name, EVERY_DAY)
    app.blobs.write_document("exports/broken.json", {"name": "broken"})
    save(app, "switched-off", EVERY_DAY | {"active": False})
    start_due_exports(app)
    assert active_exports(app.blobs) == set(names)


def test_of_those_whose_leavers_wait_for_one_audience_one_is_started_at_a_time(app: App) -> None:
    for number in range(20):
        save(app, f"news-{number:02d}", {"kind": "refresh"})
    now = to_text(utc_now())
    for name in names_of(app):
        export = store.load_export(app.blobs, name)[0]  # type: ignore[index]  # it is there
        run = stored_run(f"{export.name}-20260101T000000Z-7f3a", export, leavers_due=True)
        note_end(app.blobs, replace(run, status=RunStatus.SUCCEEDED, ended_at=now))
    start_due_exports(app)
    assert len(active_exports(app.blobs)) == 1


def test_a_folder_is_looked_at_once_and_not_for_an_export_that_runs(app: App) -> None:
    asked = []

    def container(name: str) -> Blobs:
        asked.append(name)
        return app.segment_container(name)

    for number in range(40):
        save(app, f"news-{number:02d}", {"kind": "refresh"}, container="shared")
    save(app, "running", {"kind": "refresh"}, container="of-its-own")
    take_marker(app.blobs, stored_run("running-20260101T000000Z-7f3a", stored_export("running")))
    start_due_exports(replace(app, segment_container=container))
    assert asked == ["shared"]
