"""Begins verifications and stops them."""

from shared.app import App
from shared.exports.models import StoredExport
from shared.platform import log, queues
from shared.proof import record
from shared.proof.record import Verification


def begin(app: App, export: StoredExport, by: str) -> Verification:
    """Have an export's audience verified; raises ActiveError."""
    begun = record.begin(app.blobs, export.name, export.uid, by)
    app.queues.send(queues.UPKEEP, {"verification": export.uid})
    log.event("verification_begun", export=export.name)
    return begun


def stop(app: App, export: StoredExport) -> Verification | None:
    """Stop an export's verification: within a few seconds no call begins any more."""
    return record.stop(app.blobs, export.uid)
