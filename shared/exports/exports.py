"""What is done to a saved export: storing it, detaching it, removing it."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from shared.app import App
from shared.exports import store
from shared.exports.access import Caller
from shared.exports.models import Export
from shared.platform.blobs import Document
from shared.platform.clock import to_text, utc_now


def merged(
    given: Export, stored: Mapping[str, Any] | None, caller: Caller, warnings: list[Document]
) -> Document:
    """Return the document to store; an export keeps its uid, and with it its ledger."""
    now = to_text(utc_now())
    before = stored or {}
    document = given.model_dump(mode="json")
    kept = before.get("schedule") == document["schedule"]
    return document | {
        "uid": before.get("uid") or store.new_uid(),
        "created_by": before.get("created_by", caller.name),
        "created_at": before.get("created_at", now),
        "updated_by": caller.name,
        "updated_at": now,
        # A schedule that was changed does not make up for times it did not have before.
        "scheduled_since": before.get("scheduled_since", now) if kept else now,
        "warnings": warnings,
    }


def detach(app: App, name: str, caller: Caller) -> Document | None:
    """Take an export off its connection and cancel its run; None where there is no such export."""

    def change(export: Document) -> Document | None:
        if export["connection"] is None:
            return None
        now = to_text(utc_now())
        return export | {"connection": None, "updated_by": caller.name, "updated_at": now}

    document = app.blobs.update_document(f"{store.EXPORTS}{name}.json", change)
    cancel_active_run(app, name, caller)
    return document


def remove(app: App, name: str, caller: Caller, etag: str | None = None) -> None:
    """Delete an export and cancel its run; raises BlobConflictError."""
    store.delete_export(app.blobs, name, etag)
    cancel_active_run(app, name, caller)


def cancel_active_run(app: App, name: str, caller: Caller) -> None:
    """Cancel the run that an export has under way, if any."""
    from shared.runs.records import RunEndedError, active_run, request_cancel

    run = active_run(app, name)
    if run is not None:
        # It may end, or begin, in this moment; a run that begins finds no connection.
        with suppress(RunEndedError, KeyError):
            request_cancel(app, run, reason=None, by=caller.name)
