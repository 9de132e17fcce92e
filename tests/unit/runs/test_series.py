"""What a run did over time, by the calls that it made."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runs.chunks import Block
from shared.runs.series import MOST_POINTS, Call, Series, calls_of, series_of

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
# In quarters of a second, so that sums are exact.
CALLS = st.lists(
    st.builds(
        lambda begun, seconds, contacts: Call(NOON + begun / 4, seconds / 4, contacts),
        st.integers(0, 8_000),
        st.integers(1, 520),
        st.integers(0, 500),
    ),
    min_size=1,
    max_size=30,
)


def test_calls_beside_each_other_are_counted_and_those_after_each_other_are_not() -> None:
    calls = [Call(NOON, 2.0, 100), Call(NOON + 0.5, 0.5, 50), Call(NOON + 2.0, 1.0, 10)]

    assert series_of(calls) == Series("2026-11-22T12:00:00.000Z", 1, (2, 1, 1), (100.0, 50.0, 10.0))


def test_nothing_is_shown_of_a_run_that_has_made_no_call() -> None:
    assert series_of([]) == Series(None, 1, (), ())


def test_tries_are_calls_and_the_last_one_took_the_contacts() -> None:
    blocks: list[Block] = [
        {"at": 0, "n": 5, "codes": "aaaaa", "calls": [[NOON, 3.0], [NOON + 4, 1.0]]},
        {"at": 5, "n": 5, "codes": "bbbbb"},
        {"tag": 1},
    ]

    assert calls_of(blocks) == [Call(NOON, 3.0, 0), Call(NOON + 4, 1.0, 5)]


@given(CALLS)
def test_long_runs_have_few_points_and_none_hides_what_was_highest(calls: list[Call]) -> None:
    series = series_of(calls)

    assert len(series.calls_in_flight) == len(series.contacts_per_second) <= MOST_POINTS
    assert max(series.calls_in_flight) == max(
        sum(other.begun <= call.begun < other.begun + other.seconds for other in calls)
        for call in calls
    )
    taken = sum(call.contacts for call in calls)
    shown = sum(series.contacts_per_second) * series.every_seconds
    # Each is rounded to a tenth.
    assert shown >= taken - 0.05 * MOST_POINTS * series.every_seconds
    if series.every_seconds == 1:
        assert shown == pytest.approx(taken, abs=0.05 * MOST_POINTS)
