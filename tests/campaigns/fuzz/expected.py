"""What a snapshot holds according to Python's own csv module in strict mode.

How a file is written (delimiter, quoting, whether there is a header) is taken from the reader's
guess, because the bytes alone don't say. From there on both must agree on every value, and refuse
the same files. Accepted differences:
- blank lines are no profiles, except that in a file of one column each is an empty value;
- names in a header lose the blanks around them;
- bytes that aren't UTF-8 matter in columns that are asked for, and in the header.
"""

import codecs
import csv
import io
from collections.abc import Sequence
from typing import Literal

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
    known: tuple[str, ...] | None = None
    for file, data in zip(case.snapshot.files, case.files, strict=True):
        try:
            opened = open_file(case.blobs, file, known, wanted)
        except (LayoutError, UnicodeError) as error:
            raise RefusedError(str(error)) from None
        text = _text(data, case.format)
        if opened is None:
            assert not text.strip("\r\n")
            continue
        layout, chunks = opened
        chunks.close()
        known = layout.columns
        if any(layout.columns.count(name) != 1 for name in wanted):
            raise RefusedError("a column is missing or there twice")
        places = [layout.columns.index(name) for name in wanted]
        rows += [tuple(row[place] for place in places) for row in _rows(text, layout)]
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
    if declared in (None, "utf-16", "utf-16-le", "utf-16-be"):
        if zeros == [True, False]:
            return "utf-16-be", 0
        if zeros == [False, True]:
            return "utf-16-le", 0
    names = {None: "utf-8", "ascii": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
    return names.get(declared, declared or ""), 0


def _rows(text: str, layout: Layout) -> list[list[str]]:
    lines = io.StringIO(text, newline="")
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if layout.rules.quoting else csv.QUOTE_NONE
    delimiter = layout.rules.delimiter.decode()
    try:
        rows = list(csv.reader(lines, delimiter=delimiter, quoting=quoting, strict=True))
    except csv.Error as error:
        raise RefusedError(str(error)) from None
    if layout.header:
        while not (header := rows.pop(0)):
            pass
        assert tuple(name.strip() for name in header) == layout.columns
    width = len(layout.columns)
    rows = [row or [""] for row in rows if row or width == 1]
    if any(len(row) != width for row in rows):
        raise RefusedError("a row has more or fewer values than there are columns")
    return rows
