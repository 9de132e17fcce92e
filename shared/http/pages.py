"""Lists that may be cut: `limit`, and `next`, which is sent back for what follows."""

import base64
import binascii
import json
from collections.abc import Sequence

from shared.http import problems
from shared.http.messages import Request
from shared.http.problems import FieldError

DEFAULT_LIMIT, MAX_LIMIT = 50, 200


def limit_of(request: Request, default: int | None = DEFAULT_LIMIT) -> int | None:
    """Return how many items are wanted, at most 200; `default` where nothing is said."""
    text = request.query.get("limit")
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise problems.invalid(
            [FieldError("limit", "must be a number from 1 on", "out_of_range", {"lowest": 1})]
        )
    return min(int(text), MAX_LIMIT)


def cursor_of(parts: Sequence[str | int]) -> str:
    """Return an opaque text of where a page ended."""
    return base64.urlsafe_b64encode(json.dumps(list(parts)).encode()).decode().rstrip("=")


def read_cursor(request: Request, name: str, *kinds: type) -> list[str | int] | None:
    """Return the parts of a cursor, None where none is given; an unknown one is refused."""
    text = request.query.get(name)
    return None if text is None else cursor_parts(text, name, *kinds)


def cursor_parts(text: str, name: str, *kinds: type) -> list[str | int]:
    """Return the parts of a cursor that came as `name`; an unknown one is refused."""
    try:
        parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError):
        parts = None
    if not isinstance(parts, list) or [type(part) for part in parts] != list(kinds):
        raise problems.invalid([FieldError(name, "is not a `next` of this list", "unknown_cursor")])
    return parts
