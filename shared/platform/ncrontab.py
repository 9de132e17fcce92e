"""NCRONTAB as the Functions host reads it, to know what it makes of EXPORT_TICK.

Five or six fields, seconds first; day of month and day of week must both match; the week is 0 to 6;
`L`, `#`, `?` and `@daily` are not known (https://github.com/atifaziz/NCrontab). The host drops a
timer whose schedule it can't read without a word over HTTP, and takes one that never fires.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
# 29 February on one weekday comes back after 40 years at the latest.
_SEARCHED_DAYS = 41 * 366
# Lowest and highest value of each field, and the names of the values from the lowest on.
_FIELDS: tuple[tuple[int, int, tuple[str, ...]], ...] = (
    (0, 59, ()),
    (0, 59, ()),
    (0, 23, ()),
    (1, 31, ()),
    (1, 12, _MONTHS),
    (0, 6, _WEEKDAYS),
)


class ScheduleError(ValueError):
    """The host can't read this as a schedule."""


@dataclass(frozen=True)
class Ncrontab:
    """The values that each field allows, ascending."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]

    def after(self, moment: datetime) -> Iterator[datetime]:
        """Yield the times later than `moment`, in order; none where the schedule never fires."""
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        for number in range(_SEARCHED_DAYS):
            day = midnight + timedelta(days=number)
            if not self._is_on(day):
                continue
            for hour, minute, second in product(self.hours, self.minutes, self.seconds):
                time = day + timedelta(hours=hour, minutes=minute, seconds=second)
                if time > moment:
                    yield time

    def _is_on(self, day: datetime) -> bool:
        on_weekday = day.isoweekday() % 7 in self.weekdays
        return on_weekday and day.day in self.days and day.month in self.months


def parse(text: str) -> Ncrontab:
    """Read a schedule; raises ScheduleError."""
    fields = text.split()
    if len(fields) == 5:
        fields = ["0", *fields]
    if len(fields) != len(_FIELDS):
        raise ScheduleError("has not five or six fields")
    return Ncrontab(*(_values(field, *known) for field, known in zip(fields, _FIELDS, strict=True)))


def _values(field: str, low: int, high: int, names: tuple[str, ...]) -> tuple[int, ...]:
    allowed: set[int] = set()
    for part in field.split(","):
        span, slash, step_text = part.partition("/")
        first_text, dash, last_text = span.partition("-")
        step = _number(step_text, 1, high + 1, ()) if slash else 1
        if span == "*":
            first, last = low, high
        else:
            first = _number(first_text, low, high, names)
            last = _number(last_text, low, high, names) if dash else (high if slash else first)
        if first > last:
            raise ScheduleError("has a range that runs backwards")
        allowed.update(range(first, last + 1, step))
    return tuple(sorted(allowed))


def _number(text: str, low: int, high: int, names: tuple[str, ...]) -> int:
    if text.isascii() and text.isalpha() and text[:3].lower() in names:
        return low + names.index(text[:3].lower())
    if not (text.isascii() and text.isdigit()) or not low <= int(text) <= high:
        raise ScheduleError("has a value that its field does not know")
    return int(text)
