"""What the timer does: mends runs, starts due exports, drops what is past its retention."""

from shared.app import App
from shared.notifications.changes import tell_due
from shared.platform import log
from shared.runs import recovery, retention
from shared.runs.due import start_due_exports


def tick(app: App) -> None:
    """Do all of it; a step that fails keeps none of the others."""
    for step in (
        recovery.mend_runs,
        recovery.clean_boards,
        recovery.clean_slots,
        start_due_exports,
        tell_due,
        retention.drop_old_runs,
        retention.drop_orphaned_ledgers,
        retention.drop_orphaned_tables,
    ):
        try:
            step(app)
        except Exception as error:  # the next tick tries again; the others must not wait for it
            log.failure("tick_failed", error, step=step.__name__)
