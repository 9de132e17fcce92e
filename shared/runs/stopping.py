"""Stopping a run: an order that counts from the moment it is written, and who gives it."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import TypeAdapter

from shared.app import App
from shared.notice import Notice
from shared.platform import queues
from shared.platform.blobs import Blobs
from shared.platform.clock import to_text, utc_now
from shared.runs import names
from shared.runs.marker import active_run, active_runs
from shared.runs.record import Run, RunStatus, change_run, read_run

# Who gives an order that no person gives.
BY_APP = "segment-export"
CancelReason = Literal["consent_withdrawn", "connection_removed"]
_REASONS: dict[CancelReason, str] = {
    "consent_withdrawn": (
        "The agreement to the data privacy terms was withdrawn, so the run was stopped. What had "
        "been sent stays in Mailchimp."
    ),
    "connection_removed": (
        "The connection was removed, so the run was stopped. What had been sent stays in Mailchimp."
    ),
}


class RunEndedError(Exception):
    """The run has ended: it can't be cancelled any more."""


@dataclass(frozen=True)
class StopOrder:
    """How a run ends that no further call is made for; `by` is a person or the app."""

    status: RunStatus
    error: Notice | None
    by: str
    at: str


_ADAPTER = TypeAdapter(StopOrder)


def stop_order(blobs: Blobs, run: str) -> StopOrder | None:
    """Return the order that stops a run, None where it may go on."""
    found = blobs.read_document(names.stop_name(run))
    return _ADAPTER.validate_python(found[0]) if found else None


def as_ordered(run: Run, order: StopOrder) -> Run:
    """Return a run that is still being stopped with the end that whoever stopped it was told."""
    return run if run.status.ended else replace(run, status=order.status, error=order.error)


def stop(
    app: App,
    run: Run,
    status: RunStatus,
    error: Notice | None,
    by: str,
    *,
    instead: bool = False,
) -> None:
    """Order that no further call is made for a run, and have it finished as far as it came.

    The first order counts, or this one `instead` of it. Works whether the run is queued, planning
    or sending.
    """
    order = StopOrder(status, error, by, to_text(utc_now()))
    document = _ADAPTER.dump_python(order, mode="json")
    if app.blobs.create_document(names.stop_name(run.id), document) is None and instead:
        app.blobs.update_document(names.stop_name(run.id), lambda _: document)
    # Only now: a planner that has just learnt the account either sees the order or shows it, and
    # who ends the run sees the order or has ended it already.
    touched = change_run(app.blobs, run.id, lambda r: replace(r, stopped=True))
    if account := (touched or run).account:
        app.board.stop_run(account, run.id)
    app.queues.send(queues.FINISH, {"run": run.id})


def request_cancel(app: App, run: str, *, reason: CancelReason | None, by: str) -> Run:
    """Cancel a run for a person, or with a reason's error code; return the run as shown.

    Raises RunEndedError, and KeyError where there is no such run.
    """
    found = read_run(app.blobs, run) or _first_record(app.blobs, run)
    if found is None:
        raise KeyError(run)
    if found.status.ended:
        raise RunEndedError
    stopped = stop_order(app.blobs, run) is not None
    error = Notice(reason, _REASONS[reason]) if reason else None
    # Again, too, when it was stopped before: whoever did that may have died in the middle of it.
    stop(app, found, RunStatus.CANCELLED, error, by)
    now, order = read_run(app.blobs, run) or found, stop_order(app.blobs, run)
    shown = now if order is None else as_ordered(now, order)
    if stopped or (shown.status.ended and shown.status is not RunStatus.CANCELLED):
        raise RunEndedError
    return shown


def cancel_active_run(app: App, export: str, by: str) -> None:
    """Cancel the run that an export has under way, if any."""
    run = active_run(app.blobs, export)
    if run is not None:
        # It may end, or begin, in this moment; a run that begins finds no connection.
        with suppress(RunEndedError, KeyError):
            request_cancel(app, run.id, reason=None, by=by)


def cancel_runs_of_connection(app: App, connection: str, *, reason: CancelReason, by: str) -> None:
    """Cancel every active run that uses a connection."""
    for run in active_runs(app.blobs):
        if run.configuration.connection == connection:
            with suppress(RunEndedError, KeyError):
                request_cancel(app, run.id, reason=reason, by=by)


def _first_record(blobs: Blobs, run: str) -> Run | None:
    """Return what a run's marker holds while its record is still to be written."""
    export = names.export_of(run)
    found = active_run(blobs, export) if export else None
    return found if found is not None and found.id == run else None
