"""Why an address is none although it looks like one: it holds characters that can't be seen."""

import re

from shared.addresses import UNSEEN_PATTERN

_UNSEEN = re.compile(UNSEEN_PATTERN)
_TEXT = "the address holds characters that can't be seen: "


def unseen_in(email: str) -> str:
    """Return the detail of an invalid address that names such characters, "" where it has none."""
    found = sorted({f"U+{ord(character):04X}" for character in _UNSEEN.findall(email)})
    return f"{_TEXT}{', '.join(found)}" if found else ""


def named_in(detail: str) -> str | None:
    """Return the characters that such a detail names, None of another one."""
    return detail.removeprefix(_TEXT) if detail.startswith(_TEXT) else None
