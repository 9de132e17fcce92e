"""Giving up a run that can't end by itself, for a person: its export would never run again."""

from datetime import UTC, datetime, timedelta

from shared.app import App
from shared.notice import Notice
from shared.platform.blobs import Blobs
from shared.platform.clock import from_text, utc_now
from shared.runs import chunks
from shared.runs.record import Run, RunStatus, read_run
from shared.runs.stopping import RunEndedError, StopOrder, as_ordered, stop, stop_order

_STUCK_AFTER = timedelta(hours=1)
_ABANDONED = Notice(
    "abandoned",
    "A person gave the run up, as it did not end by itself. Contacts whose last call has no known "
    "answer are sent again by the next run.",
)


class NotStuckError(Exception):
    """The run has come on within the last hour."""


def request_abandon(app: App, run: str, by: str) -> Run:
    """Have a run that does not come on ended as failed; return it as shown.

    It ends once no call of it can be open any more. Raises RunEndedError, NotStuckError, and
    KeyError where there is no such run.
    """
    found = read_run(app.blobs, run)
    if found is None:
        raise KeyError(run)
    if found.status.ended and not found.unfolded:
        raise RunEndedError
    before = stop_order(app.blobs, run)
    idle = utc_now() - last_progress(app.blobs, found, before)
    if not is_abandoned(before) and idle < _STUCK_AFTER:
        raise NotStuckError
    # Again, too, when it was abandoned before: whoever did that may have died in the middle of it.
    stop(app, found, RunStatus.FAILED, _ABANDONED, by, instead=True)
    order = stop_order(app.blobs, run)
    return found if order is None else as_ordered(found, order)


def is_abandoned(order: StopOrder | None) -> bool:
    """Return whether an order gives the run up, whatever can't be added up of it."""
    return order is not None and order.error is not None and order.error.code == _ABANDONED.code


def last_progress(blobs: Blobs, run: Run, order: StopOrder | None = None) -> datetime:
    """Return when something came of a run last, its stop order included."""
    times = [run.submitted_at, run.started_at, run.input_at, run.sending_at, run.ended_at]
    moments = [from_text(text) for text in (*times, order and order.at) if text]
    accepted = max((s.accepted_at for s in chunks.states(blobs, run.id).values()), default=0)
    return max(*moments, datetime.fromtimestamp(accepted, UTC))
