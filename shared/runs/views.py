"""Runs as the API shows them: which fields, how far they are, and an export's list of them."""

from dataclasses import asdict, replace

from shared.platform.blobs import Blobs, Document
from shared.platform.clock import seconds_since
from shared.runs import chunks, names
from shared.runs.counts import Progress
from shared.runs.record import Run, RunStatus, read_run
from shared.runs.stages import stages_of
from shared.runs.stopping import as_ordered, stop_order

# Whatever else a record has is this package's own business.
_SHOWN = (
    "id",
    "export",
    "status",
    "submitted_at",
    "started_at",
    "ended_at",
    "snapshots",
    "counts",
    "outcomes",
    "due",
    "withheld",
    "bill",
    "progress",
    "warnings",
    "error",
    "kind",
    "requested_by",
    "preview",
    "full",
    "plan",
)
# Whoever tries again sets a new time; without one for so long it has got on.
_TRIED_AGAIN_SECONDS = 20.0


def shown(run: Run) -> Document:
    """Return what the API shows of a run; only a preview that succeeded has a `plan`."""
    always = {"due": run.due, "withheld": asdict(run.withheld), "bill": None}
    document = always | run.document()
    return {name: document[name] for name in _SHOWN if name in document} | {
        "triggered_by": _trigger(run),
        "options": _options(run),
        "stages": {name: asdict(stage) for name, stage in stages_of(run).items()},
        "waiting": _waiting(run),
        "compared_with_previous": _compared(run),
    }


def _options(run: Run) -> Document:
    """Return how a run was asked for that is no ordinary one."""
    asked: Document = {
        "preview": run.preview,
        "full": run.full,
        "allow_removals": run.allow_removals,
        "allow_additions": run.allow_additions,
        "repair": bool(run.repairs),
        "only": run.only,
    }
    return {name: value for name, value in asked.items() if value}


def _trigger(run: Run) -> str:
    if run.triggered_by is not None:
        return run.triggered_by
    if run.kind == "on_demand":
        return "person"
    return "cron" if run.configuration.schedule.kind == "cron" else "refresh"


def _waiting(run: Run) -> Document | None:
    """Return what a run waits for that is tried again and again, and since when."""
    if run.status is RunStatus.RUNNING and run.blocked_since is not None:
        return {"code": "mailchimp", "params": {}, "since": run.blocked_since}
    planned = run.status in (RunStatus.QUEUED, RunStatus.PLANNING)
    if not planned or run.waiting_for is None or run.waits_until is None:
        return None
    if seconds_since(run.waits_until) > _TRIED_AGAIN_SECONDS:
        return None
    since = run.waiting_since or run.submitted_at
    return {"code": run.waiting_for, "params": {}, "since": since}


def _compared(run: Run) -> Document | None:
    """Return the differences from the run before."""
    if run.before is None:
        return None
    now, before = asdict(run.counts), asdict(run.before.counts)
    counts = {name: _difference(now[name], before[name]) for name in now}
    return {"run": run.before.run, "counts": counts}


def _difference(now: int, before: int) -> Document:
    per_cent = round(100 * (now - before) / before, 1) if before else None
    return {"difference": now - before, "per_cent": per_cent}


def load_run(blobs: Blobs, run: str) -> Run | None:
    """Return a run as it is now, None where there is none."""
    found = read_run(blobs, run)
    return None if found is None else as_of_now(blobs, found)


def as_of_now(blobs: Blobs, run: Run) -> Run:
    """Return a stored run with the end that was ordered for it, or how far it is.

    Its record says so later: when its last call is over.
    """
    if run.status.ended:
        return run
    order = stop_order(blobs, run.id)
    if order is not None:
        return as_ordered(run, order)
    if run.status is RunStatus.RUNNING:
        return replace(run, progress=progress_of(blobs, run))
    return run


def status_of(blobs: Blobs, run: str) -> RunStatus | None:
    """Return the status that `load_run` gives a run, for less: how far it is is not asked."""
    found = read_run(blobs, run)
    if found is None:
        return None
    if found.status.ended:
        return found.status
    order = stop_order(blobs, run)
    return found.status if order is None else as_ordered(found, order).status


def list_runs(
    blobs: Blobs,
    export: str,
    *,
    status: str | None = None,
    before: str | None = None,
    limit: int = 50,
) -> list[Run]:
    """Return an export's runs as they are now, newest first.

    `before` is a run's id: only older ones are listed.
    """
    runs = sorted(blobs.folders(f"{names.RUNS}{export}/"), key=names.moment_of, reverse=True)
    found: list[Run] = []
    for run in runs:
        if before is not None and names.moment_of(run) >= names.moment_of(before):
            continue
        loaded = load_run(blobs, run)
        if loaded is not None and status in (None, loaded.status):
            found.append(loaded)
        if len(found) >= limit:
            break
    return found


def progress_of(blobs: Blobs, run: Run) -> Progress:
    """Return how far a run is that is sending, from one listing of its chunks' outcome blobs."""
    batches = contacts = 0.0
    for number, state in chunks.states(blobs, run.id).items():
        items, calls = run.chunk_sizes[number]
        share = 1.0 if state.done else min(1.0, state.position / max(1, items))
        batches += calls * share
        contacts += items * share
    return Progress.since(
        run.sending_at,
        batches=sum(calls for _, calls in run.chunk_sizes),
        contacts=sum(items for items, _ in run.chunk_sizes),
        batches_done=batches,
        contacts_done=contacts,
    )
