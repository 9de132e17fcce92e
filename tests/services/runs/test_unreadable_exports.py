"""An export whose document can't be read: it stops nobody else, and nothing of it is lost."""

import json
from contextlib import nullcontext

import pytest

from shared.app import App
from shared.exports import store
from shared.exports.models import StoredExport
from shared.runs.neighbours import UnknownNeighbourError, neighbours
from shared.runs.upkeep import retention
from tests.support.steps import Steps
from tests.support.stored import stored_export

LATER = 99


def _write(app: App, export: StoredExport, **changes: object) -> None:
    document = {**export.document(), **changes}
    app.blobs.write(f"exports/{export.name}.json", json.dumps(document).encode())
    store.INDEX.heal(app.blobs)


def test_exports_are_told_from_those_that_a_later_version_wrote_and_damaged_ones(app: App) -> None:
    store.save_export(app.blobs, stored_export("good"), None)
    _write(app, stored_export("later"), version=LATER)
    _write(app, stored_export("wrong"), segments="none")
    exports, unreadable = store.indexed_exports(app.blobs)

    assert [export.name for export in exports] == ["good"]
    assert {one.name: one.code for one in unreadable} == {
        "later": "unknown_form",
        "wrong": "document_damaged",
    }


def test_what_an_unreadable_export_gives_is_known_to_others_on_its_audience(app: App) -> None:
    _write(app, stored_export("later", audience_id="a1"), version=LATER)
    found = neighbours(app.blobs, "a1", "u-other")

    assert [(export.uid, export.tags) for export in found] == [("u-later", ("VIP",))]
    assert neighbours(app.blobs, "a2", "u-other") == []


def test_beside_a_document_that_says_nothing_no_plan_is_made(app: App) -> None:
    app.blobs.write("exports/torn.json", b'{"name": ')

    with pytest.raises(UnknownNeighbourError):
        neighbours(app.blobs, "a1", "u-other")


@pytest.mark.parametrize("torn", [False, True])
def test_the_ledger_of_an_unreadable_export_is_kept(steps: Steps, *, torn: bool) -> None:
    steps.finish(steps.sent())
    ledgers = _ledgers(steps.app)
    _write(steps.app, steps.export(), version=LATER)
    if torn:
        steps.app.blobs.write(f"exports/{steps.name}.json", b'{"name": ')
    try:
        for step in (retention.drop_orphaned_ledgers, retention.drop_orphaned_tables):
            with pytest.raises(retention.UnknownExportError) if torn else nullcontext():
                step(steps.app)
        assert _ledgers(steps.app) == ledgers
    finally:
        # Others share this storage.
        store.delete_export(steps.app.blobs, steps.name)


def _ledgers(app: App) -> list[str]:
    return [blob.name for blob in app.blobs.list("ledgers/")]
