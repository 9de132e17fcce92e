"""What the columns of a snapshot hold, from its first rows, for people who map them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from shared.platform.blobs import Blobs
from shared.segments.columns import folded
from shared.segments.reader import columns_of, read_profiles
from shared.segments.snapshots import Snapshot

MOST_ROWS = 10_000
# Enough to tell what a column holds; more of a column that has so many is no help.
MOST_VALUES = 100


@dataclass(frozen=True)
class ColumnFacts:
    """A column: `values` are its first different ones that are not blank, as they are written.

    data_type: the CDM data type of model.json, None where nobody says. blank_share: 0 to 1.
    """

    name: str
    data_type: str | None
    blank_share: float
    values: tuple[str, ...]


def examine(blobs: Blobs, snapshot: Snapshot) -> tuple[ColumnFacts, ...]:
    """Return what each column of a snapshot holds, in its order; from at most 10,000 rows.

    Names that are there twice are left out: nobody can map them. Raises SegmentsError.
    """
    names = _clear(columns_of(blobs, snapshot))
    seen = {name: _Seen() for name in names}
    rows = 0
    with closing(read_profiles(blobs, snapshot, names)) as batches:
        for batch in batches:
            part = batch.slice(0, MOST_ROWS - rows)
            rows += part.num_rows
            for name, column in zip(names, part.columns, strict=True):
                seen[name].add(column)
            if rows >= MOST_ROWS:
                break
    types = {folded(name): kind for name, kind in snapshot.types.items()}
    return tuple(_facts(name, found, rows, types) for name, found in seen.items())


@dataclass
class _Seen:
    """What has been seen of one column; the values in their order."""

    blank: int = 0
    values: dict[str, None] = field(default_factory=dict)

    def add(self, column: pa.Array) -> None:
        told = column.filter(pc.not_equal(pc.utf8_trim_whitespace(column), ""))
        self.blank += len(column) - len(told)
        if len(self.values) < MOST_VALUES:
            # The first of a slice are enough: a few more than are wanted, fewer than all.
            self.values |= dict.fromkeys(pc.unique(told).slice(0, MOST_VALUES).to_pylist())


def _facts(name: str, found: _Seen, rows: int, types: Mapping[str, str]) -> ColumnFacts:
    values = tuple(found.values)[:MOST_VALUES]
    share = found.blank / rows if rows else 0.0
    return ColumnFacts(name, types.get(folded(name)), share, values)


def _clear(columns: Iterable[str]) -> tuple[str, ...]:
    """The names that mean one column each."""
    names = tuple(columns)
    times = Counter(names)
    return tuple(name for name in names if times[name] == 1)
