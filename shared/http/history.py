"""The route of an export's history: its runs and what people changed, in one feed."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC
from typing import Any

from shared.app import App
from shared.exports import history, store
from shared.exports.models import StoredExport
from shared.http import exports, pages
from shared.http.messages import Request, Response
from shared.platform.blobs import Blobs
from shared.platform.clock import from_text, to_text
from shared.runs import names
from shared.runs.record import read_run

# When, and what tells apart those of one moment.
type Place = tuple[str, str]


def get(app: App, request: Request) -> Response:
    """Return what happened to an export, newest first."""
    export, _ = exports.find(app, request)
    limit = pages.limit_of(request) or pages.DEFAULT_LIMIT
    before = _before(request)
    events = dict(_events(app.blobs, export))
    places = sorted((one for one in events if before is None or one < before), reverse=True)
    page = places[:limit]
    return Response(
        document={
            "items": [_shown(app.blobs, events[place]) for place in page],
            "next": pages.cursor_of(page[-1]) if len(places) > limit else None,
        }
    )


def _before(request: Request) -> Place | None:
    """Read a cursor, or a time."""
    text = request.query.get("before")
    try:
        moment = from_text((text or "").replace(" ", "+"))
        return to_text(moment if moment.tzinfo else moment.replace(tzinfo=UTC)), ""
    except (ValueError, OverflowError):
        found = pages.read_cursor(request, "before", str, str)
        return (str(found[0]), str(found[1])) if found else None


def _events(blobs: Blobs, export: StoredExport) -> Iterator[tuple[Place, history.Entry | str]]:
    """Yield entries, and ids of runs, with their places; records are read where they are shown."""
    found = store.load_connection(blobs, export.connection) if export.connection else None
    entries = history.entries_of(blobs, export, found[0] if found else None)
    for number, entry in enumerate(entries):
        yield (entry.at, f"{entry.kind}-{number:04d}"), entry
    for run in blobs.folders(f"{names.RUNS}{export.name}/"):
        if (moment := _moment_of(run)) is not None:
            yield (moment, run), run


def _moment_of(run: str) -> str | None:
    begun = names.begun_at(run)
    return to_text(begun) if begun else None


def _shown(blobs: Blobs, event: history.Entry | str) -> dict[str, Any]:
    if isinstance(event, history.Entry):
        return {**asdict(event), "changes": [asdict(each) for each in event.changes], "run": None}
    run = read_run(blobs, event)
    at = run.submitted_at if run else _moment_of(event)
    by = run.requested_by if run else None
    return {"at": at, "kind": "run", "by": by, "run": event, "changes": None}
