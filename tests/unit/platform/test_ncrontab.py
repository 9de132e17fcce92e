"""EXPORT_TICK is read as the Functions host reads it."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.functions_host.ncrontab import Schedule
from shared.platform.ncrontab import ScheduleError, parse

SUNDAY = datetime(2026, 11, 29, 12, 0, 30, tzinfo=UTC)
_VALUES = st.sampled_from(["*", "*/7", "0", "5", "1-3", "2,4", "6", "11", "29", "31", "7", "60"])
_NAMES = st.sampled_from(["*", "mon", "Feb", "MON-FRI", "jan-mar", "sun", "8", "L", "?"])


@pytest.mark.parametrize(
    ("text", "next_times"),
    [
        ("0 */5 * * * *", ["2026-11-29T12:05:00", "2026-11-29T12:10:00"]),
        ("30 6 * * 1", ["2026-11-30T06:30:00", "2026-12-07T06:30:00"]),
        ("0 0 0 13 * FRI", ["2027-08-13T00:00:00", "2028-10-13T00:00:00"]),
        ("0 0 0 29 2 *", ["2028-02-29T00:00:00", "2032-02-29T00:00:00"]),
        ("31,45 0 12 * * *", ["2026-11-29T12:00:31", "2026-11-29T12:00:45"]),
    ],
)
def test_the_times_are_those_of_the_host(text: str, next_times: list[str]) -> None:
    found = islice(parse(text).after(SUNDAY), 2)
    assert [moment.replace(tzinfo=None).isoformat() for moment in found] == next_times


def test_a_day_that_never_comes_has_no_times() -> None:
    assert next(parse("0 0 0 30 2 *").after(SUNDAY), None) is None


@given(st.tuples(_VALUES, _VALUES, _VALUES, _VALUES, _VALUES | _NAMES, _VALUES | _NAMES))
def test_it_agrees_with_the_stand_in_of_the_host(fields: tuple[str, ...]) -> None:
    text = " ".join(fields)
    try:
        expected = Schedule.parse(text)
    except ValueError:
        with pytest.raises(ScheduleError):
            parse(text)
        return
    assert next(parse(text).after(SUNDAY), None) == expected.next_after(SUNDAY)


def test_a_tick_of_every_second_is_counted_without_walking_a_year() -> None:
    times = islice(parse("* * * * * *").after(SUNDAY - timedelta(days=365)), 3)
    assert len(list(times)) == 3
