"""What the timer does about erasures: goes on with those that are not done, drops old ones."""

from datetime import timedelta

from shared.app import App
from shared.erasure import record
from shared.platform import log, queues
from shared.platform.blobs import BlobInfo
from shared.platform.clock import seconds_since, utc_now

# Whoever works on one writes more often, or holds its lock.
_SILENT_SECONDS = 30.0


def resume(app: App) -> None:
    """Have erasures worked on that were cut off, or that are to be tried again now."""
    for blob in record.all_open(app.blobs):
        id_ = record.id_of(blob)
        if _is_due(app, blob, id_):
            app.queues.send(queues.UPKEEP, {"erasure": id_})
            log.event("erasure_resumed", erasure=id_)


def drop_old(app: App) -> None:
    """Drop what is told of erasures that were done longer ago than runs are kept."""
    oldest = utc_now() - timedelta(days=app.settings.run_retention_days)
    open_ = {record.id_of(blob) for blob in record.all_open(app.blobs)}
    for blob in app.blobs.list(record.FOLDER):
        is_told = "/" not in blob.name.removeprefix(record.FOLDER)
        if is_told and blob.modified < oldest and record.id_of(blob) not in open_:
            record.drop(app.blobs, record.id_of(blob))


def _is_due(app: App, blob: BlobInfo, id_: str) -> bool:
    lock = app.blobs.info(record.lock_name(id_))
    if lock is not None and lock.leased:
        return False
    found, told = record.read_open(app.blobs, id_), record.read_told(app.blobs, id_)
    if told is not None and told.status == "incomplete":
        next_try = found.next_try_at if found else None
        return next_try is not None and seconds_since(next_try) >= 0
    return (utc_now() - blob.modified).total_seconds() >= _SILENT_SECONDS
