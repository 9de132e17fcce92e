"""The snapshots that a run works on: found, waited for, and how far they can be trusted."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from shared.app import App
from shared.exports.models import Export
from shared.notice import Notice
from shared.platform.blobs import Blobs
from shared.platform.clock import seconds_since, to_text, utc_now
from shared.runs.ledger import FoldedSegment, Ledger
from shared.runs.planning.waiting import LATER, SOON, RetryLaterError, segment_storage
from shared.runs.record import Run, RunFailedError, RunStatus, change_run
from shared.segments.borrowed import check_names
from shared.segments.description import Models
from shared.segments.errors import (
    NamesInDoubtError,
    SegmentNotFoundError,
    SegmentsError,
    SnapshotChangedError,
)
from shared.segments.history import find_dated
from shared.segments.snapshots import WAITED_FOR, Snapshot, find_snapshot, is_given_up
from shared.segments.state import state_of

# An unconfirmed snapshot with fewer rows than this share of the last one may lack a partition...
_SHRUNKEN = 0.95
# ... unless nothing has been added to it for so long (seconds).
_SETTLED_SECONDS = 3600


@dataclass(frozen=True)
class RunInput:
    """The newest snapshot of each segment, in the order of the export's segments."""

    blobs: Blobs
    snapshots: tuple[Snapshot, ...]

    @property
    def whole(self) -> bool:
        """Return whether all snapshots are complete."""
        return all(snapshot.whole for snapshot in self.snapshots)

    @cached_property
    def stamps(self) -> dict[str, str]:
        """Return each segment's snapshot as a run shows it."""
        return {snapshot.segment: snapshot.stamp for snapshot in self.snapshots}

    @cached_property
    def states(self) -> dict[str, str]:
        """Return what tells each snapshot's state from others of the same name."""
        return {snapshot.segment: state_of(snapshot).digest for snapshot in self.snapshots}

    @property
    def types(self) -> dict[str, str]:
        """Return the types of columns that model.json names; the first segment's count."""
        return {name: kind for s in reversed(self.snapshots) for name, kind in s.types.items()}

    @property
    def culture(self) -> str | None:
        """Return how values are written, as the first model.json that says so has it."""
        return next((s.culture for s in self.snapshots if s.culture), None)

    def warnings(self, stale_after_hours: float) -> list[Notice]:
        """Return what a person should know about the input."""
        found = [
            Notice(warned.code, warned.text, dict(warned.params))
            for snapshot in self.snapshots
            for warned in snapshot.warnings
        ]
        for snapshot in self.snapshots:
            hours = snapshot.age(utc_now()).total_seconds() / 3600
            if hours > stale_after_hours:
                text = (
                    f"The newest data of the segment {snapshot.segment} is {hours:.0f} hours old. "
                    "See whether its export in Customer Insights still runs."
                )
                params = {"segment": snapshot.segment, "age_hours": round(hours)}
                found.append(Notice("input_stale", text, params))
        return found


def find_input(app: App, export: Export, before: Run | None = None) -> RunInput:
    """Find the newest snapshots, or those of a run before, which has not seen new segments.

    Raises RunFailedError where a segment has none, or not that one any more.
    """
    blobs = app.segment_container(export.source.container)
    quiet, models = app.settings.snapshot_quiet, Models()
    try:
        with segment_storage():
            snapshots = tuple(
                find_snapshot(blobs, export.source.folder, segment.name, quiet, utc_now(), models)
                for segment in export.segments
            )
            if before is not None:
                snapshots = tuple(_as_before(app, export, one, before) for one in snapshots)
    except SegmentNotFoundError as error:
        raise RunFailedError(error.code, str(error), params=error.params) from None
    return RunInput(blobs, snapshots)


def _as_before(app: App, export: Export, newest: Snapshot, before: Run) -> Snapshot:
    """Return a segment's snapshot that a run worked on; raises RunFailedError."""
    stamp = before.snapshots.get(newest.segment)
    if stamp is None:
        return newest
    blobs, folder = app.segment_container(export.source.container), export.source.folder
    quiet = app.settings.snapshot_quiet
    found = find_dated(blobs, folder, newest, stamp, quiet, utc_now())
    state = (before.states or {}).get(newest.segment)
    if found is not None and state in (None, state_of(found).digest):
        return found
    raise RunFailedError(
        "snapshot_gone",
        f"The snapshot {stamp} of the segment {newest.segment}, which the last run worked on, is "
        "not there any more, or was written over. Nothing was sent: run the export as usual.",
        RunStatus.SKIPPED,
        {"segment": newest.segment, "snapshot": stamp},
    )


def wait_for_input(app: App, run: Run, old: Ledger, before: Run | None = None) -> RunInput:
    """Return the newest snapshots once all are whole and their columns have names to be believed.

    before: it is those that this run worked on. Raises RetryLaterError, RunFailedError.
    """
    found = find_input(app, run.configuration, before)
    lacking = _what_is_lacking(found, run.configuration, old)
    if lacking is None:
        return found
    if run.waits_since is None:
        now = to_text(utc_now())
        change_run(app.blobs, run.id, lambda r: replace(r, waits_since=now))
    elif seconds_since(run.waits_since) > WAITED_FOR.total_seconds():
        raise lacking
    if any(is_given_up(snapshot, utc_now()) for snapshot in found.snapshots):
        raise lacking
    seconds = min(LATER, max(1.0, app.settings.snapshot_quiet / 2))
    raise RetryLaterError(seconds, code="input")


def _what_is_lacking(found: RunInput, export: Export, old: Ledger) -> RunFailedError | None:
    """Return what becomes of the run if it waits in vain, None where there is nothing to wait for.

    Names that can't be believed are waited for, too: the model.json that has them may be late.
    """
    if not found.whole:
        names = [s.segment for s in found.snapshots if not s.whole]
        hours = WAITED_FOR.total_seconds() / 3600
        return RunFailedError(
            "snapshot_incomplete",
            f"Customer Insights has not finished writing {', '.join(names)} for {hours:.0f} "
            "hours. See whether its own export failed there, and run this one again afterwards.",
            params={"segments": names},
        )
    for snapshot in found.snapshots:
        folded = old.segments.get(snapshot.segment)
        exported = folded.state.columns if folded and folded.state else ""
        try:
            with segment_storage():
                check_names(found.blobs, snapshot, export.columns, export.email_field, exported)
        except NamesInDoubtError as error:
            return RunFailedError(error.code, str(error), params=error.params)
        except SnapshotChangedError:
            raise RetryLaterError(SOON) from None
        except SegmentsError as error:
            raise RunFailedError(error.code, str(error), params=error.params) from None
    return None


def check_unchanged(app: App, export: Export, found: RunInput) -> None:
    """Raise RetryLaterError where files came, went or were written over while they were read.

    A newer snapshot does no harm: the one that was read is still what it was.
    """
    now = find_input(app, export)
    if any(
        now.stamps[s] == stamp and now.states[s] != found.states[s]
        for s, stamp in found.stamps.items()
    ):
        raise RetryLaterError(SOON)


def older(found: RunInput, ledger: Ledger) -> dict[int, str]:
    """Return the segments, by position, of whose snapshots a newer one was exported: its stamp."""
    return {
        position: folded.stamp
        for position, snapshot in enumerate(found.snapshots)
        if (folded := ledger.segments.get(snapshot.segment)) and snapshot.stamp < folded.stamp
    }


def untrusted(
    found: RunInput, ledger: Ledger, rows: Mapping[str, int], usable: Mapping[int, int]
) -> dict[int, str]:
    """Return the segments, by position, whose absent contacts can't be believed, and why.

    rows: rows read per segment. usable: of them, by position, those with an address that may be
    written to. A snapshot without one is never believed as long as the ledger holds contacts of the
    segment; whether it does is for difference/ to see.
    """
    reasons = {}
    before_it = older(found, ledger)
    for position, snapshot in enumerate(found.snapshots):
        now = rows[snapshot.segment]
        folded = ledger.segments.get(snapshot.segment)
        before = folded.rows if folded else 0
        age = snapshot.age(utc_now()).total_seconds()
        if position in before_it:
            reasons[position] = (
                f"the snapshot of {snapshot.segment} is older than the one exported before"
            )
        elif folded and _has_lost_files(snapshot, folded):
            reasons[position] = (
                f"files of the snapshot of {snapshot.segment} are gone that were exported before"
            )
        elif now == 0:
            reasons[position] = f"the snapshot of {snapshot.segment} is empty"
        elif not usable.get(position):
            reasons[position] = (
                f"none of the {now} rows of {snapshot.segment} has an address that can be used and "
                "the consent that the export asks for"
            )
        elif not snapshot.confirmed and now < _SHRUNKEN * before and age < _SETTLED_SECONDS:
            reasons[position] = (
                f"the snapshot of {snapshot.segment} has {now} rows after {before} in the last "
                "one, and no model.json says that it is complete"
            )
    return reasons


def _has_lost_files(snapshot: Snapshot, folded: FoldedSegment) -> bool:
    """Return whether a snapshot has fewer of its own files than when it was exported."""
    if folded.state is None or folded.stamp != snapshot.stamp:
        return False
    return state_of(snapshot).lacks_files_of(folded.state)
