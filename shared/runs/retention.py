"""Drops runs and outcomes when their retention is over, and ledgers of exports that are gone."""

from datetime import UTC, datetime, timedelta

from shared.app import App
from shared.exports import store
from shared.platform import log
from shared.platform.clock import utc_now
from shared.runs import ledger, records


def drop_old_runs(app: App) -> None:
    """Drop the outcomes of runs that ended too long ago, then, as long again, the record."""
    keep = timedelta(days=app.settings.run_retention_days)
    active = {first["id"] for _, first in records.active_runs(app)}
    for export in list(app.blobs.folders("runs/")):
        if export.startswith("_"):
            continue
        for run in list(app.blobs.folders(f"runs/{export}/")):
            begun = _begun(run)
            if begun is None or run in active or utc_now() - begun < keep:
                continue
            _drop(app, run, utc_now() - begun >= 2 * keep)


def drop_orphaned_ledgers(app: App) -> None:
    """Drop the ledgers of exports that no longer exist and have no run."""
    # Ledgers first: that of an export which is made between the looks is none of these. Then runs:
    # an export that is deleted between the looks still has its run's uid.
    folders = ledger.all_folders(app.blobs)
    uids = {first["configuration"]["uid"] for _, first in records.active_runs(app)}
    uids |= {export["uid"] for export in store.list_exports(app.blobs)}
    orphaned = [folder for uid, folder in folders if uid not in uids]
    for folder in orphaned:
        app.blobs.delete_all(folder)
    if orphaned:
        log.event("ledgers_dropped", ledgers=len(orphaned))


def _drop(app: App, run: str, all_of_it: bool) -> None:
    record = records.read_record(app, run)
    if record is not None and record["status"] not in records.ENDED:
        return
    if all_of_it or record is None:
        app.blobs.delete_all(records.folder(run))
        log.event("run_dropped", run=run)
    elif not record.get("outcomes_dropped"):
        app.blobs.delete_all(f"{records.folder(run)}outcomes/")
        app.blobs.update_document(
            records.record_name(run), lambda stored: {**stored, "outcomes_dropped": True}
        )
        log.event("outcomes_dropped", run=run)


def _begun(run: str) -> datetime | None:
    try:
        return datetime.strptime(run.rsplit("-", 2)[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except (IndexError, ValueError):
        return None
