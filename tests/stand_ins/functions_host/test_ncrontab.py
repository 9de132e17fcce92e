"""NCRONTAB expressions as the host reads them."""

from datetime import UTC, datetime

import pytest
from cronsim import CronSim
from hypothesis import given
from hypothesis import strategies as st

from local.functions_host.ncrontab import Schedule

NOON = datetime(2026, 11, 22, 12, 0, 0, 500, UTC)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 */5 * * * *", datetime(2026, 11, 22, 12, 5, tzinfo=UTC)),
        ("*/5 * * * *", datetime(2026, 11, 22, 12, 5, tzinfo=UTC)),
        ("* * * * * *", datetime(2026, 11, 22, 12, 0, 1, tzinfo=UTC)),
        ("0 30 9 * Jan Mon-Fri", datetime(2027, 1, 1, 9, 30, tzinfo=UTC)),
        ("0 0 6,18 * * *", datetime(2026, 11, 22, 18, tzinfo=UTC)),
        ("0 0 0 29 2 *", datetime(2028, 2, 29, tzinfo=UTC)),
        ("10/20 0 12 22 11 0", datetime(2026, 11, 22, 12, 0, 10, tzinfo=UTC)),
    ],
)
def test_the_next_occurrence(expression: str, expected: datetime) -> None:
    assert Schedule.parse(expression).next_after(NOON) == expected


def test_day_of_month_and_day_of_week_must_both_match() -> None:
    # The next Friday the 13th, where classic cron would fire on the first Friday.
    found = Schedule.parse("0 0 0 13 * 5").next_after(NOON)
    assert found == datetime(2027, 8, 13, tzinfo=UTC)


def test_a_day_that_never_comes_has_no_occurrence() -> None:
    assert Schedule.parse("0 0 0 30 2 *").next_after(NOON) is None


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "* * * *",
        "0 0 0 * * 7",
        "60 * * * * *",
        "0 0 0 L * *",
        "@daily",
        "*/0 * * * * *",
        "0 0 0 ? * *",
        "0 0 0 * * 1#2",
        "0 0 0 5-1 * *",
        "0 0 0 * foo *",
        "0 0 0 1- * *",
    ],
)
def test_what_the_host_does_not_know_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Schedule.parse(expression)


@given(
    minute=st.sampled_from(["*", "*/7", "5", "10-20/5", "0,59"]),
    hour=st.sampled_from(["*", "*/6", "23", "8-17"]),
    day=st.sampled_from(["*", "1", "31", "*/10"]),
    month=st.sampled_from(["*", "2", "4-6"]),
    start=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
)
def test_it_agrees_with_cron_where_the_dialects_do(
    minute: str, hour: str, day: str, month: str, start: datetime
) -> None:
    if day == "31" and month == "2":
        return
    expression = f"{minute} {hour} {day} {month} *"
    assert Schedule.parse(expression).next_after(start) == next(CronSim(expression, start))
