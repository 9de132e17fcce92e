"""What is done to a saved export: storing it over another, detaching it."""

from collections.abc import Sequence

from shared.exports import store
from shared.exports.access import Caller
from shared.exports.models import Export, StoredExport
from shared.notice import Notice
from shared.platform.blobs import Blobs
from shared.platform.clock import to_text, utc_now


def merged(
    given: Export,
    before: StoredExport | None,
    caller: Caller,
    warnings: Sequence[Notice],
    audience_name: str | None = None,
) -> StoredExport:
    """Return what to store over `before`; an export keeps its uid, and with it its ledger."""
    now = to_text(utc_now())
    kept = before is not None and before.schedule == given.schedule
    return StoredExport(
        **dict(given),
        uid=before.uid if before else store.new_uid(),
        created_by=before.created_by if before else caller.name,
        created_at=before.created_at if before else now,
        updated_by=caller.name,
        updated_at=now,
        # A schedule that was changed does not make up for times it did not have before.
        scheduled_since=before.scheduled_since if before and kept else now,
        warnings=tuple(warnings),
        audience_name=audience_name,
    )


def detach(blobs: Blobs, name: str, caller: Caller) -> None:
    """Take an export off its connection, if it is still there."""

    def change(export: StoredExport) -> StoredExport | None:
        if export.connection is None:
            return None
        now = to_text(utc_now())
        changes = {"connection": None, "updated_by": caller.name, "updated_at": now}
        return export.model_copy(update=changes)

    store.change_export(blobs, name, change)
