"""Outcomes are harmless in every spreadsheet, whatever it takes for a separator."""

import csv
import io
import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runs.outcome_cells import marked, marked_texts, plain

# The last four in full width.
FORMULAS = "=+-@\uff1d\uff0b\uff0d\uff20"
BEGINS = FORMULAS + "\t\r\n"
VALUES = st.text(
    st.sampled_from([*BEGINS, "'", "\uff07", ";", ",", '"', " ", "a", "1", "é"]), max_size=12
)


def cells_as_opened(text: str, separator: str) -> list[str]:
    """The cells that a parser finds in a quoted cell which it splits by this separator."""
    if separator == "\n":
        return re.split("\r\n|\r|\n", text)
    return text.split(separator)


@given(VALUES)
def test_no_cell_begins_as_a_formula_and_the_value_comes_back(value: str) -> None:
    cell = marked(value)

    for separator in (";", ",", "\t", "\r", "\n"):
        for part in cells_as_opened(cell, separator):
            assert not part.startswith(tuple(FORMULAS)), repr(cell)
    assert plain(cell) == value


@given(st.lists(VALUES, max_size=6))
def test_a_column_is_written_as_each_of_its_values(values: list[str]) -> None:
    assert marked_texts(pl.Series(values, dtype=pl.String)).to_list() == [
        marked(value) for value in values
    ]


@given(VALUES)
def test_a_file_of_quoted_cells_gives_every_value_back(value: str) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerow([marked(value), "x"])
    [[cell, _]] = csv.reader(io.StringIO(file.getvalue(), newline=""))

    assert plain(cell) == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [("'=1+1", "=1+1"), ("'Brien", "'Brien"), ("a;'=b", "a;'=b"), ("'+43", "+43"), ("", "")],
)
def test_what_the_first_version_wrote_is_read_as_it_meant_it(cell: str, value: str) -> None:
    assert plain(cell, old=True) == value
