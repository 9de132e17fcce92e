"""What the timer does about verifications: goes on with those that wait, drops old ones."""

from datetime import timedelta

from shared.app import App
from shared.exports import store
from shared.platform import log, queues
from shared.platform.clock import utc_now
from shared.platform.forms import FormError
from shared.proof import record


def resume(app: App) -> None:
    """Have verifications worked on that wait for something, or were cut off."""
    for uid in list(record.all_open(app.blobs)):
        try:
            found = record.read(app.blobs, uid)
        except FormError:  # a later version's: it knows what to do
            continue
        if found is None or found.ended:
            record.close(app.blobs, uid)
        elif not _is_worked_on(app, uid):
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
    try:
        found = record.read(app.blobs, uid)
        export = store.load_export(app.blobs, found.export) if found else None
    except (FormError, ValueError):  # what can't be read may be there
        return True
    return export is not None and export[0].uid == uid


def _is_worked_on(app: App, uid: str) -> bool:
    lock = app.blobs.info(record.lock_name(uid))
    return lock is not None and lock.leased
