"""The route that shows what Customer Insights has written."""

from datetime import datetime
from typing import Any

from shared.app import App
from shared.http import problems
from shared.http.messages import Request, Response
from shared.http.problems import FieldError
from shared.platform.blobs import BlobConflictError, BlobMissingError, Blobs
from shared.platform.clock import utc_now
from shared.platform.errors import CloudError
from shared.segments.errors import SegmentsError
from shared.segments.estimate import estimate_profiles
from shared.segments.reader import columns_of
from shared.segments.snapshots import Snapshot, find_segments, find_snapshot


def list_segments(app: App, request: Request) -> Response:
    """List the newest snapshot of every segment in a source folder."""
    allowed = app.settings.segment_containers
    container = request.query.get("container") or allowed[0]
    folder = request.query.get("folder", "").strip("/")
    errors = []
    if container not in allowed:
        errors.append(FieldError("container", "is not one of " + ", ".join(allowed)))
    if not folder or len(folder) > 900 or not folder.isprintable():
        errors.append(FieldError("folder", "must be a folder such as CustomerInsights_<id>/Name"))
    if errors:
        raise problems.invalid(errors)
    blobs = app.segment_container(container)
    try:
        items = [
            item
            for name in find_segments(blobs, folder)
            if (item := _describe(app, blobs, folder, name)) is not None
        ]
    except (CloudError, BlobMissingError):
        raise problems.invalid([FieldError("container", "the app can't read it")]) from None
    return Response(document={"items": items})


def _describe(app: App, blobs: Blobs, folder: str, name: str) -> dict[str, Any] | None:
    now = utc_now()
    try:
        snapshot = find_snapshot(blobs, folder, name, app.settings.snapshot_quiet, now)
    except SegmentsError:
        return None
    try:
        columns = columns_of(blobs, snapshot)
        count, exact = estimate_profiles(blobs, snapshot)
    except (SegmentsError, BlobConflictError):
        # Unreadable, or being written: what lies there is shown all the same.
        columns, count, exact = (), 0, False
    return _item(snapshot, columns, {"count": count, "exact": exact}, now)


def _item(
    snapshot: Snapshot, columns: tuple[str, ...], profiles: dict[str, Any], now: datetime
) -> dict[str, Any]:
    return {
        "name": snapshot.segment,
        "snapshot": snapshot.stamp,
        "partitions": len(snapshot.files),
        "bytes": snapshot.size,
        "columns": list(columns),
        "profiles": profiles,
        "age_seconds": max(0, round(snapshot.age(now).total_seconds())),
    }
