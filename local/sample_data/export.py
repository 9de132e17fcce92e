"""Writes segments into a container in the layout of a Customer Insights Blob export.

Layout: https://learn.microsoft.com/dynamics365/customer-insights/data/export-azure-blob-storage
"""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import polars as pl
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import ContainerClient

from local.sample_data.dialect import Dialect
from local.sample_data.model import Model

type Rows = pl.DataFrame | Mapping[str, Sequence[object]] | Iterable[Mapping[str, object]]


@dataclass(frozen=True)
class WrittenExport:
    """Names of the blobs that were written: per segment in order of partitions, and model.json."""

    partitions: Mapping[str, list[str]]
    model: str | None


def write_export(
    container: ContainerClient,
    folder: str,
    segments: Mapping[str, Rows],
    *,
    stamp: datetime | Mapping[str, datetime] | None = None,
    partitions: int = 1,
    empty_partitions: int = 0,
    first_partition: int = 1,
    dialect: Dialect | Mapping[str, Dialect] | None = None,
    model: Model | str | bytes | None = Model(),  # noqa: B008 - frozen, so sharing it is safe
    model_in: str | None = None,
    file_stem: str | None = None,
    layout: Literal["dated", "oldest", "flat"] = "dated",
) -> WrittenExport:
    """Write one snapshot of each segment, and the folder's model.json last, as one export run.

    `folder` is like `CustomerInsights_<instance id>/BlobExport`. A segment's rows are split over
    `partitions` files, with `empty_partitions` more behind them that hold no row. `stamp` (UTC,
    now when missing) gives the snapshot's folder, also per segment. `model` None writes none, text
    is written as it is; `model_in` puts it into another folder. `file_stem` replaces the segment's
    name in file names. Layouts: `dated` is today's; `oldest` has no dates, `flat` no folders.
    The container is made when it is missing.
    """
    with contextlib.suppress(ResourceExistsError):
        container.create_container()
    now = datetime.now(UTC)
    frames = {name: _frame(rows) for name, rows in segments.items()}
    stamps = {
        n: stamp if isinstance(stamp, datetime) else (stamp or {}).get(n, now) for n in frames
    }
    dialects = {
        name: dialect if isinstance(dialect, Dialect) else (dialect or {}).get(name, Dialect())
        for name in frames
    }
    written: dict[str, list[str]] = {}
    for name, frame in frames.items():
        prefix = _prefix(layout, folder, name, file_stem or name, stamps[name])
        written[name] = []
        for index, rows in enumerate(_split(frame, partitions, empty_partitions)):
            number = "" if layout == "flat" else f"_{first_partition + index}"
            blob = f"{prefix}{number}.csv"
            content = dialects[name].encode(rows)
            container.upload_blob(blob, content, overwrite=True, max_concurrency=2)
            written[name].append(blob)
    if model is None or layout != "dated":
        return WrittenExport(written, None)
    if isinstance(model, Model):
        urls = {n: [f"{container.url}/{blob}" for blob in blobs] for n, blobs in written.items()}
        model = model.encode(frames, urls, dialects, max(stamps.values(), default=now))
    path = f"{folder if model_in is None else model_in}/model.json"
    container.upload_blob(path, model, overwrite=True)
    return WrittenExport(written, path)


def _frame(rows: Rows) -> pl.DataFrame:
    if isinstance(rows, pl.DataFrame):
        return rows
    if isinstance(rows, Mapping):
        return pl.DataFrame(rows, strict=False)
    return pl.DataFrame(list(rows), infer_schema_length=None, strict=False)


def _split(frame: pl.DataFrame, partitions: int, empty: int) -> Iterable[pl.DataFrame]:
    size = -(-frame.height // partitions)
    for index in range(partitions):
        yield frame.slice(index * size, size)
    for _ in range(empty):
        yield frame.clear()


def _prefix(layout: str, folder: str, segment: str, stem: str, stamp: datetime) -> str:
    match layout:
        case "oldest":
            return f"{folder}/{segment}/{stem}"
        case "flat":
            return f"{folder}_{stem}_{int(stamp.timestamp())}"
    return f"{folder}/{segment}/{stamp:%Y/%m/%d/%H%M}/{stem}"
