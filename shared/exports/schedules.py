"""When a schedule is due: cron expressions in a time zone, and backing off after failures."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from cronsim import CronSim, CronSimError

# How long a refresh export waits after its first, second, third failure on one snapshot; after
# that it waits for a newer snapshot or a person.
RETRY_AFTER = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4))
# A schedule of every minute that slept for a year is not walked minute by minute: only where the
# last days hold no time is the look wider.
_LOOK_BACK = (timedelta(days=2), timedelta(days=62), timedelta(days=400), timedelta(days=4000))
# By how much clocks are set at most: Lord Howe's by half an hour, others' by one, once by a day.
_LARGEST_CHANGE = timedelta(hours=25)
_ANY_MOMENT = datetime(2026, 1, 1)


class ScheduleError(ValueError):
    """A cron expression or time zone can't be used; the message says why."""


def check_zone(name: str) -> None:
    """Raise ScheduleError unless `name` is an IANA time zone."""
    if name not in _zones():
        raise ScheduleError("is not an IANA time zone such as Europe/Zagreb")


def check_cron(expression: str) -> None:
    """Raise ScheduleError unless this is a five-field cron expression that ever comes true."""
    if len(expression) > 200 or not re.fullmatch(r"\S+(?: +\S+){4}", expression):
        raise ScheduleError("is not a cron expression of five fields such as 0 6 * * 1")
    try:
        next(CronSim(expression, _ANY_MOMENT))
    except (CronSimError, StopIteration):
        if _is_cron_but_for_its_date(expression):
            raise ScheduleError("never comes true: the calendar has no such day") from None
        raise ScheduleError("is not a cron expression of five fields such as 0 6 * * 1") from None


def _is_cron_but_for_its_date(expression: str) -> bool:
    minute, hour, day, month, weekday = expression.split()
    try:
        for part in (f"{minute} {hour} {day} * {weekday}", f"{minute} {hour} * {month} {weekday}"):
            next(CronSim(part, _ANY_MOMENT))
    except (CronSimError, StopIteration):
        return False
    return True


def due_since(
    cron: Sequence[str], time_zone: str, since: datetime, now: datetime
) -> datetime | None:
    """Return the newest scheduled time after `since` and not after `now`, None without one.

    However many times were missed, there is one answer, so that a pause ends in one run. A time
    that a daylight saving change skips or repeats comes once.
    """
    zone = ZoneInfo(time_zone)
    times = [
        moment
        for expression in cron
        if (moment := _latest(expression, zone, since, now)) is not None
    ]
    return max(times, default=None)


def next_after(cron: Sequence[str], time_zone: str, after: datetime) -> datetime | None:
    """Return the first scheduled time after `after`, in UTC; None for an empty list."""
    zone = ZoneInfo(time_zone)
    return min((_next(expression, zone, after) for expression in cron), default=None)


def retry_at(failures: int, ended_at: datetime) -> datetime | None:
    """When a refresh export is tried again after failing `failures` times on one snapshot.

    None means not before a newer snapshot.
    """
    if not 1 <= failures <= len(RETRY_AFTER):
        return None
    return ended_at + RETRY_AFTER[failures - 1]


def _latest(expression: str, zone: ZoneInfo, since: datetime, now: datetime) -> datetime | None:
    for window in _LOOK_BACK:
        start = max(since, now - window)
        if (found := _last_between(expression, zone, start, now)) is not None or start == since:
            return found
    return None


def _last_between(
    expression: str, zone: ZoneInfo, since: datetime, now: datetime
) -> datetime | None:
    found = None
    for moment in _moments(expression, zone, since):
        if moment > now:
            break
        found = moment
    return found


def _next(expression: str, zone: ZoneInfo, after: datetime) -> datetime:
    return next(_moments(expression, zone, after))


def _moments(expression: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Yield an expression's times after `after`, in UTC.

    Times of a named hour come once, on the days as well on which clocks skip or repeat that hour;
    those of every hour come with each hour that there is.
    """
    if expression.split()[1].startswith("*"):
        for local in CronSim(expression, after.astimezone(zone)):
            # In the hour that a change repeats, CronSim may answer with a time of the first pass.
            if (moment := local.astimezone(UTC)) > after:
                yield moment
        return
    begin = after.astimezone(zone).replace(tzinfo=None) - _LARGEST_CHANGE
    for clock in CronSim(expression, begin):
        moment = _instant(clock, zone)
        if moment > after:
            after = moment
            yield moment


def _instant(clock: datetime, zone: ZoneInfo) -> datetime:
    """Return when a zone's clocks first show a time or, where they skip it, a later one."""
    moment = clock.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == clock:
        return moment
    before = clock.replace(tzinfo=zone, fold=0).utcoffset()
    while (moment - timedelta(minutes=1)).astimezone(zone).utcoffset() != before:
        moment -= timedelta(minutes=1)
    return moment


@cache
def _zones() -> frozenset[str]:
    try:
        return frozenset(available_timezones()) - {"localtime", "Factory"}
    except ZoneInfoNotFoundError:  # pragma: no cover - tzdata is installed with the app
        return frozenset()
