"""Drops runs when their retention is over, and what is kept of exports that are gone."""

from shared.app import App
from shared.audiences import memory
from shared.audiences.names import audience_folder
from shared.exports import store
from shared.exports.export_index import IndexedExport
from shared.mailchimp import suppressions
from shared.platform import log
from shared.platform.blobs import Blobs
from shared.platform.clock import seconds_since, to_text, utc_now
from shared.runs import ledger, names
from shared.runs.marker import active_runs
from shared.runs.run_index import forget_run
from shared.runs.upkeep.rounds import in_turn

DONE = "runs/_retention"
"""The blob that remembers when all of this was done last."""

_EVERY_SECONDS = 3600.0
_DROPPING_SECONDS = 120.0


class UnknownExportError(Exception):
    """An export tells so little of itself that nothing may be dropped; the next tick looks."""


def is_due(blobs: Blobs) -> bool:
    """Return whether all of it was last done an hour ago or more."""
    done = blobs.read_document(DONE)
    return done is None or seconds_since(done[0]["at"]) >= _EVERY_SECONDS


def note_done(blobs: Blobs) -> None:
    """Remember that all of it has been done now."""
    blobs.write_document(DONE, {"at": to_text(utc_now())})


def drop_old_runs(app: App) -> None:
    """Drop the runs that were started too long ago, with their outcomes."""
    active = {run.id for run in active_runs(app.blobs)}

    def drop(export: str) -> None:
        for run in list(app.blobs.folders(f"{names.RUNS}{export}/")):
            if run not in active and names.is_past_retention(run, app.settings.run_retention_days):
                app.blobs.delete_all(names.folder(run))
                forget_run(app.blobs, run)
                log.event("run_dropped", run=run)

    exports = [name for name in app.blobs.folders(names.RUNS) if not name.startswith("_")]
    in_turn(app.blobs, "drop_old_runs", exports, drop, seconds=_DROPPING_SECONDS)


def drop_orphaned_ledgers(app: App) -> None:
    """Drop the ledgers of exports that no longer exist and have no run."""
    # Ledgers first: that of an export which is made between the looks is none of these. Then runs:
    # an export that is deleted between the looks still has its run's uid.
    ledgers = ledger.all_ledgers(app.blobs)
    uids = {run.uid for run in active_runs(app.blobs)}
    exports = _known_exports(app.blobs)
    uids |= {export.uid for export in exports}
    orphaned = [found for found in ledgers if found[2] not in uids]
    for account, audience, uid in orphaned:
        app.blobs.delete_all(f"{audience_folder(account, audience)}{uid}/")
    if orphaned:
        log.event("ledgers_dropped", ledgers=len(orphaned))


def drop_orphaned_tables(app: App) -> None:
    """Drop the tables of protected contacts of audiences that no export knows any more."""
    # Tables first, as above: one that is made between the looks is none of these.
    tables = list(suppressions.tables(app))
    known = {audience for _, audience, _ in ledger.all_ledgers(app.blobs)}
    known |= {run.audience for run in active_runs(app.blobs)}
    exports = _known_exports(app.blobs)
    known |= {export.audience_id for export in exports}
    orphaned = [table for table in tables if table[1] not in known]
    for account, audience in orphaned:
        suppressions.drop(app, account, audience)
    if orphaned:
        log.event("suppressions_dropped", tables=len(orphaned))


def drop_orphaned_memories(app: App) -> None:
    """Drop what is remembered of audiences that no export has named for the retention of runs."""
    # Memories first, as above.
    found = list(memory.memories(app.blobs))
    known = {audience for _, audience, _ in ledger.all_ledgers(app.blobs)}
    known |= {run.audience for run in active_runs(app.blobs)}
    known |= {export.audience_id for export in _known_exports(app.blobs)}
    longest = app.settings.run_retention_days * 86_400
    orphaned = [
        one
        for one in found
        if one.audience not in known and one.noted_at and seconds_since(one.noted_at) > longest
    ]
    for one in orphaned:
        app.blobs.delete_all(one.folder)
    if orphaned:
        log.event("memories_dropped", memories=len(orphaned))


def _known_exports(blobs: Blobs) -> list[IndexedExport]:
    """Return all exports, of those that can't be read what they tell; raises UnknownExportError."""
    # What is dropped is gone: here counts what the documents say.
    store.INDEX.heal(blobs)
    exports, unreadable = store.indexed_exports(blobs)
    outlines = [
        IndexedExport.outline(found.outline) for found in unreadable if found.outline is not None
    ]
    if len(outlines) < len(unreadable):
        log.event("nothing_dropped", unreadable=len(unreadable))
        raise UnknownExportError
    return [*exports, *outlines]
