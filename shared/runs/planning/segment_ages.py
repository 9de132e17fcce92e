"""How old a run's snapshots are to each other, and for whom its leavers wait."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.notice import Notice
from shared.platform.clock import from_text, utc_now
from shared.runs.ledger import Ledger, WaitedFor
from shared.runs.planning.attempt import PlanningAttempt
from shared.runs.planning.audience import Setup
from shared.runs.planning.difference.generations import (
    Generation,
    Generations,
    Neighbour,
    seconds_of,
)
from shared.runs.planning.neighbour_ages import live_neighbours
from shared.segments.snapshots import Snapshot


@dataclass(frozen=True)
class Late:
    """A segment or export whose data is that old while so many leavers wait for newer."""

    one: Generation | Neighbour
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
    saved = int(from_text(attempt.export.updated_at).timestamp())
    return Generations(segments, saved, live_neighbours(attempt))


def is_waived(old: Ledger, snapshot: Snapshot, *, allowed: bool) -> bool:
    """Return whether a person has said that nobody need wait for a newer snapshot than this one.

    They have by allowing removals after a run had told that leavers wait for it.
    """
    folded = old.segments.get(snapshot.segment)
    if folded is None or folded.stamp != snapshot.stamp:
        return False
    return folded.is_waived(allowed=allowed)


def too_late(attempt: PlanningAttempt, waits: Mapping[Generation | Neighbour, int]) -> list[Late]:
    """Return what leavers have waited for too long; waits: how many there are."""
    limit = float(attempt.export.stale_after_hours)
    written = {one.segment: one.age(utc_now()) for one in attempt.found.snapshots}
    ages = {one: _age_hours(one, written) for one in waits}
    return [Late(one, round(ages[one]), waits[one]) for one in waits if ages[one] > limit]


def others_waited_for(
    waits: Mapping[Generation | Neighbour, int], generations: Generations, late: Sequence[Late]
) -> dict[str, WaitedFor]:
    """Return what the next ledger says of the other exports that matter to leavers."""
    warned = {one.one for one in late}
    return {
        one.uid: WaitedFor(one.taken, warned=one in warned, waived=one.waived)
        for one in generations.others
        if one.waived or one in waits
    }


def kept_by(waits: Mapping[Generation | Neighbour, int]) -> dict[str, dict[str, str]]:
    """Return what the exports that leavers wait for had exported: something newer ends it."""
    return {one.export: dict(one.exported) for one in waits if isinstance(one, Neighbour)}


def _age_hours(one: Generation | Neighbour, written: Mapping[str, timedelta]) -> float:
    """Return how old data is, by its name or, where that is earlier, by its files.

    That of an export that has exported nothing: as old as the export.
    """
    now = utc_now().timestamp()
    if isinstance(one, Neighbour):
        return (now - (one.taken or one.since)) / 3600
    return max(now - one.taken, written[one.segment].total_seconds()) / 3600


def waiting_warnings(late: Sequence[Late]) -> list[Notice]:
    """Return a warning `removals_waiting` for each that is waited for too long."""
    return [_warning(one) for one in late]


def _warning(late: Late) -> Notice:
    said: dict[str, str | int] = {"age_hours": late.age_hours, "count": late.count}
    match late.one:
        case Generation(segment):
            said["segment"] = segment
            why = (
                f"the newest snapshot of {segment} is {late.age_hours} hours old, and they may be "
                "in it by now. See whether its export in Customer Insights still runs."
            )
        case Neighbour(export):
            said["export"] = export
            why = (
                f"what the export {export} has sent is {late.age_hours} hours old, and they may be "
                "in its segments by now. Run it."
            )
    return Notice(
        "removals_waiting",
        f"{late.count} contacts that have left are not archived or unsubscribed: {why} If that "
        "never comes, run this export once with allow_removals.",
        said,
    )
