"""What templates and fixed values make of a profile."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.exports.models import Export
from shared.runs.planning.mapped_values import computed_values
from tests.unit.exports.test_models import EXPORT


def made(source: dict[str, str], **row: str) -> str:
    export = Export.model_validate(EXPORT | {"merge_fields": {"X": source}})
    [computed] = computed_values(export)
    frame = pl.DataFrame({"CustomerId": ["1"], **{name: [value] for name, value in row.items()}})
    assert set(computed.columns) <= set(row)
    value: str = frame.select("CustomerId", x=computed.value)["x"].item()
    return value


@pytest.mark.parametrize(
    ("template", "first", "last", "expected"),
    [
        ("Dear {First} {Last}", "Ana", "Horvat", "Dear Ana Horvat"),
        ("Dear {First} {Last}", "", "Horvat", "Dear Horvat"),
        ("Dear {First} {Last}!", " Ana ", "", "Dear Ana !"),
        ("Dear {First} {Last}", " ", "", ""),
        ("{First}{{{Last}}}", "Ana", "H", "Ana{H}"),
        ("{ First }", "Ana", "", "Ana"),
    ],
)
def test_a_template_is_filled_and_blank_where_all_its_columns_are(
    template: str, first: str, last: str, expected: str
) -> None:
    given = {"First": first, "Last": last}
    named = {name: value for name, value in given.items() if name in template}
    assert made({"template": template}, **named) == expected


@given(st.text(alphabet="ab {}", max_size=4), st.text(alphabet="ab ", max_size=4))
def test_a_value_s_braces_are_no_template_s(first: str, last: str) -> None:
    expected = " ".join(f"{first} and {last}".split()) if first.strip() or last.strip() else ""
    assert made({"template": "{First} and {Last}"}, First=first, Last=last) == expected


def test_a_fixed_value_is_everybody_s() -> None:
    assert made({"value": "CI"}) == "CI"
