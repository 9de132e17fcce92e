"""Notes and tells that Customer Insights has stopped writing the segments of a refresh schedule.

Nothing new means no run, and so nobody who would say so.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.app import App
from shared.exports.export_index import IndexedExport
from shared.exports.models import StoredExport
from shared.notifications.changes import note_input
from shared.platform import log
from shared.platform.clock import from_text
from shared.runs.last_run import LastRun, note_stale
from shared.runs.upkeep.sources import Newest


def stale_segments(
    newest: Sequence[Newest], stale_after_hours: float, now: datetime
) -> dict[str, str]:
    """Return when the newest data was written of each segment where that is too long ago."""
    return {
        one.segment: one.written_at
        for one in newest
        if one.written_at and now - from_text(one.written_at) > timedelta(hours=stale_after_hours)
    }


def look_at_age(
    app: App,
    export: IndexedExport | StoredExport,
    last: LastRun | None,
    newest: Sequence[Newest] | None,
    now: datetime,
) -> None:
    """Note of an export that has nothing new whether its segments are stale by now, and tell it."""
    is_refresh = export.schedule.active and export.schedule.kind == "refresh"
    if last is None or not newest or not is_refresh:
        return
    stale = stale_segments(newest, float(export.stale_after_hours), now)
    if stale == last.stale or not note_stale(app.blobs, export.name, export.uid, stale):
        return
    if stale:
        log.event("input_stale", level=logging.WARNING, export=export.name, segments=len(stale))
    if bool(stale) != bool(last.stale):
        note_input(app, export, stale)
