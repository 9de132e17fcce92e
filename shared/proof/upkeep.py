"""What the timer does about verifications: goes on with those that wait, drops old ones."""

from datetime import timedelta

from shared.app import App
from shared.exports import store
from shared.platform import log, queues
from shared.platform.blobs import BlobInfo
from shared.platform.clock import utc_now
from shared.proof import record

# Whoever works on one writes more often.
_SILENT_SECONDS = 30.0


def resume(app: App) -> None:
    """Have verifications worked on that wait for something, or were cut off."""
    for blob in record.all_blobs(app.blobs):
        uid = record.uid_of(blob)
        if _is_silent(app, blob, uid):
            found = record.read(app.blobs, uid)
            if found is not None and not found.ended:
                app.queues.send(queues.UPKEEP, {"verification": uid})
                log.event("verification_resumed", export=found.export)


def drop_old(app: App) -> None:
    """Drop verifications that ended longer ago than runs are kept, and those of no export."""
    oldest = utc_now() - timedelta(days=app.settings.run_retention_days)
    for blob in record.all_blobs(app.blobs):
        uid = record.uid_of(blob)
        if blob.modified < oldest or not _has_export(app, uid):
            record.drop(app.blobs, uid)


def _has_export(app: App, uid: str) -> bool:
    found = record.read(app.blobs, uid)
    export = store.load_export(app.blobs, found.export) if found else None
    return export is not None and export[0].uid == uid


def _is_silent(app: App, blob: BlobInfo, uid: str) -> bool:
    lock = app.blobs.info(record.lock_name(uid))
    leased = lock is not None and lock.leased
    return not leased and (utc_now() - blob.modified).total_seconds() >= _SILENT_SECONDS
