"""Starts runs: the active marker first, for it decides who is the one run of an export."""

import secrets
import time

from shared.app import App
from shared.exports.models import StoredExport
from shared.platform import log, queues
from shared.platform.blobs import Blobs
from shared.platform.clock import utc_now
from shared.platform.queues import Queues
from shared.runs.ending import clear_up
from shared.runs.last_run import read_last
from shared.runs.marker import active_run, free_marker, take_marker
from shared.runs.record import Run, RunRequest, create_run, new_run, read_run
from shared.runs.run_index import note_run
from shared.runs.views import as_of_now, load_run

_FREED_WITHIN_SECONDS = 2.0


class ActiveRunError(Exception):
    """The export has an active run already, `run`."""

    def __init__(self, run: Run) -> None:
        super().__init__(run.id)
        self.run = run


class FollowedError(Exception):
    """The run of another export whose end was to begin this one has begun one already."""


def start_run(app: App, export: StoredExport, request: RunRequest) -> Run:
    """Start a run of a stored export and return it; raises ActiveRunError, FollowedError.

    The export is frozen into the run: later changes of it do not touch the run.
    """
    run_id = f"{export.name}-{utc_now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
    run = new_run(run_id, export, request)
    _mark(app, run)
    if run.follows is not None and _is_followed(app.blobs, run):
        free_marker(app.blobs, run.id)
        raise FollowedError
    record_start(app.blobs, app.queues, run)
    return run


def _is_followed(blobs: Blobs, run: Run) -> bool:
    """Return whether a run has been begun for the same end; asked by the marker's only holder.

    A run notes what it follows before it frees the marker, so that no other follows it too.
    """
    last = read_last(blobs, run.export, run.uid)
    return last is not None and last.followed == run.follows


def _mark(app: App, run: Run) -> None:
    """Take the active marker; raises ActiveRunError.

    A run shows its end a moment before it frees the marker: that moment is waited for. Who ended
    it may have died in it: then it is cleared up here.
    """
    blobs = app.blobs
    end = time.monotonic() + _FREED_WITHIN_SECONDS
    while not take_marker(blobs, run):
        active = _active(blobs, run.export)
        if active is None:
            continue
        if not active.status.ended:
            raise ActiveRunError(active)
        if time.monotonic() > end and not _is_cleared_up(app, active.id):
            raise ActiveRunError(active)
        time.sleep(0.1)


def _is_cleared_up(app: App, run: str) -> bool:
    """Clear up after a run that has ended for good; False for one that has not."""
    ended = read_run(app.blobs, run)
    if ended is None or not ended.status.ended or ended.unfolded:
        return False
    clear_up(app, ended)
    return True


def record_start(blobs: Blobs, queues_: Queues, run: Run) -> None:
    """Write the record that a marker stands for and ask for the plan; may be repeated."""
    note_run(blobs, run.id)
    if create_run(blobs, run):
        log.event("run_started", run=run.id, export=run.export, kind=run.kind)
    queues_.send(queues.PLAN, {"run": run.id})


def _active(blobs: Blobs, export: str) -> Run | None:
    """Return the active run, None where it has just freed its marker."""
    first = active_run(blobs, export)
    if first is None:
        return None
    # The marker may be so new that its record is still being written.
    return load_run(blobs, first.id) or as_of_now(blobs, first)
