"""The routes of runs and their outcomes."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from functools import partial
from itertools import batched
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from shared.app import App
from shared.exports import store
from shared.exports.access import Caller, may_use
from shared.exports.models import StoredExport
from shared.http import audit, exports, inputs, pages, problems
from shared.http.messages import Request, Response
from shared.http.problems import FieldError, ProblemError
from shared.platform.blobs import Blobs, Document
from shared.platform.clock import from_text
from shared.proof import repairs
from shared.runs import names, run_index, series, views
from shared.runs.abandoning import NotStuckError, request_abandon
from shared.runs.marker import active_runs
from shared.runs.record import Only, Run, RunRequest, RunStatus, read_run
from shared.runs.start import ActiveRunError, start_run
from shared.runs.stopping import RunEndedError, request_cancel

_PARALLEL_STARTS = 8
_PARALLEL_READS = 16


class RunOptions(BaseModel):
    """How a run on demand differs from a scheduled one."""

    model_config = ConfigDict(extra="forbid", strict=True)

    preview: bool = False
    full: bool = False
    allow_removals: bool = False
    allow_additions: bool = False
    repair: bool = False
    only: Only | None = None

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        if self.full + self.repair + (self.only is not None) > 1:
            raise ValueError("of full, repair and only at most one")
        return self


def start(app: App, request: Request) -> Response:
    """Start a run of one export."""
    export, _ = exports.find_managed(app, request)
    options = inputs.read(RunOptions, request.document(optional=True))
    if export.connection is None or not store.load_connection(app.blobs, export.connection):
        raise problems.conflict(
            "connection_missing",
            "The export has no connection",
            "Give the export a connection before running it.",
        )
    try:
        given = options.model_dump(exclude={"repair"})
        by = _verification(app, export) if options.repair else ""
        asked = RunRequest(requested_by=request.caller.name, repairs=by, **given)
        run = start_run(app, export, asked)
        audit.act(request.caller, "run_started", run.id, **options.model_dump())
    except ActiveRunError as error:
        raise problems.conflict(
            "run_active",
            "The export has an active run",
            f"The run {error.run.id} has not ended.",
            run=views.shown(error.run),
        ) from None
    return Response(202, document=views.shown(run), headers={"Location": f"/api/runs/{run.id}"})


def _verification(app: App, export: StoredExport) -> str:
    """Return the verification by which an export's audience may be repaired."""
    try:
        return repairs.of_export(app.blobs, export)
    except repairs.MissingError:
        raise problems.conflict(
            "verification_missing",
            "There is nothing to repair by",
            "Verify the audience first.",
        ) from None
    except repairs.OutdatedError:
        raise problems.conflict(
            "verification_outdated",
            "The verification is outdated",
            "The export has run since its audience was verified. Verify it again.",
        ) from None


def start_all(app: App, request: Request) -> Response:
    """Start a run of every export with an active schedule that the caller may run."""
    scheduled = [
        export.name
        for export in store.indexed_exports(app.blobs)[0]
        if export.schedule.active and export.schedule.kind != "none"
    ]
    allowed = [
        export
        for export in store.readable(store.read_some(app.blobs, scheduled))
        if _may_run(app.blobs, request.caller, export)
    ]
    names_ = {export.name for export in allowed}
    # The others are begun by the end of the run that is started of what they run after.
    wanted = [export for export in allowed if export.schedule.predecessor not in names_]

    def start_one(export: StoredExport) -> Run:
        try:
            asked = RunRequest(requested_by=request.caller.name, triggered_by="all")
            run = start_run(app, export, asked)
            audit.act(request.caller, "run_started", run.id)
            return run
        except ActiveRunError as error:
            # The one that is under way is the answer for this export.
            return error.run

    # Each takes several round trips to storage, and there may be a hundred.
    with ThreadPoolExecutor(_PARALLEL_STARTS) as workers:
        runs = list(workers.map(start_one, wanted))
    return Response(202, document={"items": [views.shown(run) for run in runs]})


def list_of_export(app: App, request: Request) -> Response:
    """List an export's runs, newest first."""
    export, _ = exports.find(app, request)
    status = inputs.choice(request, "status", tuple(RunStatus))
    limit = pages.limit_of(request) or pages.DEFAULT_LIMIT
    before = _before(request.query.get("before"))
    runs = views.list_runs(app.blobs, export.name, status=status, before=before, limit=limit + 1)
    return Response(document=_page(runs, limit))


def list_all(app: App, request: Request) -> Response:
    """List the runs of all exports, newest first."""
    status = inputs.choice(request, "status", tuple(RunStatus))
    limit = pages.limit_of(request) or pages.DEFAULT_LIMIT
    before = _before(request.query.get("before"))
    export = request.query.get("export")
    ids: Iterable[str] = run_index.newest_first(app.blobs, before)
    if status is not None and not RunStatus(status).ended:
        active = {run.id for run in active_runs(app.blobs)}
        ids = (run for run in ids if run in active) if active else ()
    wanted = (run for run in ids if export in (None, names.export_of(run)))
    found: list[Run] = []
    with ThreadPoolExecutor(_PARALLEL_READS, thread_name_prefix="runs") as readers:
        for some in batched(wanted, limit + 1, strict=False):
            loaded = readers.map(partial(views.load_run, app.blobs), some)
            found += [run for run in loaded if run and status in (None, run.status)]
            if len(found) > limit:
                break
    return Response(document=_page(found[: limit + 1], limit))


def _page(runs: Sequence[Run], limit: int) -> Document:
    """Show a page of runs, of which one more was looked for than it holds."""
    page = runs[:limit]
    return {
        "items": [views.shown(run) for run in page],
        "next": page[-1].id if len(runs) > limit else None,
    }


def get(app: App, request: Request) -> Response:
    """Return one run."""
    return Response(document=views.shown(_find(app.blobs, request)))


def series_of(app: App, request: Request) -> Response:
    """Return a run's calls in flight and contacts per second, up to now or to its end."""
    run = inputs.run_id_of(request)
    if read_run(app.blobs, run) is None:
        raise problems.not_found("run")
    return Response(document=series.load(app.blobs, run))


def cancel(app: App, request: Request) -> Response:
    """Stop a run; what it has sent is kept in its outcomes."""
    run = _find(app.blobs, request)
    export = store.load_export(app.blobs, run.export)
    if export is not None:
        exports.check_managed(app, request.caller, export[0])
    try:
        cancelled = request_cancel(app, run.id, reason=None, by=request.caller.name)
    except RunEndedError:
        raise _has_ended("cancelled") from None
    audit.act(request.caller, "run_cancelled", run.id)
    return Response(202, document=views.shown(cancelled))


def abandon(app: App, request: Request) -> Response:
    """Give up a run that does not end by itself."""
    run = _find(app.blobs, request)
    try:
        abandoned = request_abandon(app, run.id, by=request.caller.name)
    except RunEndedError:
        raise _has_ended("given up") from None
    except NotStuckError:
        raise problems.conflict(
            "not_stuck",
            "The run is coming on",
            "Something came of it within the last hour. Cancel it, or give it up later.",
        ) from None
    audit.act(request.caller, "run_abandoned", run.id)
    return Response(202, document=views.shown(abandoned))


def _has_ended(done: str) -> ProblemError:
    detail = f"A run that has ended can't be {done}."
    return problems.conflict("run_ended", "The run has ended", detail)


def _may_run(blobs: Blobs, caller: Caller, export: StoredExport) -> bool:
    found = store.load_connection(blobs, export.connection) if export.connection else None
    return found is not None and may_use(caller, found[0])


def _find(blobs: Blobs, request: Request) -> Run:
    run = views.load_run(blobs, inputs.run_id_of(request))
    if run is None:
        raise problems.not_found("run")
    return run


def _before(text: str | None) -> str | None:
    """Read a run's id, or a time as runs have them; both end up as what ids sort by."""
    if text is None or names.export_of(text) is not None:
        return text
    try:
        moment = from_text(text.replace(" ", "+"))
        return f"-{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    except (ValueError, OverflowError):
        raise problems.invalid(
            [FieldError("before", "must be a run's id or a time such as 2026-11-22T06:15:00Z")]
        ) from None
