"""Two snapshots of two segments, and an audience with people of its own: every kind of work.

From the first snapshot to the second some people are new, some have other values, some gain or
lose one tag, some leave both segments, and most stay as they are.
"""

from dataclasses import dataclass

import polars as pl

SEGMENTS = {"Regulars": "Regular customers", "Readers": "Readers"}
FIELDS = {"FNAME": "FirstName", "LNAME": "LastName"}
# Leavers of the second snapshot that the first had added.
LEAVERS = range(60)


@dataclass(frozen=True)
class Size:
    """How many people, and how many of those who stay have other values later.

    `later` are new in the second snapshot.
    """

    people: int = 1200
    later: int = 400
    changed: int = 500


@dataclass(frozen=True)
class Audience:
    """Who is in the audience before: some of the people in three states, and a stranger."""

    subscribed: range
    unsubscribed: range
    cleaned: range
    stranger: str = "press.office@contoso.com"


def address(number: int) -> str:
    """Return a person's address."""
    return f"person.{number:05d}@contoso.com"


def first_snapshot(size: Size) -> dict[str, pl.DataFrame]:
    """Return the segments of the first snapshot; they overlap in the middle."""
    third = size.people // 3
    return _segments(range(2 * third), range(third, size.people), changed=range(0))


def second_snapshot(size: Size) -> dict[str, pl.DataFrame]:
    """Return the segments of the second snapshot."""
    third = size.people // 3
    regulars = [*range(LEAVERS.stop, 2 * third - 50), *range(2 * third, 2 * third + 80)]
    readers = [*range(third, size.people + size.later)]
    begin = 2 * third + 20
    return _segments(regulars, readers, changed=range(begin, begin + size.changed))


def audience(size: Size) -> Audience:
    """Return who is in the audience before the first run."""
    third = size.people // 3
    return Audience(
        subscribed=range(100, 150),
        unsubscribed=range(third + 10, third + 30),
        cleaned=range(size.people - 20, size.people - 5),
    )


def _segments(
    regulars: "range | list[int]", readers: "range | list[int]", *, changed: range
) -> dict[str, pl.DataFrame]:
    names = list(SEGMENTS)
    return {names[0]: _rows(regulars, changed), names[1]: _rows(readers, changed)}


def _rows(numbers: "range | list[int]", changed: range) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "CustomerId": [f"C{number:06d}" for number in numbers],
            "Email": [address(number) for number in numbers],
            "FirstName": [f"First{number % 17}" for number in numbers],
            "LastName": [("New" if n in changed else "Last") + str(n % 23) for n in numbers],
        }
    )
