"""What the other exports on an audience have exported, for leavers who may be in theirs by now."""

from datetime import timedelta
from itertools import pairwise

from shared.exports import store
from shared.exports.connections import status_of
from shared.exports.models import StoredExport
from shared.platform.clock import from_text, utc_now
from shared.platform.errors import CloudError
from shared.runs.last_run import LastRun, read_last
from shared.runs.ledger import Ledger
from shared.runs.planning.attempt import PlanningAttempt
from shared.runs.planning.difference.generations import Neighbour, seconds_of
from shared.segments.errors import SegmentNotFoundError
from shared.segments.snapshots import find_snapshot


def live_neighbours(attempt: PlanningAttempt) -> tuple[Neighbour, ...]:
    """Return the other exports on the audience that are alive.

    Only where something may be done that can't be undone: it looks for all of their snapshots.
    """
    consent = attempt.export.consent
    policies = {attempt.export.leavers, consent.withdrawn if consent else "untag"}
    if policies.isdisjoint({"archive", "unsubscribe"}):
        return ()
    blobs = attempt.app.blobs
    found = [(other, read_last(blobs, other.name, other.uid)) for other in attempt.others]
    return tuple(
        _neighbour(attempt, other, last)
        for other, last in found
        if _is_ready(attempt, other) and is_alive(other, last)
    )


def is_alive(export: StoredExport, last: LastRun | None) -> bool:
    """Return whether an export runs by itself, or has run as lately as it may be expected to."""
    if export.schedule.active and export.schedule.kind != "none":
        return True
    if last is None or not last.exported_at:
        return False
    times = [from_text(text) for text in last.exported_at]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    expected = max([timedelta(hours=float(export.stale_after_hours)), *(2 * gap for gap in gaps)])
    return utc_now() - times[-1] <= expected


def is_waived(old: Ledger, uid: str, taken: int, *, allowed: bool) -> bool:
    """Return whether a person has said that nobody need wait for an export until it runs."""
    known = old.others.get(uid)
    if known is None or known.taken != taken:
        return False
    return known.is_waived(allowed=allowed)


def _neighbour(attempt: PlanningAttempt, other: StoredExport, last: LastRun | None) -> Neighbour:
    exported = last.exported_to((attempt.account, attempt.run.audience)) if last else {}
    stamps = {name: exported.get(name, "") for name in other.segment_names}
    taken = min((seconds_of(stamp) if stamp else 0 for stamp in stamps.values()), default=0)
    return Neighbour(
        other.name,
        other.uid,
        taken,
        int(from_text(other.created_at).timestamp()),
        behind=any(_has_newer(attempt, other, name, stamp) for name, stamp in stamps.items()),
        waived=is_waived(attempt.old, other.uid, taken, allowed=attempt.run.allow_removals),
        exported=exported,
    )


def _has_newer(attempt: PlanningAttempt, other: StoredExport, segment: str, stamp: str) -> bool:
    """Return whether a segment has a newer snapshot than this, as far as that can be told."""
    app, source = attempt.app, other.source
    blobs = app.segment_container(source.container)
    try:
        quiet = app.settings.snapshot_quiet
        return find_snapshot(blobs, source.folder, segment, quiet, utc_now()).stamp > stamp
    except SegmentNotFoundError:
        return False
    except CloudError:
        # What can't be looked at may have anything.
        return True


def _is_ready(attempt: PlanningAttempt, other: StoredExport) -> bool:
    found = store.load_connection(attempt.app.blobs, other.connection) if other.connection else None
    return found is not None and status_of(attempt.app, found[0]) == "ready"
