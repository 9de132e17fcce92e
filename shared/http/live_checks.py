"""How live checks are shown, to whoever asks for one and in the connection that it is about."""

from dataclasses import asdict

from shared.app import App
from shared.live_check import record
from shared.live_check.record import LiveCheck
from shared.platform.blobs import Document


def shown(app: App, connection: str) -> Document | None:
    """Return the newest live check of a connection as it is shown, None before the first."""
    found = record.read(app.blobs, connection)
    return document(found) if found else None


def document(found: LiveCheck) -> Document:
    """Return what is told of a live check: nobody's address."""
    params = {"said": found.said} if found.said else {}
    return {
        "status": found.status,
        "error": {"code": found.error, "params": params} if found.error else None,
        "checked_at": found.checked_at,
        "calls": found.calls,
        "rows": [asdict(row) for row in found.rows],
    }
