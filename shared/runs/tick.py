"""What the timer does: mends runs, starts due exports, drops what is past its retention."""

from collections.abc import Callable
from datetime import datetime, timedelta

from cronsim import CronSim

from shared.app import App
from shared.notifications.changes import tell_due
from shared.platform import log
from shared.platform.clock import utc_now
from shared.runs import recovery, retention
from shared.runs.due import start_due_exports

Step = Callable[[App], None]

_ALWAYS: tuple[Step, ...] = (
    recovery.mend_runs,
    recovery.clean_boards,
    recovery.clean_slots,
    start_due_exports,
    tell_due,
)
# These list every run and ledger: of thousands of exports that is a lot for every five minutes.
_HOURLY: tuple[Step, ...] = (
    retention.drop_old_runs,
    retention.drop_orphaned_ledgers,
    retention.drop_orphaned_tables,
)


def tick(app: App) -> None:
    """Do all of it; a step that fails keeps none of the others."""
    hourly = _HOURLY if is_last_of_hour(app.settings.tick_schedule, utc_now()) else ()
    for step in (*_ALWAYS, *hourly):
        try:
            step(app)
        except Exception as error:  # the next tick tries again; the others must not wait for it
            log.failure("tick_failed", error, step=step.__name__)


def is_last_of_hour(schedule: str, now: datetime) -> bool:
    """Tell whether no other tick of this NCRONTAB schedule follows within the same hour."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    return next(CronSim(schedule, now)) >= hour + timedelta(hours=1)
