"""When a schedule is due, also where clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.exports.schedules import (
    ScheduleError,
    check_cron,
    check_zone,
    due_since,
    next_after,
    retry_at,
)

ZAGREB = ZoneInfo("Europe/Zagreb")


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]  # year, month, day, ...


def ticks(cron: str, zone: str, start: datetime, end: datetime) -> list[datetime]:
    """What a timer of five minutes would fire between two times."""
    fired = []
    before = start
    while before < end:
        now = before + timedelta(minutes=5)
        due = due_since([cron], zone, before, now)
        if due is not None:
            fired.append(due)
        before = now
    return fired


def test_a_weekly_schedule_is_due_once_its_time_has_come() -> None:
    monday = at(2026, 11, 23, 5)
    schedule = (["0 6 * * 1"], "Europe/Zagreb")
    assert due_since(*schedule, monday - timedelta(hours=1), monday - timedelta(seconds=1)) is None
    assert due_since(*schedule, monday - timedelta(hours=1), monday) == monday
    assert due_since(*schedule, monday, monday + timedelta(days=6)) is None


@pytest.mark.parametrize("cron", ["30 1 * * *", "0 2 * * *", "30 2 * * *", "0 3 * * *"])
@pytest.mark.parametrize(
    ("start", "days"),
    [
        pytest.param(at(2026, 3, 27, 12), 4, id="an hour is skipped"),
        pytest.param(at(2026, 10, 23, 12), 4, id="an hour is repeated"),
    ],
)
def test_a_daily_schedule_fires_once_a_day_where_clocks_change(
    cron: str, start: datetime, days: int
) -> None:
    fired = ticks(cron, "Europe/Zagreb", start, start + timedelta(days=days))
    assert len(fired) == days
    assert len({moment.astimezone(ZAGREB).date() for moment in fired}) == days


@pytest.mark.parametrize("cron", ["*/30 2 * * *", "0,30 2 * * *", "0-59/30 2 * * *"])
def test_times_of_an_hour_that_clocks_skip_or_repeat_come_on_each_day_and_never_twice(
    cron: str,
) -> None:
    skipped = ticks(cron, "Europe/Zagreb", at(2027, 3, 27, 12), at(2027, 3, 29, 12))
    assert skipped == [at(2027, 3, 28, 1), at(2027, 3, 29), at(2027, 3, 29, 0, 30)]
    repeated = ticks(cron, "Europe/Zagreb", at(2027, 10, 30, 12), at(2027, 10, 31, 12))
    assert repeated == [at(2027, 10, 31), at(2027, 10, 31, 0, 30)]
    assert next_after([cron], "Europe/Zagreb", at(2027, 3, 27, 12)) == at(2027, 3, 28, 1)


@pytest.mark.parametrize(
    ("cron", "zone", "start", "fires"),
    [
        ("30 2 * * *", "Europe/Zagreb", at(2027, 3, 27, 12), at(2027, 3, 28, 1)),
        ("30 2 * * *", "Europe/Zagreb", at(2027, 10, 30, 12), at(2027, 10, 31, 0, 30)),
        ("30 1 * * *", "America/New_York", at(2027, 11, 6, 12), at(2027, 11, 7, 5, 30)),
    ],
)
def test_a_time_that_clocks_skip_or_repeat_fires_once(
    cron: str, zone: str, start: datetime, fires: datetime
) -> None:
    assert ticks(cron, zone, start, start + timedelta(hours=23)) == [fires]


def test_a_schedule_of_every_hour_follows_the_hours_that_pass() -> None:
    fired = ticks("0 * * * *", "Europe/Zagreb", at(2026, 10, 24, 22), at(2026, 10, 25, 4))
    assert len(fired) == 6


def test_a_pause_of_days_ends_in_one_run() -> None:
    due = due_since(["0 * * * *"], "UTC", at(2026, 11, 1), at(2026, 11, 20, 12, 30))
    assert due == at(2026, 11, 20, 12)


def test_a_rare_time_that_was_missed_long_ago_is_found() -> None:
    assert due_since(["0 6 29 2 *"], "UTC", at(2024, 1, 1), at(2026, 1, 1)) == at(2024, 2, 29, 6)


def test_the_latest_of_several_expressions_counts() -> None:
    due = due_since(["0 6 * * *", "0 18 * * *"], "UTC", at(2026, 11, 22), at(2026, 11, 22, 20))
    assert due == at(2026, 11, 22, 18)


def test_without_expressions_nothing_is_due() -> None:
    assert due_since([], "UTC", at(2026, 1, 1), at(2026, 2, 1)) is None
    assert next_after([], "UTC", at(2026, 1, 1)) is None


def test_the_next_time_is_in_the_zone_of_the_schedule() -> None:
    assert next_after(["0 6 * * *"], "Europe/Zagreb", at(2026, 7, 1)) == at(2026, 7, 1, 4)


@settings(max_examples=60)
@given(
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
    zone=st.sampled_from(["Europe/Zagreb", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
    gaps=st.lists(st.integers(1, 3000), min_size=1, max_size=30),
)
def test_however_ticks_fall_no_day_fires_twice_and_the_last_one_is_never_lost(
    minute: int, hour: int, zone: str, start: datetime, gaps: list[int]
) -> None:
    cron = [f"{minute} {hour} * * *"]
    before = start.replace(tzinfo=UTC)
    fired = []
    for gap in gaps:
        now = before + timedelta(minutes=gap)
        due = due_since(cron, zone, before, now)
        if due is not None:
            assert before < due <= now
            fired.append(due.astimezone(ZoneInfo(zone)).date())
        else:
            # A day's time can't be missing from more than a day and the largest change.
            assert now - before < timedelta(hours=26)
        before = now
    assert len(fired) == len(set(fired))


@pytest.mark.parametrize(
    "cron",
    ["", "* * * *", "* * * * * *", "60 * * * *", "0 0 30 2 *", "@daily", "0 6 * * 9", "0\n6 * * 1"],
)
def test_what_is_no_cron_expression_of_five_fields_is_refused(cron: str) -> None:
    with pytest.raises(ScheduleError):
        check_cron(cron)


@pytest.mark.parametrize("zone", ["", "Zagreb", "CET+1", "../etc/passwd", "localtime"])
def test_what_is_no_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(ScheduleError):
        check_zone(zone)


def test_a_failing_export_is_tried_three_times_more_then_waits_for_a_newer_snapshot() -> None:
    ended = at(2026, 11, 22)
    waits = [retry_at(failures, ended) for failures in (1, 2, 3, 4)]
    hours = [wait - ended if wait else None for wait in waits]
    assert hours == [timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4), None]


def test_a_day_that_never_comes_is_called_so() -> None:
    for cron in ("0 6 31 2 *", "0 6 31 4,6 *"):
        with pytest.raises(ScheduleError, match="never comes true"):
            check_cron(cron)
    with pytest.raises(ScheduleError, match="is not a cron expression"):
        check_cron("0 6 32 2 *")
