"""One line in the log for every change of the configuration."""

from collections.abc import Mapping
from typing import Any

from shared.exports.access import Caller
from shared.platform import log

# Change with every write, or say what the others say.
_SILENT = frozenset({"updated_by", "updated_at", "scheduled_since", "warnings"})


def record(
    caller: Caller,
    action: str,
    target: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Log who did what to which document, and the names of the members that changed.

    Values stay out: columns, tags and display names are none of the log's business.
    """
    old, new = before or {}, after or {}
    members = sorted(
        member
        for member in {*old, *new} - _SILENT
        if before is not None and after is not None and old.get(member) != new.get(member)
    )
    log.event("audit", action=action, target=target, caller=caller.id, changed=members)
