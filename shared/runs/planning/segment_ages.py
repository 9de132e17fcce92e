"""How old a run's snapshots are to each other, and for which of them its leavers wait."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.notice import Notice
from shared.platform.clock import from_text, utc_now
from shared.runs.ledger import Ledger
from shared.runs.planning.attempt import PlanningAttempt
from shared.runs.planning.audience import Setup
from shared.runs.planning.difference.generations import Generation, Generations, seconds_of
from shared.segments.snapshots import Snapshot


@dataclass(frozen=True)
class LateSegment:
    """A segment whose snapshot is that old while so many leavers wait for a newer one."""

    segment: str
    age_hours: int
    count: int


def generations_of(attempt: PlanningAttempt, setup: Setup) -> Generations:
    """Return the snapshots as leavers are judged by them."""
    allowed = attempt.run.allow_removals
    segments = tuple(
        Generation(
            snapshot.segment,
            seconds_of(snapshot.stamp),
            setup.segment_tags[place],
            named=snapshot.confirmed,
            waived=is_waived(attempt.old, snapshot, allowed=allowed),
        )
        for place, snapshot in enumerate(attempt.found.snapshots)
    )
    return Generations(segments, int(from_text(attempt.export.updated_at).timestamp()))


def is_waived(old: Ledger, snapshot: Snapshot, *, allowed: bool) -> bool:
    """Return whether a person has said that nobody need wait for a newer snapshot than this one.

    They have by allowing removals after a run had told that leavers wait for it.
    """
    folded = old.segments.get(snapshot.segment)
    if folded is None or folded.stamp != snapshot.stamp:
        return False
    return folded.waived or (allowed and folded.warned)


def late_segments(attempt: PlanningAttempt, waits: Mapping[str, int]) -> list[LateSegment]:
    """Return the segments that leavers have waited for too long; waits: how many, by segment."""
    limit = float(attempt.export.stale_after_hours)
    ages = {one.segment: _age_hours(one) for one in attempt.found.snapshots}
    return [
        LateSegment(segment, round(ages[segment]), count)
        for segment, count in waits.items()
        if ages[segment] > limit
    ]


def _age_hours(snapshot: Snapshot) -> float:
    """Return how old a snapshot is, by its name or, where that is earlier, by its files."""
    now = utc_now()
    named = now.timestamp() - seconds_of(snapshot.stamp)
    return max(named, snapshot.age(now).total_seconds()) / 3600


def waiting_warnings(late: list[LateSegment]) -> list[Notice]:
    """Return a warning `removals_waiting` for each segment that is waited for too long."""
    return [
        Notice(
            "removals_waiting",
            f"{one.count} contacts that have left are not archived or unsubscribed: the newest "
            f"snapshot of {one.segment} is {one.age_hours} hours old, and they may be in it by "
            "now. See whether its export in Customer Insights still runs. If it never will, run "
            "the export once with allow_removals.",
            {"segment": one.segment, "age_hours": one.age_hours, "count": one.count},
        )
        for one in late
    ]
