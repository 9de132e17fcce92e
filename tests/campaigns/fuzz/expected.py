"""What a snapshot holds according to a parser that goes from character to character.

The delimiter, the kind of quote and whether there is a header are taken from the reader's guess,
because the bytes alone don't say. The dialect is the first of a list that all rows of the file fit.
From there on both must agree on every value, and refuse the same files. Accepted differences:
- blank lines are no profiles, except that in a file of one column each is an empty value;
- names in a header lose the blanks around them;
- bytes that aren't UTF-8 matter in columns that are asked for, and in the header.
"""

import codecs
import re
from collections.abc import Iterator, Sequence

from shared.segments.format import CsvFormat
from shared.segments.layout import Layout, LayoutError
from shared.segments.opening import open_file
from tests.campaigns.fuzz.segment_case import Case

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class RefusedError(Exception):
    """The snapshot must not be read; the text says why."""


def expected_rows(case: Case, wanted: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the wanted columns of all rows; raises RefusedError."""
    rows: list[tuple[str, ...]] = []
    before: Layout | None = None
    for file, data in zip(case.snapshot.files, case.files, strict=True):
        try:
            opened = open_file(case.blobs, file, before, wanted)
        except (LayoutError, UnicodeError) as error:
            raise RefusedError(str(error)) from None
        text = _text(data, case.format)
        if opened is None:
            assert not text.strip("\r\n")
            continue
        layout, chunks = opened
        chunks.close()
        before = before or layout
        places = [_place(layout.columns, name) for name in wanted]
        found = _rows(text, layout, case.format)
        rows += [tuple(row[place] for place in places) for row in found]
    for row in rows:
        try:
            "".join(row).encode()
        except UnicodeEncodeError:
            raise RefusedError("a value is not UTF-8") from None
    return rows


def _text(data: bytes, said: CsvFormat) -> str:
    codec, skipped = _codec(data, said.encoding)
    # A byte that isn't UTF-8 becomes a character that can't be written as UTF-8 either.
    errors = "surrogateescape" if codec == "utf-8" else "strict"
    try:
        return data[skipped:].decode(codec, errors)
    except UnicodeError as error:
        raise RefusedError(str(error)) from None


def _codec(data: bytes, declared: str | None) -> tuple[str, int]:
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return codec, len(mark)
    zeros = [byte == 0 for byte in data[:2]]
    if declared in (None, "utf-8", "ascii", "utf-16", "utf-16-le", "utf-16-be"):
        if zeros == [True, False]:
            return "utf-16-be", 0
        if zeros == [False, True]:
            return "utf-16-le", 0
    if (declared or "").startswith("utf-16") and re.match(rb"[ -~]{4}", data):
        return "utf-8", 0
    names = {None: "utf-8", "ascii": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
    return names.get(declared, declared or ""), 0


def _place(columns: Sequence[str], name: str) -> int:
    for same in (str, lambda text: text.strip().casefold()):
        places = [n for n, column in enumerate(columns) if same(column) == same(name)]
        if len(places) == 1:
            return places[0]
        if places:
            break
    raise RefusedError("a column is missing or there twice")


def _rows(text: str, layout: Layout, said: CsvFormat) -> list[list[str]]:
    reasons = []
    for quote, escape, newline in _dialects(layout, said):
        try:
            return _fitting(text, layout, said, quote, escape, newline)
        except RefusedError as error:
            reasons.append(error)
    raise reasons[0]


def _dialects(layout: Layout, said: CsvFormat) -> Iterator[tuple[str, bool, str]]:
    guess = layout.rules.dialect.quote
    quoted = [(guess or said.quote, escape) for escape in (said.escape, not said.escape)]
    order = quoted if said.quoting else [*quoted, ("", False)] if guess else [("", False), *quoted]
    for newline in ("", layout.newline):
        yield from ((quote, escape, newline) for quote, escape in order)


def _fitting(
    text: str, layout: Layout, said: CsvFormat, quote: str, escape: bool, newline: str
) -> list[list[str]]:
    rows = _parsed(text, layout.rules.delimiter.decode(), quote, escape, newline)
    if layout.header:
        while not (header := rows.pop(0)):
            pass
        if not _same(header, layout):
            raise RefusedError("so written, the header is another")
    width = len(layout.columns)
    rows = [row or [""] for row in rows if row or width == 1]
    if said.ragged:
        rows = [row + [""] * (width - len(row)) for row in rows]
    if any(len(row) != width for row in rows):
        raise RefusedError("a row has more or fewer values than there are columns")
    return rows


def _same(header: list[str], layout: Layout) -> bool:
    """Return whether a header is the one that the reader found; a model may spell its names."""
    rows = layout.rules.split(layout.title + b"\n", 1)
    return header == layout.rules.values(rows[0][0], "surrogateescape")


def _parsed(text: str, delimiter: str, quote: str, escape: bool, newline: str) -> list[list[str]]:
    rows: list[list[str]] = []
    at = 0
    while at < len(text):
        if end := _end(text, at, newline):
            rows.append([])
            at += len(end)
            continue
        row, at = _row(text, at, delimiter, quote, escape, newline)
        rows.append(row)
    return rows


def _row(
    text: str, at: int, delimiter: str, quote: str, escape: bool, newline: str
) -> tuple[list[str], int]:
    row = []
    while True:
        if quote and text.startswith(quote, at):
            value, at = _quoted(text, at + 1, quote, escape)
        else:
            begin = at
            while at < len(text) and text[at] != delimiter and not _end(text, at, newline):
                at += 1
            value = text[begin:at]
        row.append(value)
        if at == len(text):
            return row, at
        if text[at] == delimiter:
            at += 1
        elif end := _end(text, at, newline):
            return row, at + len(end)
        else:
            raise RefusedError("something stands behind a quoted value")


def _quoted(text: str, at: int, quote: str, escape: bool) -> tuple[str, int]:
    value = ""
    while at < len(text):
        pair = text[at : at + 2]
        if escape and pair[0] == "\\" and len(pair) == 2:
            value += pair[1] if pair[1] in (quote, "\\") else pair
            at += 2
        elif pair == quote * 2:
            value += quote
            at += 2
        elif pair[0] == quote:
            return value, at + 1
        else:
            value += pair[0]
            at += 1
    raise RefusedError("a quote never ends")


def _end(text: str, at: int, newline: str) -> str:
    return next(
        (
            end
            for end in ([newline] if newline else ["\r\n", "\n", "\r"])
            if text.startswith(end, at)
        ),
        "",
    )
