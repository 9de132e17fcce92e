"""The end of every run: its record first, then everything that was only needed until then."""

import logging
from collections.abc import Callable
from dataclasses import asdict, replace

from shared.app import App
from shared.notice import Notice
from shared.notifications import changes
from shared.platform import log, queues, tracing
from shared.platform.blobs import Blobs
from shared.platform.clock import seconds_since, to_text, utc_now
from shared.runs import last_run, names
from shared.runs.marker import free_marker
from shared.runs.record import Run, RunStatus, update_run
from shared.runs.stopping import as_ordered, stop_order


def _unchanged(run: Run) -> Run:
    return run


def end_run(
    app: App,
    run: str,
    status: RunStatus,
    error: Notice | None = None,
    results: Callable[[Run], Run] = _unchanged,
) -> None:
    """End a run with its status, or that of an order to stop it; then clear up after it.

    results: puts into the record what the run has come to.
    """
    ended = end_record(app.blobs, run, status, error, results)
    if ended is None:
        return
    level = logging.INFO if ended.status is RunStatus.SUCCEEDED else logging.WARNING
    error_code = ended.error.code if ended.error else None
    log.event(
        "run_ended",
        level=level,
        run=ended.id,
        export=ended.export,
        preview=ended.preview,
        status=ended.status,
        error_code=error_code,
        counts=asdict(ended.counts),
        outcomes=ended.outcomes,
    )
    tracing.past(
        "run",
        ended.id,
        seconds_since(ended.submitted_at),
        is_error=ended.status is RunStatus.FAILED,
        export=ended.export,
        status=ended.status,
        error_code=error_code,
        **asdict(ended.counts),
    )
    clear_up(app, ended)


def end_record(
    blobs: Blobs,
    run: str,
    status: RunStatus,
    error: Notice | None = None,
    results: Callable[[Run], Run] = _unchanged,
) -> Run | None:
    """End a run's record with its status; a record that has ended stays as it is.

    A run that was stopped before ends as whoever stopped it has been told.
    """

    def end(found: Run) -> Run | None:
        if found.status.ended:
            return None
        # Read after the record, which `stop` touches after it has ordered: none is overlooked.
        order = stop_order(blobs, run)
        found = results(found)
        told = as_ordered(found, order) if order else replace(found, status=status, error=error)
        return replace(told, ended_at=to_text(utc_now()), before=last_run.good_before(blobs, told))

    return update_run(blobs, run, end)


def clear_up(app: App, run: Run) -> None:
    """Drop what an ended run no longer needs, and let its export have another run.

    What it left is noted for its schedule first; the marker goes last: until then the tick comes
    back here.
    """
    last = last_run.note_end(app.blobs, run)
    if last and last.has_followers and last.done and last.done.run == run.id:
        # Where this is lost, the tick finds it: it compares what both exports remember.
        app.queues.send(queues.UPKEEP, {"predecessor": run.export})
    _notify(app, run)
    if run.account:
        app.board.remove_run(run.account, run.audience, run.id)
    for part in ("plans/", "chunks/"):
        app.blobs.delete_all(f"{names.folder(run.id)}{part}")
    for name in (names.plan_name(run.id), names.stop_name(run.id)):
        app.blobs.delete(name)
    free_marker(app.blobs, run.id)


def _notify(app: App, run: Run) -> None:
    """Note a change of the export's state; nothing about it may keep the run from ending."""
    try:
        changes.note_end(app, run)
    except Exception as error:  # the run's end is worth more than the message about it
        log.failure("notification_failed", error, export=run.export, run=run.id)
