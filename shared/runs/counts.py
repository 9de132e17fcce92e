"""What a run counts: its outcomes by kind, and how far it is."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from shared.platform.clock import from_text, to_text, utc_now
from shared.runs.codes import BY_CODE


@dataclass(frozen=True)
class Counts:
    """Rows of the outcomes by what happened; `profiles` and `contacts` count the input."""

    profiles: int = 0
    contacts: int = 0
    created: int = 0
    updated: int = 0
    tagged: int = 0
    untagged: int = 0
    archived: int = 0
    unsubscribed: int = 0
    unchanged: int = 0
    skipped: int = 0
    rejected: int = 0
    failed: int = 0

    @classmethod
    def of(cls, profiles: int, contacts: int, outcomes: Mapping[str, int]) -> Self:
        """Add up outcomes, which are rows by code."""
        found: Counter[str] = Counter()
        for code, rows in outcomes.items():
            found[BY_CODE[code].count] += rows
        return cls(profiles=profiles, contacts=contacts, **found)


@dataclass(frozen=True)
class Withheld:
    """How many contacts a run's stops keep from being added, removed, or acted on as withdrawn."""

    additions: int = 0
    removals: int = 0
    withdrawals: int = 0


NOTHING_WITHHELD = Withheld()


@dataclass(frozen=True)
class Progress:
    """Batches and contacts done of all, contacts per second since sending began, expected end."""

    batches_total: int = 0
    batches_done: int = 0
    contacts_total: int = 0
    contacts_done: int = 0
    contacts_per_second: float = 0.0
    expected_end: str | None = None

    @classmethod
    def since(
        cls,
        begun: str | None,
        *,
        batches: int,
        contacts: int,
        batches_done: float,
        contacts_done: float,
    ) -> Self:
        """Return how far a run is that began to send at this time."""
        seconds = (utc_now() - from_text(begun)).total_seconds() if begun else 0
        rate = contacts_done / seconds if seconds > 0 else 0.0
        left = timedelta(seconds=(contacts - contacts_done) / rate) if rate else None
        return cls(
            batches_total=batches,
            batches_done=int(batches_done),
            contacts_total=contacts,
            contacts_done=int(contacts_done),
            contacts_per_second=round(rate, 1),
            expected_end=None if left is None else to_text(utc_now() + left),
        )
