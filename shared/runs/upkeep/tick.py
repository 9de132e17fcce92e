"""What the timer does: mends runs, starts due exports, drops what is past its retention."""

from collections.abc import Callable, Sequence

from shared.app import App
from shared.erasure import upkeep as erasures
from shared.exports import store
from shared.health.ticks import note_tick
from shared.live_check import upkeep as live_checks
from shared.mailchimp.suppressions import drop_told
from shared.notifications.changes import queue_due
from shared.platform import log
from shared.proof import upkeep as verifications
from shared.runs import last_run
from shared.runs.upkeep import memories, recovery, retention
from shared.runs.upkeep.due import start_due_exports
from shared.webhooks.settling import settle_webhooks

Step = Callable[[App], None]


def heal_indexes(app: App) -> None:
    """Have the indexes tell what documents say that others than this version have written."""
    store.INDEX.heal(app.blobs)
    last_run.INDEX.heal(app.blobs)


_ALWAYS: tuple[Step, ...] = (
    note_tick,
    heal_indexes,
    recovery.mend_runs,
    recovery.clean_boards,
    recovery.clean_slots,
    start_due_exports,
    queue_due,
    erasures.resume,
    verifications.resume,
    live_checks.resume,
    settle_webhooks,
)
# These list every run and ledger: of thousands of exports that is a lot for every five minutes.
_HOURLY: tuple[Step, ...] = (
    retention.drop_old_runs,
    retention.drop_orphaned_ledgers,
    retention.drop_orphaned_tables,
    drop_told,
    retention.drop_orphaned_memories,
    memories.put_together,
    erasures.drop_old,
    verifications.drop_old,
)


def tick(app: App) -> None:
    """Do all of it; a failing step does not stop the others."""
    _do(app, (*_ALWAYS, drop_hourly))


def drop_hourly(app: App) -> None:
    """Drop what is past its retention, unless that was done within the last hour."""
    if retention.is_due(app.blobs) and _do(app, _HOURLY):
        retention.note_done(app.blobs)


def _do(app: App, steps: Sequence[Step]) -> bool:
    """Do every step; return whether none has failed."""
    failed = False
    for step in steps:
        try:
            step(app)
        except Exception as error:  # the next tick tries again; the others must not wait for it
            failed = True
            log.failure("tick_failed", error, step=step.__name__)
    return not failed
