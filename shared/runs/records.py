"""Run documents: where everything of a run lies, what it says, and how it is stopped.

A run begins with its export's active marker, which holds the run's first record: one blob that is
created if absent. The record proper is written by start, plan, finish and tick, and touched by who
stops the run.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.app import App
from shared.mailchimp import board
from shared.platform import queues
from shared.platform.blobs import BlobConflictError
from shared.platform.clock import to_text, utc_now
from shared.runs.codes import COUNTS

ENDED = frozenset({"succeeded", "partial", "failed", "skipped", "cancelled"})
STATUSES = ("queued", "planning", "running", *sorted(ENDED))
Record = dict[str, Any]
_ACTIVE = "runs/_active/"
# Export, time of its start, and what tells apart those of one second; as JSON Schema has patterns.
RUN_ID_PATTERN = r"^([a-z0-9][a-z0-9-]{0,62})-([0-9]{8}T[0-9]{6}Z)-[0-9a-f]{4,8}$"
# Members of the stored record that are nobody's business but this package's.
_INTERNAL = (
    "configuration",
    "account",
    "revivals",
    "waits",
    "waits_since",
    "silent_since",
    "waits_until",
    "unfolded",
    "chunk_sizes",
    "sending_at",
    "stopped",
    "allow_removals",
    "leavers_due",
)


class RunFailure(Exception):
    """A run ends here: `code` is the run's error code, the text is for people."""

    def __init__(self, code: str, detail: str, status: str = "failed") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.status = status


class RunEndedError(Exception):
    """The run has ended: it can't be cancelled any more."""


def export_of(run: str) -> str | None:
    """Return the export that a run's id names, None where it is no run id."""
    found = re.fullmatch(RUN_ID_PATTERN, run)
    return found[1] if found else None


def is_past_retention(app: App, run: str) -> bool:
    """Tell whether a run was started so long ago, as its id says, that nothing of it is kept."""
    found = re.fullmatch(RUN_ID_PATTERN, run)
    if found is None:
        return False
    try:
        begun = datetime.strptime(found[2], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return utc_now() - begun > timedelta(days=app.settings.run_retention_days)


def folder(run: str) -> str:
    """Return the folder of everything that belongs to a run."""
    return f"runs/{export_of(run)}/{run}/"


def record_name(run: str) -> str:
    """Return the blob of a run's record."""
    return f"{folder(run)}run.json"


def plan_name(run: str) -> str:
    """Return the blob whose creation makes an attempt's work the plan."""
    return f"{folder(run)}plan.json"


def stop_name(run: str) -> str:
    """Return the blob that says a run must not go on, and why."""
    return f"{folder(run)}stop.json"


def lock_name(run: str) -> str:
    """Return the blob whose lease the planner or finisher of a run holds."""
    return f"{folder(run)}lock"


def chunk_name(run: str, number: int) -> str:
    """Return the outcome blob of a chunk."""
    return f"{folder(run)}chunks/{number:05d}"


def marker_name(export: str) -> str:
    """Return the blob that says an export has an active run."""
    return f"{_ACTIVE}{export}"


def new_record(run: str, export: Record, **members: Any) -> Record:
    """Return the first record of a run of a stored export document."""
    return {
        "id": run,
        "export": export["name"],
        "status": "queued",
        "submitted_at": to_text(utc_now()),
        "started_at": None,
        "ended_at": None,
        "snapshots": {},
        "counts": {"profiles": 0, "contacts": 0, **dict.fromkeys(COUNTS, 0)},
        "outcomes": {},
        "progress": {
            "batches_total": 0,
            "batches_done": 0,
            "contacts_total": 0,
            "contacts_done": 0,
            "contacts_per_second": 0.0,
            "expected_end": None,
        },
        "warnings": [],
        "error": None,
        "configuration": export,
        **members,
    }


def read_record(app: App, run: str) -> Record | None:
    """Return a run's stored record, None where there is none."""
    if export_of(run) is None:
        return None
    found = app.blobs.read_document(record_name(run))
    return found[0] if found else None


def change_record(app: App, run: str, **members: Any) -> Record | None:
    """Change members of the record of a run that has not ended; return what is stored."""

    def change(record: Record) -> Record | None:
        return None if record["status"] in ENDED else {**record, **members}

    return app.blobs.update_document(record_name(run), change)


def end_record(
    app: App, run: str, status: str, error: Record | None, **members: Any
) -> Record | None:
    """End a run's record with its status; a record that has ended stays as it is.

    A run that was stopped before ends as whoever stopped it has been told.
    """

    def end(record: Record) -> Record | None:
        if record["status"] in ENDED:
            return None
        # Read after the record, which `stop` touches after it has ordered: none is overlooked.
        outcome = stop_order(app, run) or {"status": status, "error": error}
        shown = {name: outcome[name] for name in ("status", "error")}
        return {**record, **members, **shown, "ended_at": to_text(utc_now())}

    return app.blobs.update_document(record_name(run), end)


def active_exports(app: App) -> set[str]:
    """Return the names of the exports that have an active run."""
    return {blob.name.removeprefix(_ACTIVE) for blob in app.blobs.list(_ACTIVE)}


def active_runs(app: App) -> Iterator[tuple[str, Record]]:
    """Yield the name of every export that has an active run, and the run's first record."""
    for blob in app.blobs.list(_ACTIVE):
        found = app.blobs.read_document(blob.name)
        if found is not None:
            yield blob.name.removeprefix(_ACTIVE), found[0]


def active_record(app: App, export: str) -> Record | None:
    """Return the first record of an export's active run."""
    found = app.blobs.read_document(marker_name(export))
    return found[0] if found else None


def active_run(app: App, export: str) -> str | None:
    """Return the id of an export's active run."""
    first = active_record(app, export)
    return str(first["id"]) if first else None


def free_marker(app: App, run: str) -> None:
    """Let the export of an ended run have another one."""
    export = export_of(run) or ""
    found = app.blobs.read_document(marker_name(export))
    if found is not None and found[0]["id"] == run:
        # Whoever came between has freed it as well.
        with suppress(BlobConflictError):
            app.blobs.delete(marker_name(export), found[1])


def stop(app: App, record: Record, status: str, error: Record | None, by: str) -> None:
    """Order that no further call is made for a run, and have it finished as far as it came.

    The first order counts. Works whether the run is queued, planning or sending.
    """
    run = record["id"]
    order = {"status": status, "error": error, "by": by, "at": to_text(utc_now())}
    app.blobs.create_document(stop_name(run), order)
    # Only now: a planner that has just learnt the account either sees the order or shows it, and
    # who ends the run sees the order or has ended it already.
    touched = change_record(app, run, stopped=True)
    if account := (touched or read_record(app, run) or record).get("account"):
        board.stop_run(app, account, run)
    app.queues.send(queues.FINISH, {"run": run})


def stop_order(app: App, run: str) -> Record | None:
    """Return the order that stops a run, None where it may go on."""
    found = app.blobs.read_document(stop_name(run))
    return found[0] if found else None


def request_cancel(app: App, run: str, *, reason: str | None, by: str) -> Record:
    """Cancel a run for a person, or with a reason's error code; return the run as shown.

    Raises RunEndedError, and KeyError where there is no such run.
    """
    record = read_record(app, run) or _first_record(app, run)
    if record is None:
        raise KeyError(run)
    if record["status"] in ENDED:
        raise RunEndedError
    stopped = stop_order(app, run) is not None
    error = {"code": reason, "detail": _REASONS[reason]} if reason else None
    # Again, too, when it was stopped before: whoever did that may have died in the middle of it.
    stop(app, record, "cancelled", error, by)
    now = load_run(app, run) or record
    if stopped or now["status"] in ENDED - {"cancelled"}:
        raise RunEndedError
    return now


def _first_record(app: App, run: str) -> Record | None:
    """Return what a run's marker holds while its record is still to be written."""
    export = export_of(run)
    found = app.blobs.read_document(marker_name(export)) if export else None
    return found[0] if found is not None and found[0]["id"] == run else None


_REASONS = {
    "consent_withdrawn": (
        "The agreement to the data privacy terms was withdrawn, so the run was stopped. What had "
        "been sent stays in Mailchimp."
    ),
    "connection_removed": (
        "The connection was removed, so the run was stopped. What had been sent stays in Mailchimp."
    ),
}


def cancel_runs_of_connection(app: App, connection: str, *, reason: str, by: str) -> list[str]:
    """Cancel every active run that uses a connection; return their ids."""
    cancelled = []
    for _, record in active_runs(app):
        if record["configuration"]["connection"] == connection:
            try:
                request_cancel(app, record["id"], reason=reason, by=by)
            except (RunEndedError, KeyError):
                continue
            cancelled.append(record["id"])
    return cancelled


def load_run(app: App, run: str) -> Record | None:
    """Return a run as the API shows it, None where there is none."""
    record = read_record(app, run)
    return None if record is None else shown(app, record)


def list_runs(
    app: App,
    export: str,
    *,
    status: str | None = None,
    before: str | None = None,
    limit: int = 50,
) -> list[Record]:
    """Return an export's runs as the API shows them, newest first.

    `before` is a run's id: only older ones are listed.
    """
    runs = sorted(app.blobs.folders(f"runs/{export}/"), key=_moment, reverse=True)
    found: list[Record] = []
    for run in runs:
        if before is not None and _moment(run) >= _moment(before):
            continue
        record = load_run(app, run)
        if record is not None and status in (None, record["status"]):
            found.append(record)
        if len(found) >= limit:
            break
    return found


def _moment(run: str) -> str:
    """Return the part of a run's id that sorts by time."""
    return run[-22:] if len(run) > 22 else run


def shown(app: App, record: Record) -> Record:
    """Return a stored record as the API shows it."""
    members = {name: value for name, value in record.items() if name not in _INTERNAL}
    if record["status"] in ENDED:
        return members
    order = stop_order(app, record["id"])
    if order is not None:
        # The run's own record follows when its last call is over.
        return members | {"status": order["status"], "error": order["error"]}
    if record["status"] == "running":
        from shared.runs.progress import progress_of

        members["progress"] = progress_of(app, record)
    return members
