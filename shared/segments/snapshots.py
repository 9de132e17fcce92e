"""The newest snapshot of a segment: its files, how they are written, and whether all are there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.platform.blobs import BlobMissingError, Blobs
from shared.segments.errors import SegmentNotFoundError
from shared.segments.folders import Folder, clean, find_segments, newest_folder
from shared.segments.format import CsvFormat
from shared.segments.model import ModelTable, ModelUnusableError, read_model

__all__ = ["MODEL_IGNORED", "Snapshot", "SnapshotFile", "find_segments", "find_snapshot"]

MODEL_IGNORED = "snapshot_model_ignored"
"""The code of every warning of a snapshot."""

_MODEL = "model.json"
# A model.json of a thousand tables has a few megabytes; more is none.
_LARGEST_MODEL = 64 << 20


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


@dataclass(frozen=True)
class _Model:
    """A model.json that was found: its table for the segment, or why there is none."""

    modified: datetime
    table: ModelTable | None
    reason: str = ""


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
    if found is None:
        raise SegmentNotFoundError(segment, folder)
    modified = max(
        (file.modified for file in found.files or found.blobs),
        # A folder of a hierarchical namespace may exist before its first file.
        default=now,
    )
    quiet = all((now - blob.modified).total_seconds() >= quiet_seconds for blob in found.blobs)
    models = list(_models(blobs, folder, segment, found))
    for model in models:
        if model.table and _agreement(model.table, found) == "exact":
            # Written after the files it names it says that they are complete.
            whole = quiet or model.modified >= modified
            return _snapshot(segment, found, modified, model.table, True, whole, ())
    usable = next((model.table for model in models if model.table), None)
    partly = any(m.table and _agreement(m.table, found) == "incomplete" for m in models)
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
    formats = _formats(table, found) if table and confirmed else {}
    return Snapshot(
        segment=segment,
        stamp=found.stamp,
        files=tuple(
            SnapshotFile(f.name, f.size, f.etag, f.modified, formats.get(f.name, general))
            for f in found.files
        ),
        format=general,
        confirmed=confirmed,
        whole=whole,
        modified=modified,
        warnings=warnings,
        types=table.types if table else {},
    )


def _models(blobs: Blobs, folder: str, segment: str, found: Folder) -> Iterator[_Model]:
    """Look beside the files, in the segment's folder and in the export's, where it belongs."""
    root = clean(folder)
    own = f"{root}/{segment}"
    beside = found.prefix.rstrip("/")
    if any(blob.name == f"{beside}/{_MODEL}" for blob in found.blobs) and beside != own:
        yield from _model(blobs, beside, own, segment, alone=True)
    yield from _model(blobs, own, own, segment, alone=True)
    yield from _model(blobs, root, own, segment, alone=False)


def _model(blobs: Blobs, place: str, own: str, segment: str, *, alone: bool) -> Iterator[_Model]:
    info = blobs.info(f"{place}/{_MODEL}")
    if info is None:
        return
    if info.size > _LARGEST_MODEL:
        yield _Model(info.modified, None, "is too large to be one")
        return
    try:
        tables = read_model(blobs.read(info.name), place)
    except BlobMissingError:
        return
    except ModelUnusableError as error:
        yield _Model(info.modified, None, f"can't be used: {error}")
        return
    table = _table_of(tables, own, segment, alone)
    yield _Model(info.modified, table, "" if table else "doesn't describe this segment")


def _table_of(
    tables: tuple[ModelTable, ...], own: str, segment: str, alone: bool
) -> ModelTable | None:
    """The table whose files lie in the segment's folder, else the one of its name.

    A table may be named after the files instead of the folder. In the segment's own folder the
    only table there is must be it.
    """
    for table in tables:
        if any(_below(path, own) for part in table.partitions for path in part.paths):
            return table
    for table in tables:
        if table.name.casefold() == segment.casefold():
            return table
    return tables[0] if alone and len(tables) == 1 else None


def _agreement(table: ModelTable, found: Folder) -> str:
    """Compare the files that a table names in the newest folder with those that are there.

    `exact`; `incomplete` when some are missing; `other` when it names files of another snapshot,
    none at all, or lacks some that are there.
    """
    here = found.prefix.rstrip("/")
    named = [part.paths for part in table.partitions if any(_below(p, here) for p in part.paths)]
    matched = [file for paths in named if (file := _match(paths, found)) is not None]
    if not matched:
        return "other"
    if len(matched) < len(named):
        return "incomplete"
    return "exact" if set(matched) == {file.name for file in found.files} else "other"


def _formats(table: ModelTable, found: Folder) -> dict[str, CsvFormat]:
    """What the table says for each file."""
    return {
        name: part.format
        for part in table.partitions
        if (name := _match(part.paths, found)) is not None
    }


def _match(paths: tuple[str, ...], found: Folder) -> str | None:
    for path in paths:
        for file in found.files:
            if path == file.name or path.endswith(f"/{file.name}"):
                return file.name
    return None


def _below(path: str, folder: str) -> bool:
    """Whether a location lies in a folder, or is it, as the flat layout has it."""
    return f"/{folder}/" in f"/{path}/"


def _warnings(
    segment: str, found: Folder, models: list[_Model], incomplete: bool
) -> tuple[str, ...]:
    if incomplete:
        return ()
    reasons = [m.reason for m in models if m.reason]
    if any(model.table for model in models):
        reasons = [f"doesn't name the files of the newest snapshot {found.stamp}"]
    return tuple(f"{segment}: the {_MODEL} {reason}" for reason in reasons[:1])
