"""What the timer does about live checks: goes on with those that wait, clears up after others."""

from shared.app import App
from shared.live_check import record
from shared.platform import log, queues
from shared.platform.forms import FormError


def resume(app: App) -> None:
    """Have live checks worked on that wait, were cut off, or may have left something."""
    for connection in list(record.all_open(app.blobs)):
        try:
            found = record.read(app.blobs, connection)
        except FormError:  # a later version's: it knows what to do
            continue
        if found is None or (found.ended and found.names is None):
            record.close(app.blobs, connection)
        elif not _is_worked_on(app, connection):
            app.queues.send(queues.UPKEEP, {"live_check": connection})
            log.event("live_check_resumed", connection=connection)


def _is_worked_on(app: App, connection: str) -> bool:
    lock = app.blobs.info(record.lock_name(connection))
    return lock is not None and lock.leased
