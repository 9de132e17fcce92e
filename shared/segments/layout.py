"""How one file is written: its delimiter, its columns, whether it begins with a header.

model.json may say so, wrongly or not at all, so the file's first rows have the last word.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from shared.segments.columns import folded
from shared.segments.format import CsvFormat
from shared.segments.headers import Headline, header_columns
from shared.segments.rows import Dialect, Grammar, grammar_of

_DELIMITERS = ",;\t|"
_LOOKED_AT = 20


class LayoutError(Exception):
    """The columns of a file can't be told; the text says why, `help` what would help."""

    def __init__(self, reason: str, help: str = "") -> None:
        super().__init__(reason)
        self.help = help


@dataclass(frozen=True)
class Layout:
    """A file's columns in its own order; the first row begins at byte `start`, on line `line`.

    `title` is all up to the header's end.
    `newline` is how its first row ends. `borrowed`: its columns have the names that a model.json
    gives to other files.
    """

    rules: Grammar
    columns: tuple[str, ...]
    header: bool
    start: int = 0
    line: int = 1
    newline: str = "\n"
    borrowed: bool = False
    title: bytes = b""

    def keeps_header(self, rules: Grammar) -> bool:
        """Return whether another grammar reads the same header."""
        if not self.header:
            return True
        return self._header(rules) == self._header(self.rules)

    def _header(self, rules: Grammar) -> list[bytes]:
        # A carriage return alone ends no row: it may be half of an end.
        rows = rules.split(self.title + b"\n", 1)
        return rules.raw_values(rows[0][0]) if rows else []


def layout_of(
    head: bytes,
    said: CsvFormat,
    before: Layout | None = None,
    wanted: Collection[str] = (),
    skipped: int = 0,
) -> Layout | None:
    """Tell how a file that begins with `head` (UTF-8, as many whole rows as it holds) is written.

    `before` is the layout of an earlier file of the snapshot, `wanted` are names that a header
    should have; the rows begin at byte `skipped`. None when there is no row. Raises LayoutError,
    UnicodeError.
    """
    known = before.columns if before else said.columns
    names = set(known or ()) | set(wanted)
    text = head[skipped:]
    rules = _grammar(text, said, names, len(known or ()), before)
    rows = rules.split(text, _LOOKED_AT)
    if not rows:
        return None
    row, end = rows[0]
    line = _lines(head[:skipped]) + 1
    values = tuple(value.strip() for value in rules.values(row))
    more = [tuple(v.strip() for v in rules.values(other, "replace")) for other, _ in rows[1:]]
    columns = header_columns(
        Headline(values, more, tuple(wanted)),
        known,
        said=said.header,
        certain=said.certain,
        earlier=before.header if before else None,
    )
    newline = _end_of(text[:end])
    if said.newline == newline and _has_other_ends(text, newline):
        rules = grammar_of(replace(rules.dialect, newline=newline))
    if columns is not None:
        lines = _lines(text[:end])
        return Layout(rules, columns, True, skipped + end, line + lines, newline, title=text[:end])
    if known is None:
        raise LayoutError(
            "it has no header row, and no model.json names its columns",
            "Have the export written with column names, or with its model.json.",
        )
    _check_width(values, known, said, before)
    borrowed = before.borrowed if before else not said.certain
    return Layout(rules, tuple(known), False, skipped, line, newline, borrowed)


def _check_width(
    values: Sequence[str], known: Sequence[str], said: CsvFormat, before: Layout | None
) -> None:
    short = said.ragged and len(values) < len(known)
    if len(values) == len(known) or short:
        return
    source = "an earlier file has" if before else "its model.json names"
    raise LayoutError(
        f"it has no header row, and its first row has {len(values)} values instead of the "
        f"{len(known)} columns that {source}",
        "Have the segment written again, so that the files and their model.json are of one time.",
    )


def _grammar(
    head: bytes, said: CsvFormat, names: set[str], width: int, before: Layout | None
) -> Grammar:
    """Find the delimiter. Quotes are taken for quotes unless the first rows show otherwise."""
    usual = Dialect(quote=said.quote, escape=said.escape, ragged=said.ragged)
    if not said.quoting and not grammar_of(usual).split(head, 1):
        usual = replace(usual, quote="")
    if said.delimiter is not None:
        rules = grammar_of(replace(usual, delimiter=said.delimiter))
        rows = rules.split(head, 1)
        if not rows or len(names) < 2 or said.delimiter.encode() in rows[0][0]:
            return rules
    return max(
        (grammar_of(replace(usual, delimiter=delimiter)) for delimiter in _DELIMITERS),
        key=lambda rules: (
            *_fit(rules, head, names, width),
            before is not None and rules.delimiter == before.rules.delimiter,
        ),
    )


def _fit(rules: Grammar, head: bytes, names: set[str], width: int) -> tuple[int, bool, bool, int]:
    """Rate a delimiter: names it shows, the known number of columns, rows of one length."""
    rows = [rules.values(row, "replace") for row, _ in rules.split(head, _LOOKED_AT)]
    if not rows:
        return 0, False, False, 0
    widths = {len(row) for row in rows}
    first = len(rows[0])
    wanted = {folded(name) for name in names}
    shown = len(wanted.intersection(folded(value) for value in rows[0]))
    return shown, first == width, len(widths) == 1 and first > 1, first


def _has_other_ends(text: bytes, newline: str) -> bool:
    """Tell whether line ends of another kind stand in a text, which then belong to values."""
    rest = text.replace(newline.encode(), b"")
    return b"\r" in rest or b"\n" in rest


def _end_of(row: bytes) -> str:
    """How a row ends."""
    return next(end for end in ("\r\n", "\n", "\r", "") if row.endswith(end.encode())) or "\n"


def _lines(text: bytes) -> int:
    return text.count(b"\n") or text.count(b"\r")
