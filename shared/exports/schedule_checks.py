"""What a schedule has to do with those of other exports: whom it names, whom it comes close to."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice

from shared.exports.export_index import IndexedExport
from shared.exports.following import leads_back, predecessors
from shared.exports.models import Schedule
from shared.exports.schedules import next_after
from shared.notice import Notice

CLOSE = timedelta(minutes=30)
# A week says what there is to say of nearly every schedule; dense ones say it sooner.
_AHEAD = timedelta(days=8)
_TIMES = 50


def predecessor_missing(name: str) -> Notice:
    """Return the warning that an export's predecessor is gone."""
    return Notice(
        "predecessor_missing",
        f"There is no export {name} any more, after which this one is to run, so it does not run "
        "by itself. Choose another schedule.",
        {"export": name},
    )


def is_circle(export: str, after: str, others: Iterable[IndexedExport]) -> bool:
    """Return whether an export that runs after `after` would follow itself."""
    known: Mapping[str, str] = predecessors(other for other in others if other.name != export)
    return leads_back(export, after, known)


def has_times(schedule: Schedule) -> bool:
    """Return whether a schedule has times that can come close to others."""
    return schedule.active and schedule.kind == "cron"


def are_close(one: Schedule, other: Schedule, now: datetime) -> bool:
    """Return whether two schedules with times have two of them within half an hour."""
    return _meet(one, other, now) or _meet(other, one, now)


def _meet(one: Schedule, other: Schedule, now: datetime) -> bool:
    for moment in islice(_times(one, now), _TIMES):
        nearest = next_after(other.cron, other.time_zone, moment - CLOSE)
        if nearest is not None and nearest < moment + CLOSE:
            return True
    return False


def _times(schedule: Schedule, now: datetime) -> Iterator[datetime]:
    moment = next_after(schedule.cron, schedule.time_zone, now)
    while moment is not None and moment < now + _AHEAD:
        yield moment
        moment = next_after(schedule.cron, schedule.time_zone, moment)
