"""One line in the log for every change of the configuration, and for who sees or sends persons."""

from shared.exports.access import Caller
from shared.exports.connection_models import StoredConnection
from shared.exports.models import StoredExport
from shared.platform import log

# Change with every write, or say what the others say.
_SILENT = frozenset({"updated_by", "updated_at", "scheduled_since", "warnings"})


def record[D: StoredConnection | StoredExport](
    caller: Caller,
    action: str,
    target: str,
    before: D | None = None,
    after: D | None = None,
) -> None:
    """Log who did what to which document, and the names of the fields that changed.

    Values stay out: columns, tags and display names are none of the log's business.
    """
    changed = (
        sorted(
            field
            for field in type(after).model_fields.keys() - _SILENT
            if before is not None and getattr(before, field) != getattr(after, field)
        )
        if after is not None
        else []
    )
    log.event("audit", action=action, target=target, caller=caller.id, changed=changed)


def act(caller: Caller, action: str, target: str, **options: str | bool | None) -> None:
    """Log who did what that changes no document: started, cancelled or downloaded something."""
    log.event("audit", action=action, target=target, caller=caller.id, options=options)
