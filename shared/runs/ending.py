"""The end of every run: its record first, then everything that was only needed until then."""

import logging
from typing import Any

from shared.app import App
from shared.mailchimp import board
from shared.notifications import changes
from shared.platform import log, tracing
from shared.platform.clock import seconds_since
from shared.runs import last_run, records
from shared.runs.records import Record


def end_run(
    app: App, record: Record, status: str, error: dict[str, str] | None, **members: Any
) -> None:
    """End a run with its status, or that of an order to stop it; then clear up after it."""
    ended = records.end_record(app, record["id"], status, error, **members)
    if ended is not None:
        level = logging.INFO if ended["status"] == "succeeded" else logging.WARNING
        log.event(
            "run_ended",
            level=level,
            run=ended["id"],
            export=ended["export"],
            preview=ended["preview"],
            status=ended["status"],
            error_code=(ended["error"] or {}).get("code"),
            counts=ended["counts"],
            outcomes=ended["outcomes"],
        )
        tracing.past(
            "run",
            ended["id"],
            seconds_since(ended["submitted_at"]),
            is_error=ended["status"] == "failed",
            export=ended["export"],
            status=ended["status"],
            error_code=(ended["error"] or {}).get("code"),
            **ended["counts"],
        )
        clear_up(app, ended)


def clear_up(app: App, record: Record) -> None:
    """Drop what an ended run no longer needs, and let its export have another run.

    What it left is noted for its schedule first; the marker goes last: until then the tick comes
    back here.
    """
    run = record["id"]
    last_run.note_end(app, record)
    _notify(app, record)
    folder = records.folder(run)
    account = record.get("account")
    if account:
        audience = record["configuration"]["audience_id"]
        board.remove_run(app, account, audience, run)
    for part in ("plans/", "chunks/"):
        app.blobs.delete_all(f"{folder}{part}")
    for name in (records.plan_name(run), records.stop_name(run)):
        app.blobs.delete(name)
    records.free_marker(app, run)


def _notify(app: App, record: Record) -> None:
    """Note a change of the export's state; nothing about it may keep the run from ending."""
    try:
        changes.note_end(app, record)
    except Exception as error:  # the run's end is worth more than the message about it
        log.failure("notification_failed", error, export=record["export"], run=record["id"])
