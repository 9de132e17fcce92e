"""Whom a filter lets through, against loops that know nothing of tables."""

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.exports.filters import Condition
from shared.mailchimp.countries import culture_of
from shared.runs.codes import NAMES
from shared.runs.planning.eligibility import classify
from shared.runs.planning.profiles import ProfileColumns, TooManyContactsError, gather
from shared.runs.planning.row_filter import KeptOut, RowFilter, one_row_per_profile
from tests.support.tables import suppressions

NOBODY_S = pl.DataFrame(schema={"email": pl.String, "archived": pl.Boolean, "pending": pl.Boolean})
# CustomerId, address, country, age
Row = tuple[str, str, str, str]
COLUMNS = ("CustomerId", "Mail", "Country", "Age")


def judge(given: str, culture: str | None = None, **condition: Any) -> KeptOut:
    row_filter = RowFilter((Condition(field="x", **condition),), culture_of(culture))
    return KeptOut(row_filter.judge(pl.DataFrame({"x": [given]})).item())


@pytest.mark.parametrize(
    ("value", "condition", "kept_out"),
    [
        (" HR ", {"op": "in", "values": ["HR"]}, KeptOut.NO),
        ("hr", {"op": "in", "values": ["HR"]}, KeptOut.BY_VALUE),
        ("", {"op": "in", "values": ["HR"]}, KeptOut.BY_BLANK),
        ("LV", {"op": "not_in", "values": ["HR"]}, KeptOut.NO),
        ("HR", {"op": "not_in", "values": [" HR "]}, KeptOut.BY_VALUE),
        (" ", {"op": "not_in", "values": ["HR"]}, KeptOut.NO),
        ("", {"op": "blank"}, KeptOut.NO),
        ("x", {"op": "blank"}, KeptOut.BY_VALUE),
        ("x", {"op": "not_blank"}, KeptOut.NO),
        ("\u00a0", {"op": "not_blank"}, KeptOut.BY_BLANK),
        ("2026-11-29T23:00:00Z", {"op": "before", "value": "2026-11-30"}, KeptOut.NO),
        ("2026-11-30", {"op": "before", "value": "30.11.2026"}, KeptOut.BY_VALUE),
        ("31/12/2026", {"op": "after", "value": "2026-11-30"}, KeptOut.NO),
        ("soon", {"op": "after", "value": "2026-11-30"}, KeptOut.BY_BLANK),
        ("9.5", {"op": "less", "value": "10"}, KeptOut.NO),
        ("10", {"op": "less", "value": "10"}, KeptOut.BY_VALUE),
        ("1,234.5", {"op": "more", "value": "1000"}, KeptOut.NO),
        ("007", {"op": "more", "value": "1"}, KeptOut.BY_BLANK),
    ],
)
def test_a_condition_holds_or_fails_by_a_value_or_by_a_blank(
    value: str, condition: dict[str, Any], kept_out: KeptOut
) -> None:
    assert judge(value, None, **condition) is kept_out


def test_dates_and_numbers_are_read_as_the_snapshot_writes_them() -> None:
    assert judge("1.234", "de-DE", op="more", value="1000") is KeptOut.NO
    assert judge("1.234", "en-US", op="more", value="1000") is KeptOut.BY_VALUE
    assert judge("01/02/2026", "en-GB", op="after", value="2026-01-15") is KeptOut.NO
    assert judge("01/02/2026", "en-US", op="after", value="2026-01-15") is KeptOut.BY_VALUE
    assert judge("01/02/2026", op="after", value="2026-01-15") is KeptOut.BY_BLANK


COUNTRIES = ["HR", "LV", ""]
AGES = ["7", "30", "", "old"]
CONDITIONS: dict[str, tuple[dict[str, Any], Callable[[str, str], bool | None]]] = {
    "in": (
        {"field": "Country", "op": "in", "values": ["HR"]},
        lambda c, _: (c == "HR") if c else None,
    ),
    "not in": ({"field": "Country", "op": "not_in", "values": ["HR"]}, lambda c, _: c != "HR"),
    "blank": ({"field": "Country", "op": "blank"}, lambda c, _: not c),
    "adult": (
        {"field": "Age", "op": "more", "value": "17"},
        lambda _, age: int(age) > 17 if age.isdecimal() else None,
    ),
    "has an age": ({"field": "Age", "op": "not_blank"}, lambda _, age: True if age else None),
}


def by_hand(named: Sequence[str], country: str, age: str) -> KeptOut:
    """Judge a row: a condition says yes, no, or nothing (None)."""
    answers = [CONDITIONS[name][1](country, age) for name in named]
    if False in answers:
        return KeptOut.BY_VALUE
    return KeptOut.BY_BLANK if None in answers else KeptOut.NO


def classified(
    segments: Sequence[Sequence[Row]], named: Sequence[str], at_once: int
) -> pl.DataFrame:
    conditions = tuple(Condition.model_validate(CONDITIONS[name][0]) for name in named)
    columns = ProfileColumns("Mail", ("Country",), filter=RowFilter(conditions))
    batches = [
        pa.RecordBatch.from_pydict(
            {
                name: pa.array([row[i] for row in rows], pa.string())
                for i, name in enumerate(COLUMNS)
            }
        )
        for rows in segments
    ]
    found = gather(
        [(f"s{n}", [batch]) for n, batch in enumerate(batches)], columns, at_once=at_once
    )
    frame = one_row_per_profile(found.frame.with_row_index("profile"))
    return classify(frame, suppressions(), NOBODY_S)


rows = st.tuples(
    st.sampled_from("123"),
    st.sampled_from(["a@x.org", "b@x.org", ""]),
    st.sampled_from(COUNTRIES),
    st.sampled_from(AGES),
)


@settings(max_examples=200)
@given(
    st.lists(st.lists(rows, max_size=5), min_size=1, max_size=3),
    st.lists(st.sampled_from(sorted(CONDITIONS)), min_size=1, max_size=3, unique=True),
    st.integers(1, 4),
)
def test_who_is_let_through_and_with_what_is_what_a_loop_over_the_rows_finds(
    segments: list[list[Row]], named: list[str], at_once: int
) -> None:
    found = classified(segments, named, at_once)

    # Of each profile: how its rows fare, which segments let it through, its first value there.
    fares: dict[tuple[str, str], list[tuple[KeptOut, int, str]]] = {}
    for n, part in enumerate(segments):
        for id_, mail, country, age in part:
            fares.setdefault((mail, id_), []).append((by_hand(named, country, age), n, country))
    told = {(row["email"], row["customer_id"]): row for row in found.iter_rows(named=True)}
    assert len(told) == found.height
    assert set(told) == set(fares)
    inside = {
        pair: [(n, country) for how, n, country in ways if how is KeptOut.NO]
        for pair, ways in fares.items()
    }
    for (mail, id_), ways in fares.items():
        row, through = told[mail, id_], inside[mail, id_]
        if not mail:
            assert NAMES[row["code"]] == "skipped_no_email"
            continue
        if not through:
            assert NAMES[row["code"]] == "skipped_filtered"
            assert row["kept_out"] == min(how for how, _, _ in ways)
            assert row["segments"] == sum({1 << n for _, n, _ in ways})
            continue
        others = {pair: there for pair, there in inside.items() if pair[0] == mail and there}
        counts = min(others, key=lambda pair: (others[pair][0][0], pair[1]))
        assert (
            row["code"] is None
            if counts == (mail, id_)
            else NAMES[row["code"]] == "skipped_duplicate"
        )
        assert row["=Country"] == through[0][1]
        if counts == (mail, id_):
            assert row["segments"] == sum({1 << n for there in others.values() for n, _ in there})


def test_a_filtered_profile_decides_no_values_among_duplicates() -> None:
    rows: list[Row] = [("1", "a@x.org", "LV", ""), ("2", "a@x.org", "HR", "")]
    found = classified([rows], ["in"], 10)
    assert [
        (row["=Country"], row["code"] and NAMES[row["code"]]) for row in found.rows(named=True)
    ] == [
        ("LV", "skipped_filtered"),
        ("HR", None),
    ]


def test_who_is_filtered_is_not_counted_among_those_that_an_export_may_send() -> None:
    rows: list[Row] = [(str(n), f"{n}@x.org", "HR" if n < 3 else "LV", "") for n in range(9)]
    conditions = (Condition(field="Country", op="in", values=["HR"]),)
    batch = pa.RecordBatch.from_pydict(
        {name: pa.array([row[i] for row in rows], pa.string()) for i, name in enumerate(COLUMNS)}
    )
    columns = ProfileColumns("Mail", filter=RowFilter(conditions))
    assert gather([("s", [batch])], columns, most=3).frame.height == 9
    with pytest.raises(TooManyContactsError):
        gather([("s", [batch])], columns, most=2)


def test_without_a_filter_no_column_says_who_is_kept_out() -> None:
    batch = pa.RecordBatch.from_pydict({name: pa.array([], pa.string()) for name in COLUMNS})
    frame = gather([("s", [batch])], ProfileColumns("Mail")).frame
    assert "kept_out" not in one_row_per_profile(frame).columns
