"""The profiles of a run: all rows of its snapshots, one per CustomerId and address."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl
import pyarrow as pa

from shared.runs import addresses

CUSTOMER_ID = "CustomerId"
MOST_CONTACTS = 1_000_000
# Rows that are gathered before they are looked through for repetitions: bounds the memory.
_GATHERED_ROWS = 250_000
_KEY = ["email", "customer_id"]


class TooManyContactsError(Exception):
    """The segments hold more distinct addresses than one export may send."""


@dataclass(frozen=True)
class ProfileColumns:
    """The columns of a profile that an export needs."""

    email: str
    values: tuple[str, ...] = ()
    consent: str | None = None
    consent_values: frozenset[str] = frozenset()

    def all(self) -> list[str]:
        """Return every column to read, each once."""
        wanted = [CUSTOMER_ID, self.email, *self.values]
        if self.consent is not None:
            wanted.append(self.consent)
        return list(dict.fromkeys(wanted))


@dataclass
class Profiles:
    """`frame` has a row per distinct (customer_id, email), in the order they were first seen:

    email (normalised), customer_id, segments (bit mask, UInt64), first (UInt8: the first segment
    it is in), valid (Boolean), consent (Boolean) and the mapped columns under their own names
    with the prefix `=`.
    """

    frame: pl.DataFrame
    rows: dict[str, int] = field(default_factory=dict)


def gather(
    segments: Sequence[tuple[str, Iterable[pa.RecordBatch]]], columns: ProfileColumns
) -> Profiles:
    """Read every segment's record batches into one table.

    Memory grows with the distinct profiles and the mapped columns alone. Raises
    TooManyContactsError as soon as it is certain.
    """
    everything: pl.DataFrame | None = None
    rows: dict[str, int] = {}
    for position, (segment, batches) in enumerate(segments):
        rows[segment] = 0
        for part, count in _parts(batches, columns, position):
            rows[segment] += count
            everything = part if everything is None else _merge(everything, part)
            _check_size(everything)
    if everything is None:
        raise ValueError("an export has at least one segment")
    return Profiles(everything, rows)


def _parts(
    batches: Iterable[pa.RecordBatch], columns: ProfileColumns, position: int
) -> Iterator[tuple[pl.DataFrame, int]]:
    """Yield a segment's rows in bounded parts, at least one, with the number of rows read."""
    waiting: list[pl.DataFrame] = []
    read = 0
    for batch in batches:
        frame = _normalise(pl.DataFrame(batch), columns, position)
        waiting.append(frame)
        read += frame.height
        if read >= _GATHERED_ROWS:
            yield _distinct(pl.concat(waiting)), read
            waiting, read = [], 0
    if not waiting:
        empty = pl.DataFrame({name: [] for name in columns.all()}, schema_overrides=None)
        waiting = [_normalise(empty.with_columns(pl.all().cast(pl.String)), columns, position)]
    yield _distinct(pl.concat(waiting)), read


def _normalise(batch: pl.DataFrame, columns: ProfileColumns, position: int) -> pl.DataFrame:
    email = addresses.normalised(pl.col(columns.email))
    consent = pl.lit(True)
    if columns.consent is not None:
        wanted = [value.strip().lower() for value in columns.consent_values]
        consent = pl.col(columns.consent).str.strip_chars().str.to_lowercase().is_in(wanted)
    return batch.select(
        email=email,
        customer_id=pl.col(CUSTOMER_ID).str.strip_chars(),
        segments=pl.lit(1 << position, dtype=pl.UInt64),
        first=pl.lit(position, dtype=pl.UInt8),
        valid=addresses.is_valid(email),
        consent=consent,
        **{f"={name}": pl.col(name) for name in columns.values},
    )


def _distinct(frame: pl.DataFrame) -> pl.DataFrame:
    """Keep the first row of each pair, unless a later one refuses consent: then it refuses."""
    kept = frame.unique(_KEY, keep="first", maintain_order=True)
    if kept.height == frame.height:
        return frame
    refused = frame.filter(~pl.col("consent")).select(_KEY).unique()
    if refused.is_empty():
        return kept
    return _without_consent(kept, refused)


def _merge(known: pl.DataFrame, part: pl.DataFrame) -> pl.DataFrame:
    """Add a part: new pairs at the end, known ones get its segment as well."""
    again = part.select(*_KEY, more="segments", also="consent")
    joined = known.join(again, on=_KEY, how="left", maintain_order="left")
    known = joined.with_columns(
        segments=pl.col("segments") | pl.col("more").fill_null(0),
        consent=pl.col("consent") & pl.col("also").fill_null(True),
    ).drop("more", "also")
    new = part.join(known.select(_KEY), on=_KEY, how="anti", maintain_order="left")
    return pl.concat([known, new]) if new.height else known


def _without_consent(frame: pl.DataFrame, refused: pl.DataFrame) -> pl.DataFrame:
    flagged = refused.with_columns(refuses=pl.lit(True))
    return (
        frame.join(flagged, on=_KEY, how="left", maintain_order="left")
        .with_columns(consent=pl.col("consent") & ~pl.col("refuses").fill_null(False))
        .drop("refuses")
    )


def _check_size(frame: pl.DataFrame) -> None:
    if frame.height > MOST_CONTACTS:
        contacts = frame.lazy().filter(pl.col("valid")).select(pl.col("email").n_unique())
        if contacts.collect().item() > MOST_CONTACTS:
            raise TooManyContactsError
