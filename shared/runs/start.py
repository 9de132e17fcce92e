"""Starts runs: the active marker first, for it decides who is the one run of an export."""

import secrets
from typing import Any

from shared.app import App
from shared.platform import log, queues
from shared.platform.clock import utc_now
from shared.runs import records


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
    if app.blobs.create_document(records.marker_name(export["name"]), record) is None:
        raise ActiveRunError(_active(app, export["name"]))
    record_start(app, record)
    return records.load_run(app, run) or record


def record_start(app: App, record: dict[str, Any]) -> None:
    """Write the record that a marker stands for and ask for the plan; may be repeated."""
    run = record["id"]
    if app.blobs.create_document(records.record_name(run), record) is not None:
        log.event("run_started", run=run, export=record["export"], kind=record["kind"])
    app.queues.send(queues.PLAN, {"run": run})


def _active(app: App, export: str) -> dict[str, Any]:
    run = records.active_run(app, export)
    shown = records.load_run(app, run) if run else None
    # The marker may be so new that its record is still being written.
    return shown or {"id": run, "export": export, "status": "queued"}
