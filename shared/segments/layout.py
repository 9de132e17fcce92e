"""How one file really is written: its delimiter, its quoting, whether it begins with a header.

model.json may say so, wrongly or not at all, so the file's first rows have the last word.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from shared.segments.format import CsvFormat
from shared.segments.rows import Grammar, grammar

_DELIMITERS = ",;\t|"
_LOOKED_AT = 20

# What stands in a row of profiles and in no header: a CustomerId or GUID, an e-mail address (the
# first @ is kept, once found: trying all of them with all the dots takes minutes for long values).
_IN_NO_HEADER = re.compile(
    r"[0-9a-f]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|(?=\S+\Z)(?>\S+?@)\S+\.\S+"
)
# A time, a number: hardly ever.
_IN_FEW_HEADERS = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?|[+-]?\d+([.,]\d+)?")
_QUOTED = re.compile(rb'"[^"]*+"(?:[,;\t|]"[^"]*+")*+')


class LayoutError(Exception):
    """The columns of a file can't be told; the text says why."""


@dataclass(frozen=True)
class Layout:
    """A file's columns in its own order; the first row begins at byte `start`, on line `line`."""

    rules: Grammar
    columns: tuple[str, ...]
    header: bool
    start: int = 0
    line: int = 1


def layout_of(
    head: bytes,
    said: CsvFormat,
    known: Sequence[str] | None,
    wanted: Collection[str] = (),
    before: bytes | None = None,
) -> Layout | None:
    """Tell how a file that begins with `head` (UTF-8, as many whole rows as it holds) is written.

    `known` are the columns as model.json or an earlier file of the snapshot has them, `wanted`
    names that a header should have, `before` the delimiter of an earlier file: it decides between
    two that fit equally well. None when there is no row. Raises LayoutError, UnicodeError.
    """
    rules = _grammar(head, said, known, wanted, before)
    rows = rules.split(head, 1)
    if not rows:
        return None
    row, end = rows[0]
    values = tuple(value.strip() for value in rules.values(row))
    if _is_header(values, said.header, known, wanted):
        lines = head[:end].count(b"\n") or head[:end].count(b"\r")
        return Layout(rules, values, True, end, lines + 1)
    if known is None:
        raise LayoutError("it has no header row, and no model.json names its columns")
    if len(values) != len(known):
        raise LayoutError(
            f"it has no header row, and its first row has {len(values)} values instead of the "
            f"{len(known)} columns that are known"
        )
    return Layout(rules, tuple(known), False)


def _is_header(
    row: Sequence[str], said: bool | None, known: Sequence[str] | None, wanted: Collection[str]
) -> bool:
    if any(_IN_NO_HEADER.fullmatch(value) for value in row):
        return False
    names = set(row) - {""}
    if wanted and set(wanted) <= names:
        return True
    like_data = not names or any(_IN_FEW_HEADERS.fullmatch(value) for value in row)
    if known is None:
        return not like_data or (said is True and bool(names))
    # The file may have more or other columns than a model of an older snapshot says.
    if names and len(names & set(known)) * 2 >= min(len(names), len(set(known))):
        return True
    return not like_data and (said is True or len(row) != len(known))


def _grammar(
    head: bytes,
    said: CsvFormat,
    known: Sequence[str] | None,
    wanted: Collection[str],
    before: bytes | None,
) -> Grammar:
    quoting = said.quoting or _all_quoted(head)
    names = set(known or ()) | set(wanted)
    if said.delimiter is not None:
        rules = grammar(said.delimiter, quoting)
        rows = rules.split(head, 1)
        if not rows or len(names) < 2 or said.delimiter.encode() in rows[0][0]:
            return rules
    return max(
        (grammar(delimiter, quoting) for delimiter in _DELIMITERS),
        key=lambda rules: (
            *_fit(rules, head, names, len(known or ())),
            rules.delimiter == before,
        ),
    )


def _fit(rules: Grammar, head: bytes, names: set[str], width: int) -> tuple[int, bool, bool, int]:
    """Rate a delimiter: names it shows, the known number of columns, rows of one length."""
    rows = [rules.values(row, "replace") for row, _ in rules.split(head, _LOOKED_AT)]
    if not rows:
        return 0, False, False, 0
    widths = {len(row) for row in rows}
    first = len(rows[0])
    shown = len(names.intersection(value.strip() for value in rows[0]))
    return shown, first == width, len(widths) == 1 and first > 1, first


def _all_quoted(head: bytes) -> bool:
    """Whether the first line is quoted although model.json denies it."""
    line = head.lstrip(b"\r\n").splitlines()[:1]
    return bool(line) and _QUOTED.fullmatch(line[0]) is not None
