"""The newest snapshot of a segment: its files, how they are written, and whether all are there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.platform.blobs import BlobMissingError, Blobs
from shared.platform.errors import CloudError
from shared.segments.description import MODEL, Description, agreement, descriptions, formats
from shared.segments.errors import SegmentNotFoundError
from shared.segments.folders import Folder, find_segments, newest_folder
from shared.segments.format import CsvFormat
from shared.segments.model import ModelTable

__all__ = ["MODEL_IGNORED", "Snapshot", "SnapshotFile", "find_segments", "find_snapshot"]

MODEL_IGNORED = "snapshot_model_ignored"
"""The code of every warning of a snapshot."""


@dataclass(frozen=True)
class SnapshotFile:
    """One partition; `size` in bytes. `format` is as model.json says for it."""

    name: str
    size: int
    etag: str
    modified: datetime
    format: CsvFormat = field(default_factory=CsvFormat)


@dataclass(frozen=True)
class Snapshot:
    """One dated folder of a segment, as it was when it was looked at.

    `stamp` sorts as text, newest last. `confirmed`: model.json names exactly these files.
    `whole`: nothing more is expected; a run waits while it is not. `modified` is the newest file's
    time, `types` the columns' CDM data types where they are known. `warnings` are texts, all of
    code MODEL_IGNORED.
    """

    segment: str
    stamp: str
    files: tuple[SnapshotFile, ...]
    format: CsvFormat
    confirmed: bool
    whole: bool
    modified: datetime
    warnings: tuple[str, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    def age(self, now: datetime) -> timedelta:
        """How long ago its newest file was written."""
        return now - self.modified


def find_snapshot(
    blobs: Blobs, folder: str, segment: str, quiet_seconds: float, now: datetime
) -> Snapshot:
    """Return a segment's newest snapshot, which is not whole while it is still being written.

    An older one is never returned instead. Raises SegmentNotFoundError.
    """
    try:
        found = newest_folder(blobs, folder, segment)
    except BlobMissingError:
        found = None
    except CloudError as error:
        # A container that isn't there holds no snapshot; anything else is tried again.
        if getattr(error, "status_code", None) != 404:
            raise
        found = None
    if found is None:
        raise SegmentNotFoundError(segment, folder)
    modified = max(
        (file.modified for file in found.files or found.blobs),
        # A folder of a hierarchical namespace may exist before its first file.
        default=now,
    )
    quiet = all((now - blob.modified).total_seconds() >= quiet_seconds for blob in found.blobs)
    models = list(descriptions(blobs, folder, segment, found))
    for model in models:
        if model.table and agreement(model.table, found) == "exact":
            # Written after the files it names it says that they are complete.
            whole = quiet or model.modified >= modified
            return _snapshot(segment, found, modified, model.table, True, whole, ())
    usable = next((model.table for model in models if model.table), None)
    partly = any(m.table and agreement(m.table, found) == "incomplete" for m in models)
    whole = quiet and bool(found.files) and not partly
    return _snapshot(
        segment, found, modified, usable, False, whole, _warnings(segment, found, models, partly)
    )


def _snapshot(
    segment: str,
    found: Folder,
    modified: datetime,
    table: ModelTable | None,
    confirmed: bool,
    whole: bool,
    warnings: tuple[str, ...],
) -> Snapshot:
    general = table.format if table else CsvFormat()
    said = formats(table, found) if table and confirmed else {}
    return Snapshot(
        segment=segment,
        stamp=found.stamp,
        files=tuple(
            SnapshotFile(f.name, f.size, f.etag, f.modified, said.get(f.name, general))
            for f in found.files
        ),
        format=general,
        confirmed=confirmed,
        whole=whole,
        modified=modified,
        warnings=warnings,
        types=table.types if table else {},
    )


def _warnings(
    segment: str, found: Folder, models: list[Description], incomplete: bool
) -> tuple[str, ...]:
    if incomplete:
        return ()
    reasons = [m.reason for m in models if m.reason]
    if any(model.table for model in models):
        reasons = [f"doesn't name the files of the newest snapshot {found.stamp}"]
    return tuple(f"{segment}: the {MODEL} {reason}" for reason in reasons[:1])
