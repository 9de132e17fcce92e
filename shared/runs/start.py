"""Starts runs: the active marker first, for it decides who is the one run of an export."""

import secrets
import time
from typing import Any

from shared.app import App
from shared.platform import log, queues
from shared.platform.clock import utc_now
from shared.runs import records

_FREED_WITHIN_SECONDS = 5.0


class ActiveRunError(Exception):
    """The export has an active run already, `run`."""

    def __init__(self, run: dict[str, Any]) -> None:
        super().__init__(run["id"])
        self.run = run


def start_run(
    app: App,
    export: dict[str, Any],
    *,
    kind: str = "on_demand",
    requested_by: str,
    preview: bool = False,
    full: bool = False,
    allow_removals: bool = False,
    snapshots: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Start a run of a stored export document and return it as the API shows it.

    The document is frozen into the run: later changes of the export do not touch it.
    `snapshots`: those because of which it is started. Raises ActiveRunError.
    """
    run = f"{export['name']}-{utc_now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
    record = records.new_record(
        run,
        export,
        kind=kind,
        requested_by=requested_by,
        preview=preview,
        full=full,
        allow_removals=allow_removals,
        snapshots=snapshots or {},
    )
    _mark(app, export["name"], record)
    record_start(app, record)
    return records.load_run(app, run) or record


def _mark(app: App, export: str, record: dict[str, Any]) -> None:
    """Take the active marker; raises ActiveRunError.

    A run shows its end a moment before it frees the marker: that moment is waited for.
    """
    end = time.monotonic() + _FREED_WITHIN_SECONDS
    while app.blobs.create_document(records.marker_name(export), record) is None:
        active = _active(app, export)
        if active is None:
            continue
        if active["status"] not in records.ENDED or time.monotonic() > end:
            raise ActiveRunError(active)
        time.sleep(0.1)


def record_start(app: App, record: dict[str, Any]) -> None:
    """Write the record that a marker stands for and ask for the plan; may be repeated."""
    run = record["id"]
    if app.blobs.create_document(records.record_name(run), record) is not None:
        log.event("run_started", run=run, export=record["export"], kind=record["kind"])
    app.queues.send(queues.PLAN, {"run": run})


def _active(app: App, export: str) -> dict[str, Any] | None:
    """Return the active run, None where it has just freed its marker."""
    first = records.active_record(app, export)
    if first is None:
        return None
    # The marker may be so new that its record is still being written.
    return records.load_run(app, first["id"]) or records.shown(app, first)
