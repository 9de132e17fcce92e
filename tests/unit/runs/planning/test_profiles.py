"""Rows of snapshots become one profile per CustomerId and address."""

import json
from collections.abc import Mapping, Sequence

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.mailchimp.merge_fields import FieldPlan
from shared.runs.planning.field_values import FieldValues
from shared.runs.planning.profiles import ProfileColumns, TooManyContactsError, gather

COLUMNS = ProfileColumns("Mail", ("Name",), "Consent", frozenset({"yes", " TRUE "}))
Row = tuple[str | None, str | None, str | None, str | None]
Found = dict[tuple[str, str], tuple[int, int, bool, str | None]]


def batch(rows: Sequence[Row]) -> pa.RecordBatch:
    names = ("CustomerId", "Mail", "Name", "Consent")
    return pa.RecordBatch.from_pydict(
        {name: pa.array([row[i] for row in rows], pa.string()) for i, name in enumerate(names)}
    )


def gathered(
    segments: Mapping[str, Sequence[Sequence[Row]]], *, most: int = 100, at_once: int = 100
) -> tuple[Found, dict[str, int]]:
    found = gather(
        [(name, [batch(rows) for rows in parts]) for name, parts in segments.items()],
        COLUMNS,
        most=most,
        at_once=at_once,
    )
    rows = found.frame.select("email", "customer_id", "segments", "first", "consent", "=Name")
    table = {(email, id_): tuple(rest) for email, id_, *rest in rows.iter_rows()}
    assert len(table) == found.frame.height
    return table, found.rows


def expected(segments: Mapping[str, Sequence[Sequence[Row]]]) -> tuple[Found, dict[str, int]]:
    table: Found = {}
    for position, parts in enumerate(segments.values()):
        for id_, mail, name, consent in (row for part in parts for row in part):
            key = ((mail or "").strip().lower(), (id_ or "").strip())
            agrees = (consent or "").strip().lower() in ("yes", "true")
            mask, first, agreed, value = table.get(key, (0, position, True, name))
            table[key] = (mask | 1 << position, first, agreed and agrees, value)
    return table, {name: sum(map(len, parts)) for name, parts in segments.items()}


ids = st.sampled_from(["1", "2", " 1", "", None])
mails = st.sampled_from(["a@x.org", "A@x.org ", "b@x.org", "", None, "nonsense"])
names = st.sampled_from(["Ann", "Bob", "", None])
consents = st.sampled_from(["yes", "YES ", "true", "no", "", None])
rows = st.lists(st.tuples(ids, mails, names, consents), max_size=6)
parts = st.lists(rows, max_size=3)


@settings(max_examples=120)
@given(st.lists(parts, min_size=1, max_size=3), st.integers(1, 8))
def test_rows_become_what_a_loop_over_them_makes(
    found: list[list[list[Row]]], at_once: int
) -> None:
    segments = {f"s{position}": parts for position, parts in enumerate(found)}
    assert gathered(segments, at_once=at_once) == expected(segments)


@settings(max_examples=120)
@given(st.lists(parts, min_size=1, max_size=2), st.integers(1, 8))
def test_profiles_that_are_there_twice_and_not_alike_are_counted_per_segment(
    found: list[list[list[Row]]], at_once: int
) -> None:
    segments = {f"s{position}": parts for position, parts in enumerate(found)}
    forms: dict[str, dict[str, set[object]]] = {name: {} for name in segments}
    for name, each in segments.items():
        for id_, mail, value, consent in (row for part in each for row in part):
            if id_ and id_.strip():
                answer = (consent or "").strip().lower()
                said = "yes" if answer in ("yes", "true") else bool(answer)
                form = ((mail or "").strip().lower(), value, said)
                forms[name].setdefault(id_.strip(), set()).add(form)
    profiles = gather(
        [(name, [batch(rows) for rows in each]) for name, each in segments.items()],
        COLUMNS,
        at_once=at_once,
    )
    assert profiles.differing == {
        name: sum(len(each) > 1 for each in ids.values()) for name, ids in forms.items()
    }


def test_a_profile_in_several_segments_has_the_mask_of_all_and_the_values_of_the_first() -> None:
    table, rows_read = gathered(
        {
            "s0": [[("1", "a@x.org", "Ann", "yes")]],
            "s1": [[("2", "b@x.org", "Bob", "yes")]],
            "s2": [[("1", "A@X.org", "Anna", "yes"), ("2", "b@x.org", "Bert", "yes")]],
        }
    )
    assert table == {
        ("a@x.org", "1"): (0b101, 0, True, "Ann"),
        ("b@x.org", "2"): (0b110, 1, True, "Bob"),
    }
    assert rows_read == {"s0": 1, "s1": 1, "s2": 2}


@pytest.mark.parametrize("value", ["no", "", None, "yess", "false"])
def test_anything_but_a_named_value_refuses_consent(value: str | None) -> None:
    table, _ = gathered({"s0": [[("1", "a@x.org", "Ann", value)]]})
    assert table["a@x.org", "1"][2] is False


def test_a_refusal_in_a_later_row_or_segment_of_a_profile_counts() -> None:
    agreed, refused = ("1", "a@x.org", "Ann", "yes"), ("1", "a@x.org", "Ann", "no")
    assert not gathered({"s0": [[agreed, refused]]})[0]["a@x.org", "1"][2]
    assert not gathered({"s0": [[agreed], [refused]]})[0]["a@x.org", "1"][2]
    assert not gathered({"s0": [[agreed]], "s1": [[refused]]})[0]["a@x.org", "1"][2]


def test_a_profile_without_customer_id_is_one_profile_all_the_same() -> None:
    row: Row = (None, "a@x.org", "Ann", "yes")
    table, _ = gathered({"s0": [[row, row]], "s1": [[row, (None, "a@x.org", "Ann", "no")]]})
    assert table == {("a@x.org", ""): (0b11, 0, False, "Ann")}


def test_sixty_four_segments_fit_into_the_mask() -> None:
    row: Row = ("1", "a@x.org", "Ann", "yes")
    table, _ = gathered({f"s{position}": [[row]] for position in range(64)})
    assert table["a@x.org", "1"][0] == 2**64 - 1


def test_only_the_columns_that_are_mapped_are_asked_for_each_once() -> None:
    columns = ProfileColumns("Mail", ("Name", "Mail", "CustomerId"), "Consent")
    assert columns.all() == ["CustomerId", "Mail", "Name", "Consent"]


def test_too_many_distinct_addresses_are_refused_but_not_too_many_profiles() -> None:
    same: list[Row] = [(str(n), "a@x.org", "", "yes") for n in range(9)]
    assert len(gathered({"s0": [same]}, most=3)[0]) == 9
    four: list[Row] = [(str(n), f"{n}@x.org", "", "yes") for n in range(4)]
    with pytest.raises(TooManyContactsError):
        gathered({"s0": [four]}, most=3)
    assert len(gathered({"s0": [four]}, most=4)[0]) == 4
    invalid: list[Row] = [(str(n), f"nobody {n}", "", "yes") for n in range(9)]
    assert len(gathered({"s0": [invalid]}, most=3)[0]) == 9


@settings(max_examples=40)
@given(st.lists(parts, min_size=1, max_size=3), st.integers(1, 8), st.booleans(), st.booleans())
def test_an_export_may_lack_whatever_it_may_lack(
    found: list[list[list[Row]]], at_once: int, mapped: bool, asked: bool
) -> None:
    """Mapped columns and a consent column, each there or not: the same profiles come out."""
    columns = ProfileColumns(
        "Mail",
        ("Name",) if mapped else (),
        "Consent" if asked else None,
        frozenset({"yes", "true"} if asked else ()),
    )
    segments = [(f"s{n}", [batch(rows) for rows in parts]) for n, parts in enumerate(found)]

    with FieldValues([FieldPlan("FNAME", "Name")] if mapped else [], ("FNAME",)) as values:
        profiles = gather(segments, columns, values.keep, at_once=at_once).frame
        texts = values.texts(pl.Series(range(profiles.height), dtype=pl.UInt32)).to_list()

    table, _ = expected({f"s{n}": parts for n, parts in enumerate(found)})
    assert profiles.select("email", "customer_id").rows() == list(table)
    names = [(value or "").strip() or None for *_, value in table.values()]
    assert texts == [
        json.dumps({"FNAME": n}, separators=(",", ":")) if mapped else "{}" for n in names
    ]
    agreed = [agrees for _, _, agrees, _ in table.values()]
    assert profiles["consent"].to_list() == (agreed if asked else [True] * len(table))
