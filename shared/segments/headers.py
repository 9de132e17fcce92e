"""Whether a file's first row names its columns, and which they are."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from shared.segments.columns import folded

# What stands in a row of profiles and in no header: a CustomerId or GUID, an e-mail address (the
# first @ is kept, once found: trying all of them with all the dots takes minutes for long values).
_ADDRESS = re.compile(r"(?=\S+\Z)(?>\S+?@)\S+\.\S+")
_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# A time, a number: hardly ever.
_IN_FEW_HEADERS = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?|[+-]?\d+([.,]\d+)?")


@dataclass(frozen=True)
class Headline:
    """A file's first row and some that follow, trimmed; `wanted` are names that it should have."""

    row: tuple[str, ...]
    following: Sequence[Sequence[str]] = ()
    wanted: Collection[str] = ()


def header_columns(
    head: Headline,
    known: Sequence[str] | None,
    *,
    said: bool | None = None,
    certain: bool = False,
    earlier: bool | None = None,
) -> tuple[str, ...] | None:
    """Return the columns that a first row names, in its order; None where it is a profile.

    `known` are names that a model.json gives, or an earlier file. `said`: whether the model says
    that there is a header, `certain` where it names this very file; `earlier`: whether the earlier
    file has one.
    """
    if any(is_in_no_header(value) for value in head.row):
        return None
    if known is None:
        return head.row if _names_columns(head, said) else None
    if (spelled := _as_known(head.row, known)) is not None:
        return spelled
    if said and certain and len(head.row) == len(known) and not _looks_like_data(head.row):
        # Names as people see them, or older ones: the columns stand in the model's order.
        return tuple(known)
    if _names_some(head.row, known) or _has_wanted(head):
        return _in_spelling_of(head.row, known)
    # An earlier file begins with a header, so this one may with another. What a model says of
    # files that it doesn't name may have been of other columns.
    others = earlier or (said and not certain)
    return head.row if others and _names_columns(head, None) else None


def is_in_no_header(value: str) -> bool:
    """Tell what is an address or an id."""
    return is_address(value) or _ID.fullmatch(value) is not None


def is_address(value: str) -> bool:
    """Tell what looks like an e-mail address."""
    return _ADDRESS.fullmatch(value) is not None


def _as_known(row: Sequence[str], known: Sequence[str]) -> tuple[str, ...] | None:
    """The known names in the row's order where it has exactly these, but for their case."""
    if sorted(map(folded, row)) != sorted(map(folded, known)):
        return None
    return _in_spelling_of(row, known)


def _in_spelling_of(row: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    exact = set(known)
    spelled = {folded(name): name for name in known}
    return tuple(name if name in exact else spelled.get(folded(name), name) for name in row)


def _names_some(row: Sequence[str], known: Sequence[str]) -> bool:
    """Tell a header that has more columns than are known, or fewer: nothing in it is a value."""
    names = [folded(name) for name in row]
    here, there = set(names), {folded(name) for name in known}
    if "" in here or len(here) < len(names) or len(here) < 2:
        return False
    return here <= there or there <= here or len(here & there) * 2 >= max(2, len(here), len(there))


def _has_wanted(head: Headline) -> bool:
    wanted = {folded(name) for name in head.wanted}
    return bool(wanted) and wanted <= {folded(value) for value in head.row}


def _names_columns(head: Headline, said_header: bool | None) -> bool:
    """Tell without names to compare: by the wanted ones, by what follows, by how it looks."""
    if not any(head.row):
        return False
    if _has_wanted(head) or said_header:
        return True
    for place, name in enumerate(head.row):
        if any(is_in_no_header(row[place]) for row in head.following if place < len(row)):
            return bool(name)
    return not _looks_like_data(head.row)


def _looks_like_data(row: Sequence[str]) -> bool:
    return not any(row) or any(_IN_FEW_HEADERS.fullmatch(value) for value in row)
