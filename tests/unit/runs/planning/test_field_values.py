"""The values of profiles are kept outside the memory and come back as they were sent in."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.mailchimp.merge_fields import FieldPlan
from shared.runs.planning.field_values import FieldValues

NAME, POINTS = FieldPlan("FNAME", "Name"), FieldPlan("POINTS", "Points", "number")
HOME = FieldPlan(
    "HOME",
    "",
    "address",
    parts={"addr1": "Street", "city": "City", "state": "State", "zip": "Zip"},
)
FIELDS = ("POINTS", "FNAME", "HOME")
# Rows of a block of the temporary file; a test of many rows goes over its border.
BLOCK = 25_000


def profiles(names: Sequence[str | None], points: Sequence[str | None] = ()) -> pl.DataFrame:
    values = [*points, *[None] * (len(names) - len(points))]
    return pl.DataFrame(
        {"Name": names, "Points": values}, schema={"Name": pl.String, "Points": pl.String}
    )


@pytest.fixture
def values() -> Iterator[FieldValues]:
    with FieldValues([NAME, POINTS], FIELDS) as values:
        yield values


def objects(values: FieldValues, rows: Sequence[int]) -> list[dict[str, Any]]:
    texts = values.texts(pl.Series(rows, dtype=pl.UInt32))
    return [json.loads(text) for text in texts]


def test_a_profile_s_values_are_one_json_object_with_null_for_blanks(values: FieldValues) -> None:
    values.keep(profiles(["Ana", " ", 'Ivo "the" \\ Great'], ["12.5", "3", None]))
    assert objects(values, [0, 1, 2]) == [
        {"FNAME": "Ana", "POINTS": 12.5},
        {"FNAME": None, "POINTS": 3},
        {"FNAME": 'Ivo "the" \\ Great', "POINTS": None},
    ]


def test_an_address_is_an_object_in_the_object() -> None:
    row = {"Street": "1 Main St", "City": "Springfield", "State": "IL", "Zip": "62701"}
    with FieldValues([HOME], FIELDS) as values:
        kept = values.keep(pl.DataFrame([row]))
        home = objects(values, [0])[0]["HOME"]
    assert {home[part] for part in ("addr1", "city", "state", "zip")} == set(row.values())
    assert kept["fields"].to_list() == [0b100]


def test_fields_tell_which_merge_fields_have_a_value_by_the_ledger_s_bits(
    values: FieldValues,
) -> None:
    kept = values.keep(profiles(["Ana", None, "Eva", None], ["1", "2", None, None]))
    assert kept["fields"].to_list() == [0b11, 0b01, 0b10, 0]


def test_what_was_cut_or_left_out_is_counted_over_all_parts(values: FieldValues) -> None:
    values.keep(profiles(["x" * 300], ["many"]))
    values.keep(profiles(["y" * 300, "Ana"], ["few", "1"]))
    assert values.cut == {"FNAME": 2}
    assert values.dropped == {"POINTS": 2}


@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=3)), min_size=1, max_size=30))
def test_equal_values_have_equal_digests_and_others_do_not(rows: list[tuple[str, str]]) -> None:
    with FieldValues([NAME, POINTS], FIELDS) as values:
        kept = values.keep(profiles(*(list(column) for column in zip(*rows, strict=True))))
        texts = values.texts(pl.Series(range(len(rows)), dtype=pl.UInt32)).to_list()
    digests = kept["digest"].to_list()
    assert len(set(zip(digests, texts, strict=True))) == len(set(digests)) == len(set(texts))


def test_a_digest_is_the_same_in_every_version(values: FieldValues) -> None:
    """The ledger compares it with digests of earlier runs: another one would send everybody."""
    kept = values.keep(profiles(["Ana", None], ["12.5", None]))
    assert kept["digest"].to_list() == [14060325200629257146, 7206871014141086077]


@settings(max_examples=15)
@given(
    st.lists(st.integers(1, 2 * BLOCK + 7), min_size=1, max_size=4),
    st.data(),
)
def test_any_rows_come_back_in_the_order_they_are_asked_for(
    sizes: list[int], data: st.DataObject
) -> None:
    """Also across the borders of blocks, and those of the parts that the rows came in."""
    total = sum(sizes)
    rows = data.draw(st.lists(st.integers(0, total - 1), max_size=20))
    with FieldValues([NAME], FIELDS) as values:
        first = 0
        for size in sizes:
            names = pl.select(Name=pl.format("n{}", pl.int_range(first, first + size)))
            assert values.keep(names).height == size
            first += size
        assert [found["FNAME"] for found in objects(values, rows)] == [f"n{row}" for row in rows]


def test_without_merge_fields_nothing_is_kept_and_nobody_differs() -> None:
    with FieldValues([], ()) as values:
        kept = values.keep(profiles(["Ana", "Ivo"]))
        assert kept.rows() == [(0, 0), (0, 0)]
        assert objects(values, [1, 0]) == [{}, {}]


def test_an_empty_part_has_no_rows(values: FieldValues) -> None:
    kept = values.keep(profiles([]))
    assert kept.schema == {"digest": pl.UInt64, "fields": pl.UInt64}
    assert kept.height == 0
    assert values.texts(pl.Series([], dtype=pl.UInt32)).len() == 0
