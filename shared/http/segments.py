"""The routes that show what Customer Insights has written."""

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.app import App
from shared.exports import store
from shared.http import problems
from shared.http.messages import Request, Response
from shared.http.problems import FieldError
from shared.mailchimp.inference import infer_type
from shared.platform.blobs import BlobConflictError, BlobMissingError, Blobs
from shared.platform.clock import utc_now
from shared.platform.errors import CloudError
from shared.runs.preview_plan import mask
from shared.segments.description import Models
from shared.segments.errors import SegmentNotFoundError, SegmentsError
from shared.segments.estimate import estimate_profiles
from shared.segments.examining import ColumnFacts, examine
from shared.segments.history import SnapshotHistory, find_history
from shared.segments.reader import columns_of
from shared.segments.snapshots import Snapshot, find_segments, find_snapshot

_SAMPLES, _LONGEST = 3, 40
# Marks of direction and joiners, and blanks of other kinds: names have them, nothing shows them.
_UNSEEN = frozenset({"Cf", "Zs"})


@dataclass(frozen=True)
class Source:
    """A folder that the app may look into."""

    container: str
    folder: str
    blobs: Blobs


def list_segments(app: App, request: Request) -> Response:
    """List the newest snapshot of every segment in a folder, or show the one that is named."""
    source = _source(app, request)
    if (name := request.query.get("name")) is not None:
        return _detail(app, source, name)
    models = Models()
    with reading_errors():
        items = [
            item
            for name in find_segments(source.blobs, source.folder)
            if (item := _describe(app, source, name, models)) is not None
        ]
    return Response(document={"items": items})


def get_segment(app: App, request: Request) -> Response:
    """Show one segment: its snapshots, its columns with masked samples, and whom it feeds."""
    return _detail(app, _source(app, request), request.path.get("name", ""))


@contextmanager
def reading_errors() -> Iterator[None]:
    """Say of a container that can't be read that it is the input which is wrong."""
    try:
        yield
    except (CloudError, BlobMissingError):
        raise problems.invalid(
            [FieldError("container", "the app can't read it", "container_unreadable")]
        ) from None


def container_error(app: App, container: str, field: str) -> FieldError | None:
    """Return what is wrong with a container; None for one that the app may look into."""
    allowed = app.settings.segment_containers
    if container in allowed:
        return None
    listed = ", ".join(allowed)
    return FieldError(field, f"is not one of {listed}", "not_a_choice", {"allowed": listed})


def _source(app: App, request: Request) -> Source:
    container = request.query.get("container") or app.settings.segment_containers[0]
    folder = request.query.get("folder", "").strip("/")
    errors = []
    if (wrong := container_error(app, container, "container")) is not None:
        errors.append(wrong)
    if not folder or len(folder) > 900 or not _is_line(folder):
        text = "must be a folder such as CustomerInsights_<id>/Name"
        errors.append(FieldError("folder", text, "malformed"))
    if errors:
        raise problems.invalid(errors)
    return Source(container, folder, app.segment_container(container))


def _is_line(text: str) -> bool:
    """Whether this can be the name of something in storage, in any script."""
    return all(one.isprintable() or unicodedata.category(one) in _UNSEEN for one in text)


def _detail(app: App, source: Source, name: str) -> Response:
    if not name or len(name) > 256 or not _is_line(name) or re.search(r"[/\\]", name):
        raise problems.not_found("segment")
    now, quiet = utc_now(), app.settings.snapshot_quiet
    with reading_errors():
        try:
            history = find_history(source.blobs, source.folder, name, quiet, now)
        except SegmentNotFoundError:
            raise problems.not_found("segment") from None
        count, columns = _look_into(source.blobs, history)
    return Response(
        document={
            "name": name,
            "snapshots": [
                {
                    "snapshot": found.stamp,
                    "whole": found.whole,
                    "profiles": count if found == history.newest_whole else None,
                    "bytes": found.size,
                }
                for found in history.snapshots
            ],
            "columns": [_column(facts) for facts in columns],
            "exports": _fed(app, source, name),
        }
    )


def _look_into(
    blobs: Blobs, history: SnapshotHistory
) -> tuple[dict[str, Any] | None, tuple[ColumnFacts, ...]]:
    """Return the profiles and columns of the newest whole snapshot, as far as it can be read."""
    if history.newest_whole is None:
        return None, ()
    try:
        count, exact = estimate_profiles(blobs, history.newest_whole)
        columns = examine(blobs, history.newest_whole)
    except (SegmentsError, BlobConflictError):
        return None, ()
    return {"count": count, "exact": exact}, columns


def _column(facts: ColumnFacts) -> dict[str, Any]:
    return {
        "name": facts.name,
        "type": infer_type(facts.name, facts.data_type, facts.values),
        "blank_share": facts.blank_share,
        "samples": [_masked(value) for value in facts.values[:_SAMPLES]],
    }


def _masked(value: str) -> str:
    """Hide a value but for its form: nobody is told by a column's samples."""
    text = value.strip()
    if "@" in text:
        return mask(text)
    hidden = re.sub(r"\w", "*", text[1:_LONGEST])
    return (text[:1] if len(text) > 1 else "*") + hidden


def _fed(app: App, source: Source, name: str) -> list[dict[str, Any]]:
    """The exports that send this segment."""
    return [
        {"name": export.name, "audience_id": export.audience_id}
        for export in store.indexed_exports(app.blobs)[0]
        if (export.source.container, export.source.folder) == (source.container, source.folder)
        and name in export.segment_names
    ]


def _describe(app: App, source: Source, name: str, models: Models) -> dict[str, Any] | None:
    now, blobs, quiet = utc_now(), source.blobs, app.settings.snapshot_quiet
    try:
        snapshot = find_snapshot(blobs, source.folder, name, quiet, now, models)
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
