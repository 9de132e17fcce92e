"""Which exports are due, by a newer snapshot or by the clock, and starting them.

What a schedule has done is kept beside the exports, in `exports/schedules/{uid}.json`: the
snapshots it last started a run on, how often, and up to when cron times were looked at.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

from shared.app import App
from shared.exports import store
from shared.exports.connections import usable_connection
from shared.exports.errors import ConnectionUnusableError
from shared.exports.schedules import due_since, retry_at
from shared.platform import log
from shared.platform.blobs import Document
from shared.platform.clock import from_text, to_text, utc_now
from shared.runs import records
from shared.runs.start import ActiveRunError, start_run
from shared.segments.errors import SegmentsError
from shared.segments.snapshots import Snapshot, find_snapshot

_FOLDER = f"{store.EXPORTS}schedules/"
# A snapshot that nobody completes for so long is a run's to report.
_INCOMPLETE = timedelta(hours=1)
_DONE = ("succeeded", "partial")
# container, folder, segment
_SnapshotOf = Callable[[str, str, str], Snapshot | None]


@dataclass(frozen=True)
class Memory:
    """What a schedule has done so far; `looked_at` is the time up to which cron is settled."""

    schedule: Mapping[str, Any]
    looked_at: datetime
    stamps: Mapping[str, str] = field(default_factory=dict)
    run: str | None = None
    attempts: int = 0


@dataclass(frozen=True)
class LastRun:
    """The run that a schedule started last, once it has ended."""

    status: str
    error: str | None
    ended_at: datetime


def start_due_exports(app: App) -> None:
    """Start every export whose schedule says so; one that can't be looked at stops no other."""
    snapshot_of = _snapshots(app)
    for export in store.list_exports(app.blobs):
        try:
            _look_at(app, export, snapshot_of)
        except Exception as error:  # a broken source must not keep other exports from running
            log.failure("schedule_failed", error, export=export["name"])


def refresh_due(
    memory: Memory,
    stamps: Mapping[str, str],
    *,
    last: LastRun | None,
    connection_ready: Callable[[], bool],
    now: datetime,
) -> bool:
    """Tell whether an export is due on the snapshots that lie there now.

    `last`: the run that the schedule started on the snapshots of `memory`, None while it is
    active. New snapshots are due at once; a failed run is tried again a few times; one that was
    skipped for its connection is, once that is ready.
    """
    if not any(stamps.values()):
        return False
    if memory.stamps != stamps or memory.run is None:
        return True
    if last is None:
        return False
    if last.status == "skipped" and (last.error or "").startswith("connection_"):
        return connection_ready()
    if last.status != "failed":
        return False
    again = retry_at(memory.attempts, last.ended_at)
    return again is not None and now >= again


def _look_at(app: App, export: Document, snapshot_of: _SnapshotOf) -> None:
    schedule = export["schedule"]
    path = f"{_FOLDER}{export['uid']}.json"
    found = app.blobs.read_document(path)
    memory = _read(found[0]) if found else None
    before = memory
    if memory is None or memory.schedule != schedule:
        # Times that passed while it was off, or another schedule, are nobody's.
        saved_at = from_text(export["updated_at"])
        memory = replace(
            memory or Memory(schedule, saved_at), schedule=schedule, looked_at=saved_at
        )
    if schedule["active"]:
        match schedule["kind"]:
            case "cron":
                memory = _cron(app, export, memory)
            case "refresh":
                memory = _refresh(app, export, memory, snapshot_of)
    if memory != before:
        app.blobs.write_document(path, _written(memory))


def _cron(app: App, export: Document, memory: Memory) -> Memory:
    schedule, now = export["schedule"], utc_now()
    due = due_since(schedule["cron"], schedule["time_zone"], memory.looked_at, now)
    if due is None:
        return memory
    run = _start(app, export)
    # Due while a run is active is one run afterwards: the time stays open.
    return memory if run is None else replace(memory, looked_at=due, run=run)


def _refresh(app: App, export: Document, memory: Memory, snapshot_of: _SnapshotOf) -> Memory:
    source = export["source"]
    stamps: dict[str, str] = {}
    for segment in export["segments"]:
        snapshot = snapshot_of(source["container"], source["folder"], segment["name"])
        if snapshot is not None and not _settled(snapshot):
            return memory
        stamps[segment["name"]] = snapshot.stamp if snapshot else ""
    last = _last_run(app, memory)
    ready = partial(_is_ready, app, export)
    if not refresh_due(memory, stamps, last=last, connection_ready=ready, now=utc_now()):
        return memory
    if memory.stamps != stamps and _exported(app, export, stamps):
        return replace(memory, stamps=stamps, run="", attempts=0)
    run = _start(app, export)
    if run is None:
        return memory
    attempts = memory.attempts + 1 if memory.stamps == stamps else 1
    return replace(memory, stamps=stamps, run=run, attempts=attempts)


def _settled(snapshot: Snapshot) -> bool:
    return snapshot.whole or snapshot.age(utc_now()) > _INCOMPLETE


def _exported(app: App, export: Document, stamps: Mapping[str, str]) -> bool:
    """Tell whether somebody has run the export on these snapshots already."""
    return any(
        run["snapshots"] == stamps and run["status"] in _DONE and not run["preview"]
        for run in records.list_runs(app, export["name"], limit=5)
        if run["submitted_at"] >= export["created_at"]
    )


def _last_run(app: App, memory: Memory) -> LastRun | None:
    run = records.load_run(app, memory.run) if memory.run else None
    if run is None:
        # On these snapshots somebody else's run was enough, or the record is gone: it is done.
        return LastRun("succeeded", None, memory.looked_at)
    if run["ended_at"] is None:
        return None
    error = run["error"]["code"] if run["error"] else None
    return LastRun(run["status"], error, from_text(run["ended_at"]))


def _is_ready(app: App, export: Document) -> bool:
    try:
        usable_connection(app, export["connection"])
    except ConnectionUnusableError:
        return False
    return True


def _start(app: App, export: Document) -> str | None:
    try:
        run = start_run(app, export, kind="scheduled", requested_by="schedule")
    except ActiveRunError:
        return None
    return str(run["id"])


def _snapshots(app: App) -> _SnapshotOf:
    """Return a look at segments that asks storage once for each, however many exports share it."""

    @cache
    def snapshot_of(container: str, folder: str, segment: str) -> Snapshot | None:
        blobs = app.segment_container(container)
        try:
            return find_snapshot(blobs, folder, segment, app.settings.snapshot_quiet, utc_now())
        except SegmentsError:
            return None

    return snapshot_of


def _read(document: Document) -> Memory:
    return Memory(**{**document, "looked_at": from_text(document["looked_at"])})


def _written(memory: Memory) -> Document:
    return {
        "schedule": dict(memory.schedule),
        "looked_at": to_text(memory.looked_at),
        "stamps": dict(memory.stamps),
        "run": memory.run,
        "attempts": memory.attempts,
    }
