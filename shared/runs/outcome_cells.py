"""Cells of outcomes that no spreadsheet runs as a formula, whatever it takes for a separator.

A mark, `'`, stands before what begins with a character that may begin a formula, and after each
separator or line end that one of these follows, for who opens the file with another separator.
Taking the marks away gives the value.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # loading it takes longer than a page
    import polars as pl

# Tab, CR and LF are there too: spreadsheets skip them. The full-width forms count as the others.
_BEGINS = "'=+\\-@\t\r\n\uff07\uff1d\uff0b\uff0d\uff20"
_TO_MARK = re.compile(f"(^|[;,\t\r\n])(?=[{_BEGINS}])")
_MARKED = re.compile("(^|[;,\t\r\n])'")
# The same without looking ahead, which the expressions of polars can't.
_NEEDS_MARK = f"(^|[;,\t\r\n])[{_BEGINS}]"
# 0.1.0 marked the beginning of a cell alone, and not where the value itself begins with the mark.
_OLD_MARK = re.compile("^'(?=[=+\\-@\t\r])")


def marked(value: str) -> str:
    """Return a value as it stands in the file."""
    return _TO_MARK.sub("\\1'", value)


def plain(cell: str, *, old: bool = False) -> str:
    """Return the value of a cell; old: of a file that 0.1.0 wrote."""
    return _OLD_MARK.sub("", cell) if old else _MARKED.sub("\\1", cell)


def marked_texts(values: "pl.Series") -> "pl.Series":
    """Return a column of texts as they stand in the file; few need more than a look."""
    import polars as pl

    values = values.fill_null("")
    needs = values.str.contains(_NEEDS_MARK)
    if not needs.any():
        return values
    by_hand = pl.Series([marked(value) for value in values.filter(needs)], dtype=pl.String)
    return values.scatter(needs.arg_true(), by_hand)
