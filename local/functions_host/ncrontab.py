"""NCRONTAB, the schedules of timer triggers: six fields, seconds first, in UTC.

As in the host's parser, day of month and day of week must both match, the week is 0 to 6, and
`L`, `#`, `?` and `@daily` are not known. A five-field expression is taken at second zero.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

_MONTHS = {"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6}
_MONTHS |= {"jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12}
_DAYS = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
# 29 February on a given weekday comes back within 28 years, 40 where a century lacks one.
_SEARCH_DAYS = 41 * 366


@dataclass(frozen=True)
class Schedule:
    """The allowed values of each field, ascending."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]

    @classmethod
    def parse(cls, expression: str) -> "Schedule":
        """Raises ValueError with the reason."""
        fields = expression.split()
        if len(fields) == 5:
            fields = ["0", *fields]
        if len(fields) != 6:
            raise ValueError(f"{expression!r} has {len(fields)} fields, not 6")
        return cls(
            _values(fields[0], 0, 59, {}),
            _values(fields[1], 0, 59, {}),
            _values(fields[2], 0, 23, {}),
            _values(fields[3], 1, 31, {}),
            _values(fields[4], 1, 12, _MONTHS),
            _values(fields[5], 0, 6, _DAYS),
        )

    def next_after(self, moment: datetime) -> datetime | None:
        """The first occurrence later than `moment`; None where there is none."""
        start = moment.replace(microsecond=0) + timedelta(seconds=1)
        for _ in range(_SEARCH_DAYS):
            if self._on_day(start) and (found := self._within_day(start)):
                return found
            start = start.replace(hour=0, minute=0, second=0) + timedelta(days=1)
        return None

    def _on_day(self, day: datetime) -> bool:
        return (
            day.month in self.months
            and day.day in self.days
            and day.isoweekday() % 7 in self.weekdays
        )

    def _within_day(self, start: datetime) -> datetime | None:
        earliest = (start.hour, start.minute, start.second)
        for hour in self.hours:
            if hour < start.hour:
                continue
            for minute in self.minutes:
                if (hour, minute) < earliest[:2]:
                    continue
                for second in self.seconds:
                    if (hour, minute, second) >= earliest:
                        return start.replace(hour=hour, minute=minute, second=second)
        return None


def _values(field: str, low: int, high: int, names: dict[str, int]) -> tuple[int, ...]:
    allowed: set[int] = set()
    for part in field.split(","):
        span, _, step_text = part.partition("/")
        first_text, dash, last_text = span.partition("-")
        step = int(step_text) if step_text.isdigit() else (0 if "/" in part else 1)
        if step < 1:
            raise ValueError(f"{part!r} has no valid step")
        if first_text == "*" and not dash:
            first, last = low, high
        else:
            first = _number(first_text, low, high, names)
            last = _number(last_text, low, high, names) if dash else (high if step_text else first)
        if first > last:
            raise ValueError(f"{part!r} runs backwards")
        allowed.update(range(first, last + 1, step))
    return tuple(sorted(allowed))


def _number(text: str, low: int, high: int, names: dict[str, int]) -> int:
    number = names.get(text.lower()[:3]) if text.isalpha() else None
    if text.isdigit():
        number = int(text)
    if number is None or not low <= number <= high:
        raise ValueError(f"{text!r} is not between {low} and {high}")
    return number
