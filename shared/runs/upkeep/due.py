"""Starts the exports whose schedule says so."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cache, partial
from threading import Lock
from typing import Any

from shared.app import App
from shared.exports import store
from shared.exports.models import Export, to_export
from shared.exports.schedules import due_since, retry_at
from shared.platform import log
from shared.platform.blobs import Document
from shared.platform.clock import from_text, utc_now
from shared.runs import last_run, records
from shared.runs.start import ActiveRunError, start_run
from shared.segments.errors import SegmentNotFoundError
from shared.segments.snapshots import Snapshot, find_snapshot

Finder = Callable[[str, str, str], Snapshot | None]
_BY = "schedule"
_LOOKED_AT_ONCE = 16
_leavers = Lock()


def start_due_exports(app: App) -> None:
    """Start a run of every export that is due and has none; one broken export stops no other."""
    active = records.active_exports(app)
    find = _finder(app)

    def look(document: Document) -> None:
        try:
            # Due while active is one run afterwards: the next tick finds it due again.
            if document["name"] not in active:
                _start_if_due(app, document, find)
        except ActiveRunError:
            return
        except Exception as error:  # what is wrong with one export must not keep the others
            log.failure("export_not_started", error, export=document.get("name"))

    # Each takes several round trips to storage, and there may be thousands.
    with ThreadPoolExecutor(_LOOKED_AT_ONCE, thread_name_prefix="due") as workers:
        list(workers.map(look, store.list_exports(app.blobs)))


def _start_if_due(app: App, document: Document, find: Finder) -> None:
    export = to_export(document)
    newest = _newest(export, find)
    # Last of all: a run that ends meanwhile has seen these snapshots.
    last = last_run.read_last(app, export.name, document["uid"])
    stamps = {snapshot.segment: snapshot.stamp for snapshot in newest}
    start = partial(start_run, app, document, kind="scheduled", requested_by=_BY, snapshots=stamps)
    if is_due(export, document["scheduled_since"], last, newest, utc_now()):
        start()
    elif _leavers_wait(export, last):
        # One at a time: those that start together would find the audience taken once more.
        with _leavers:
            if _is_free(app, export.audience_id):
                start()


def is_due(
    export: Export,
    scheduled_since: str,
    last: dict[str, Any],
    newest: Sequence[Snapshot],
    now: datetime,
) -> bool:
    """Tell whether an export's schedule asks for a run now.

    scheduled_since: when the export got its schedule. last: see history.read_last. newest: the
    newest snapshot of each segment that has one.
    """
    if not export.schedule.active:
        return False
    if export.schedule.kind == "cron":
        since = from_text(scheduled_since)
        if "submitted_at" in last:
            since = max(since, from_text(last["submitted_at"]))
        return due_since(export.schedule.cron, export.schedule.time_zone, since, now) is not None
    if export.schedule.kind == "refresh":
        return _is_refreshed(last, newest, now)
    return False


def _leavers_wait(export: Export, last: dict[str, Any]) -> bool:
    """Tell whether leavers wait for the audience to be nobody else's.

    Two exports that always start together would otherwise keep each other from it for good.
    """
    scheduled = export.schedule.active and export.schedule.kind != "none"
    return scheduled and bool(last.get("leavers_due"))


def _is_free(app: App, audience: str) -> bool:
    return not any(
        first["configuration"]["audience_id"] == audience for _, first in records.active_runs(app)
    )


def _newest(export: Export, find: Finder) -> list[Snapshot]:
    if not export.schedule.active or export.schedule.kind != "refresh":
        return []
    found = [
        find(export.source.container, export.source.folder, segment.name)
        for segment in export.segments
    ]
    return [snapshot for snapshot in found if snapshot is not None]


def _is_refreshed(last: dict[str, Any], newest: Sequence[Snapshot], now: datetime) -> bool:
    if not newest or not all(snapshot.whole for snapshot in newest):
        return False
    tried = last.get("snapshots", {})
    if any(snapshot.stamp > tried.get(snapshot.segment, "") for snapshot in newest):
        return True
    failures = last.get("failures", 0)
    when = retry_at(failures, from_text(last["ended_at"])) if failures else None
    return when is not None and when <= now


def _finder(app: App) -> Finder:
    """Look every folder up once per tick: who asks meanwhile waits for the answer."""

    @cache
    def look(container: str, folder: str, segment: str) -> Snapshot | None:
        blobs = app.segment_container(container)
        try:
            return find_snapshot(blobs, folder, segment, app.settings.snapshot_quiet, utc_now())
        except SegmentNotFoundError:
            return None

    locks: dict[tuple[str, str, str], Lock] = {}

    def find(container: str, folder: str, segment: str) -> Snapshot | None:
        with locks.setdefault((container, folder, segment), Lock()):
            return look(container, folder, segment)

    return find
