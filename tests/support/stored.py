"""Exports and runs as they are stored, with what a test does not care about filled in."""

from dataclasses import replace
from typing import Any

from shared.exports.models import StoredExport
from shared.runs.record import Run, RunRequest, new_run

AT = "2026-01-01T00:00:00.000Z"


def stored_export(name: str = "news", **changes: Any) -> StoredExport:
    """Return a stored export."""
    given = {
        "name": name,
        "connection": "c",
        "audience_id": "b2",
        "source": {"folder": "BlobExport"},
        "segments": ["VIP"],
        "email_field": "Email",
        "uid": f"u-{name}",
        "created_by": "test",
        "created_at": AT,
        "updated_by": "test",
        "updated_at": AT,
        "scheduled_since": AT,
    }
    return StoredExport.model_validate(given | changes)


def stored_run(run: str, export: StoredExport | None = None, **changes: Any) -> Run:
    """Return a run's record."""
    return replace(
        new_run(run, export or stored_export(), RunRequest(requested_by="test")), **changes
    )
