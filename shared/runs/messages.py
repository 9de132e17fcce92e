"""What a queue message says: ids, each of which becomes a part of a blob's name."""

import json
import re

from shared.runs.names import RUN_ID_PATTERN

# An account that is not known yet goes by its data centre. An account has ten slots at most,
# one of them for people.
_FORMS = {
    "run": RUN_ID_PATTERN,
    "account": r"[0-9A-Za-z]{1,64}|unknown-[a-z]{2,3}[0-9]{1,3}",
    "slot": r"[0-9]|people",
    "erasure": r"[0-9a-f]{32}",
    # An export, or its input, of which something is due to be told.
    "notice": r"[a-z0-9][a-z0-9-]{0,62}(\.input)?",
    # The export after whose end others run.
    "predecessor": r"[a-z0-9][a-z0-9-]{0,62}",
    "verification": r"[0-9a-f]{32}",
    # No id: whoever has saved something about webhooks wants all of them looked at.
    "webhooks": r"settle",
}


class ForeignMessageError(ValueError):
    """No message of this app: whoever may write to the queues has put it there."""


def read_ids(body: bytes) -> dict[str, str]:
    """Return the ids of a message; raises ForeignMessageError."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise ForeignMessageError("the message is not JSON") from None
    if not isinstance(found, dict) or not found:
        raise ForeignMessageError("the message has no ids")
    for name, value in found.items():
        form = _FORMS.get(name)
        if form is None or not isinstance(value, str) or not re.fullmatch(form, value):
            # The name is somebody else's, too.
            raise ForeignMessageError("the message has an id that is none of ours")
    return dict(found)
