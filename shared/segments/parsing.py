"""Parses pieces of whole rows into record batches, and finds the row that is wrong."""

from codecs import BOM_UTF8
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.csv

from shared.segments.layout import Layout
from shared.segments.rows import MalformedRowError, Piece, lines_in

_PARSED_AT_ONCE = 2 << 20
_LOOK_AT_VALUES = (
    "Look at this row at the source: a value with a delimiter, a quotation mark or a line break in "
    "it has to be written in quotes."
)


def parse(layout: Layout, piece: Piece, places: Mapping[str, int]) -> pa.Table:
    """Return the columns at some places, all values strings; raises MalformedRowError.

    No places: their first column is looked at, as bytes, to see whether the rows fit.
    """
    data = layout.rules.plainly(piece.data, len(layout.columns))
    try:
        return _parse_blocks(layout, data, places, _PARSED_AT_ONCE)
    except pa.ArrowInvalid:
        try:
            # A row longer than a block; or something is wrong, which happens again.
            return _parse_blocks(layout, data, places, len(data) + 1)
        except pa.ArrowInvalid:
            # Arrow's own text holds the row.
            raise _what_is_wrong(layout, piece, places) from None


def _parse_blocks(
    layout: Layout, data: bytes, places: Mapping[str, int], block_size: int
) -> pa.Table:
    rules = layout.rules
    numbered = [str(place) for place in dict.fromkeys(places.values())]
    if data.startswith(BOM_UTF8):
        # Arrow drops a mark at the beginning of whatever it gets; this one belongs to a value.
        data = BOM_UTF8 + data
    table = pa.csv.read_csv(
        pa.py_buffer(data),
        read_options=pa.csv.ReadOptions(
            # Numbers instead of names: two columns that nobody wants may have one name.
            column_names=[str(place) for place in range(len(layout.columns))],
            block_size=block_size,
        ),
        parse_options=pa.csv.ParseOptions(
            delimiter=rules.delimiter.decode(),
            quote_char='"' if rules.quoting or not rules.is_plain else False,
            newlines_in_values=b'"' in data and (rules.quoting or not rules.is_plain),
            ignore_empty_lines=len(layout.columns) > 1,
        ),
        convert_options=pa.csv.ConvertOptions(
            include_columns=numbered or ["0"],
            column_types=dict.fromkeys(numbered, pa.string()) or {"0": pa.binary()},
            strings_can_be_null=False,
        ),
    )
    # An export may name one column in two spellings.
    named = {name: table[str(place)] for name, place in places.items()}
    return pa.table(named or {"0": table["0"]})


def _what_is_wrong(layout: Layout, piece: Piece, places: Mapping[str, int]) -> MalformedRowError:
    """Find the row that the CSV reader refused, the slow way."""
    width = len(layout.columns)
    at, line, number = 0, piece.line, 0
    while match := layout.rules.row.match(piece.data, at):
        row = layout.rules.without_end(match[0])
        values = layout.rules.raw_values(row)
        number += bool(row) or width == 1
        if _has_other_width(layout, len(values)) and (row or width == 1):
            reason = f"it has {len(values)} values instead of {width}"
            return MalformedRowError(line, reason, row=number, help=_LOOK_AT_VALUES)
        for place in sorted(places.values()):
            if place < len(values) and not _is_utf8(values[place]):
                return MalformedRowError(line, "it is not text in UTF-8", place, number)
        at = match.end()
        line += lines_in(match[0])
    return MalformedRowError(piece.line, "not valid CSV from this line on")


def _has_other_width(layout: Layout, count: int) -> bool:
    width = len(layout.columns)
    return count > width if layout.rules.dialect.ragged else count != width


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeError:
        return False
    return True
