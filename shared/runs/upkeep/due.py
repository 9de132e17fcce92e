"""Starts the exports whose schedule says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from threading import Lock
from typing import assert_never

from shared.app import App
from shared.exports import store
from shared.exports.export_index import IndexedExport
from shared.exports.following import leads_back, predecessors
from shared.exports.models import StoredExport
from shared.exports.schedules import due_since, retry_at
from shared.platform import log
from shared.platform.clock import from_text, utc_now
from shared.platform.errors import CloudError
from shared.runs.last_run import LastRun, LastRuns, last_runs, note_followers, read_last
from shared.runs.marker import active_exports, active_runs
from shared.runs.record import RunRequest, Trigger
from shared.runs.start import ActiveRunError, FollowedError, start_run
from shared.runs.upkeep.rounds import in_turn
from shared.runs.upkeep.sources import Newest, Sources
from shared.runs.upkeep.stale import look_at_age

# As it is stored, or as far as the index tells.
type Scheduled = StoredExport | IndexedExport
_BY = "schedule"
_STARTERS = 16
_STARTING_SECONDS = 150.0
_REFUSALS = (401, 403)
_leavers = Lock()
_TRIGGERS: Mapping[str, Trigger] = {"cron": "cron", "after": "after"}


@dataclass(frozen=True)
class _Look:
    """What one tick knows: every export and last run by the indexes, and each source as looked at.

    busy: the audiences that runs are at work on.
    """

    app: App
    exports: Mapping[str, IndexedExport]
    last: LastRuns
    sources: Sources

    @cached_property
    def busy(self) -> set[str]:
        return {run.audience for run in active_runs(self.app.blobs)}

    @cached_property
    def predecessors(self) -> dict[str, str]:
        """Which export each one that runs after another runs after."""
        return predecessors(self.exports.values())

    def predecessor(self, export: Scheduled) -> IndexedExport | None:
        """Return whose runs begin one of an export; None where none may, as in a circle."""
        name = export.schedule.predecessor
        if name is None or leads_back(export.name, name, self.predecessors):
            return None
        return self.exports.get(name)


def start_due_exports(app: App) -> None:
    """Start a run of every export that is due and has none; one broken export stops no other.

    Which may be due is judged by the indexes; whether it is, by its documents.
    """
    active = active_exports(app.blobs)
    exports, unreadable = store.indexed_exports(app.blobs)
    known = {export.name: export for export in exports}
    look = _Look(app, known, last_runs(app.blobs), Sources(app))

    def start(name: str) -> None:
        try:
            if name not in known or _may_be_due(look, known[name]):
                _start_if_due(look, name)
        except (ActiveRunError, FollowedError):
            return
        except Exception as error:  # what is wrong with one export must not hold up the others
            log.failure("export_not_started", error, export=name)

    # Due while active is one run afterwards: the next tick finds it due again.
    idle = [name for name in (*known, *(one.name for one in unreadable)) if name not in active]
    # Each that is due takes several round trips to storage, and there may be thousands.
    in_turn(app.blobs, "start_due", idle, start, seconds=_STARTING_SECONDS, workers=_STARTERS)
    look.sources.remember()


def start_followers(app: App, predecessor: str) -> None:
    """Start what runs after an export, a run of which has ended; the tick does so where this fails.

    Where nobody follows it any more, its ends no longer say so.
    """
    exports = {export.name: export for export in store.indexed_exports(app.blobs)[0]}
    look = _Look(app, exports, last_runs(app.blobs), Sources(app))
    followers = [name for name, after in look.predecessors.items() if after == predecessor]
    if not followers and predecessor in exports:
        note_followers(app.blobs, predecessor, exports[predecessor].uid, there=False)
    for name in followers:
        try:
            _start_if_due(look, name)
        except (ActiveRunError, FollowedError):
            continue
        except Exception as error:  # what is wrong with one export must not hold up the others
            log.failure("export_not_started", error, export=name)


def _may_be_due(look: _Look, export: IndexedExport) -> bool:
    last = look.last.of(export.name, export.uid)
    newest = _newest_or_refused(export, look.sources)
    look_at_age(look.app, export, last, newest, utc_now())
    before = None
    if (predecessor := look.predecessor(export)) is not None:
        before = look.last.of(predecessor.name, predecessor.uid)
        if before is not None and not before.has_followers and export.schedule.active:
            # From now on its end tells at once.
            note_followers(look.app.blobs, predecessor.name, predecessor.uid, there=True)
    return is_due(export, last, newest, utc_now(), before) or _leavers_wait(look, export, last)


def _start_if_due(look: _Look, name: str) -> None:
    app = look.app
    found = store.load_export(app.blobs, name)
    if found is None:
        return
    export = found[0]
    newest = _newest_or_refused(export, look.sources)
    predecessor = look.predecessor(export)
    before = read_last(app.blobs, predecessor.name, predecessor.uid) if predecessor else None
    # Last of all: a run that ends meanwhile has seen these snapshots.
    last = read_last(app.blobs, export.name, export.uid)
    request = RunRequest(
        kind="scheduled",
        triggered_by=_TRIGGERS.get(export.schedule.kind, "refresh"),
        requested_by=_BY,
        snapshots={one.segment: one.stamp for one in newest or ()},
        states={one.segment: one.state for one in newest or ()},
    )
    if is_due(export, last, newest, utc_now(), before):
        done = before.done if before and export.schedule.kind == "after" else None
        start_run(app, export, replace(request, follows=done.run if done else None))
        with _leavers:
            look.busy.add(export.audience_id)
    elif _leavers_wait(look, export, last):
        # One at a time: those that start together would find the audience taken once more.
        with _leavers:
            if export.audience_id not in look.busy:
                start_run(app, export, replace(request, triggered_by="upkeep"))
                look.busy.add(export.audience_id)


def is_due(
    export: Scheduled,
    last: LastRun | None,
    newest: Sequence[Newest] | None,
    now: datetime,
    before: LastRun | None = None,
) -> bool:
    """Return whether an export's schedule asks for a run now.

    newest: the newest snapshot of each segment that has one; None where storage lets nobody look.
    before: what is remembered of the export that this one runs after.
    """
    schedule = export.schedule
    if not schedule.active:
        return False
    match schedule.kind:
        case "none":
            return False
        case "refresh":
            return _is_refreshed(last, newest, now)
        case "cron":
            since = from_text(export.scheduled_since)
            if last is not None:
                since = max(since, from_text(last.served_at or last.submitted_at))
            return due_since(schedule.cron, schedule.time_zone, since, now) is not None
        case "after":
            return _is_to_follow(export, last, before)
        case unknown:
            assert_never(unknown)


def _is_to_follow(export: Scheduled, last: LastRun | None, before: LastRun | None) -> bool:
    """Return whether a run has ended well since, of the export that this one runs after.

    However many have, that is one run: what counts is the newest.
    """
    done = before.done if before else None
    if done is None or done.at <= export.scheduled_since:
        return False
    return last is None or last.followed != done.run


def _leavers_wait(look: _Look, export: Scheduled, last: LastRun | None) -> bool:
    """Return whether leavers wait for the audience to be nobody else's, or waited for an export.

    Two exports that always start together would otherwise keep each other from it for good.
    """
    scheduled = export.schedule.active and export.schedule.kind != "none"
    if not scheduled or last is None:
        return False
    return last.leavers_due or any(
        _has_exported_more(look, name, last.ledger, seen) for name, seen in last.kept_by.items()
    )


def _has_exported_more(
    look: _Look, name: str, ledger: tuple[str, str] | None, seen: dict[str, str]
) -> bool:
    """Return whether an export has ended a run on other snapshots than it had, or is gone."""
    export = look.exports.get(name)
    if export is None:
        return True
    last = look.last.of(name, export.uid)
    return (last.exported_to(ledger) if last else {}) != seen


def _newest_or_refused(export: Scheduled, sources: Sources) -> list[Newest] | None:
    """Return the newest snapshots, None where storage refuses: a run has to say so."""
    try:
        return _newest(export, sources)
    except CloudError as error:
        if getattr(error, "status_code", None) not in _REFUSALS:
            raise
        return None


def _newest(export: Scheduled, sources: Sources) -> list[Newest]:
    if not export.schedule.active or export.schedule.kind != "refresh":
        return []
    found = [
        sources.newest(export.source.container, export.source.folder, segment)
        for segment in export.segment_names
    ]
    return [one for one in found if one is not None]


def _is_refreshed(last: LastRun | None, newest: Sequence[Newest] | None, now: datetime) -> bool:
    if newest is None:
        return last is None or not last.failures or _is_time_to_retry(last, now)
    if not newest or not all(one.ready for one in newest):
        return False
    if last is None or not all(last.has_seen(one.segment, one.stamp, one.state) for one in newest):
        return True
    return _is_time_to_retry(last, now)


def _is_time_to_retry(last: LastRun, now: datetime) -> bool:
    if not last.failures:
        return False
    when = retry_at(last.failures, from_text(last.ended_at))
    return when is not None and when <= now
