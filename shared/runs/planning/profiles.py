"""The profiles of a run: all rows of its snapshots, one per CustomerId and address.

Where there is a filter, rows that it keeps out stay apart from those that it lets through.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

import polars as pl
import pyarrow as pa

from shared.frames import memory
from shared.frames.addresses import canonical_column
from shared.platform.ahead import one_ahead
from shared.runs.planning import addresses
from shared.runs.planning.mapped_values import Computed
from shared.runs.planning.repeated import Repetitions
from shared.runs.planning.row_filter import KeptOut, RowFilter
from shared.segments.columns import CUSTOMER_ID

MAX_CONTACTS = 1_000_000
# Rows that are gathered before they are looked through for repetitions: bounds the memory.
_GATHERED_ROWS = 50_000
_KEY = ["email", "customer_id"]
# What a profile says of its consent, and how new that is.
_ANSWERS = {"consent": pl.Boolean, "refused": pl.Boolean, "rank": pl.UInt8}


class TooManyContactsError(Exception):
    """The segments hold more distinct addresses than one export may send."""


@dataclass(frozen=True)
class ProfileColumns:
    """The columns of a profile that an export needs; a segment may do without a CustomerId.

    ranks: of each segment's snapshot, the newest the highest; none where all are as new.
    """

    email: str
    values: tuple[str, ...] = ()
    consent: str | None = None
    consent_values: frozenset[str] = frozenset()
    ranks: tuple[int, ...] = ()
    filter: RowFilter | None = None
    computed: tuple[Computed, ...] = ()

    @property
    def key(self) -> list[str]:
        """What makes two rows one."""
        return _KEY if self.filter is None else [*_KEY, "kept_out"]

    def all(self, *, with_id: bool = True) -> list[str]:
        """Return every column to read, each once."""
        wanted = [*([CUSTOMER_ID] if with_id else []), self.email, *self.values]
        if self.consent is not None:
            wanted.append(self.consent)
        if self.filter is not None:
            wanted += self.filter.columns
        for made in self.computed:
            wanted += made.columns
        return list(dict.fromkeys(wanted))


@dataclass
class Profiles:
    """`frame` has a row per distinct (customer_id, email), in the order they were first seen:

    email (canonical), customer_id, segments (bit mask, UInt64), first (UInt8: the first segment
    it is in), valid, consent and refused (Boolean; neither where the answer is blank), rank (UInt8:
    of the newest snapshot that has it, whose answer counts), kept_out (UInt8, see KeptOut; there
    are as many rows of a profile, and only where there is a filter) and what was kept of the
    mapped columns.
    `rows`, `columns` and `differing` (how many CustomerIds have rows that are not alike) are by
    segment.
    """

    frame: pl.DataFrame
    rows: dict[str, int] = field(default_factory=dict)
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    differing: Mapping[str, int] = field(default_factory=dict)


# Gets the mapped columns of profiles that were not seen before, under their own names; returns
# the columns to keep of them. Is called in the order of the rows.
Keep = Callable[[pl.DataFrame], pl.DataFrame]


def gather(
    segments: Sequence[tuple[str, Iterable[pa.RecordBatch]]],
    columns: ProfileColumns,
    keep: Keep | None = None,
    *,
    most: int = MAX_CONTACTS,
    at_once: int = _GATHERED_ROWS,
) -> Profiles:
    """Read every segment's record batches into one table.

    Without `keep` the mapped columns stay as they are, with the prefix `=`. Memory grows with the
    distinct profiles and what is kept of them, not with segments; `at_once` rows are looked
    through for repetitions together. Raises TooManyContactsError as soon as more than `most`
    addresses are certain.
    """
    known = _Known(keep or _as_they_are, columns.key)
    rows: dict[str, int] = {}
    differing: dict[str, int] = {}
    for position, (segment, batches) in enumerate(segments):
        rows[segment] = 0
        repeated = Repetitions()
        read = _parts(batches, columns, position, at_once, repeated)
        # Reading and cleaning the next part goes on beside the work on this one.
        with closing(one_ahead(read)) as parts:
            for part, count in parts:
                rows[segment] += count
                known.add(part)
                _check_size(known, most)
        differing[segment] = repeated.count()
    # The reader's memory is not needed again.
    pa.default_memory_pool().release_unused()
    frame = known.frame()
    memory.give_back()
    return Profiles(frame, rows, differing=differing)


def _as_they_are(values: pl.DataFrame) -> pl.DataFrame:
    return values.rename(lambda name: f"={name}")


class _Known:
    """The distinct profiles so far.

    They are looked up by a hash of their key and then compared: joining the keys themselves
    would copy every address and id with each part.
    """

    def __init__(self, keep: Keep, key: Sequence[str]) -> None:
        self._keep = keep
        self._key = list(key)
        self._parts: list[pl.DataFrame] = []
        self._hashes = pl.DataFrame(schema={"hash": pl.UInt64, "row": pl.UInt32})
        self._segments = pl.Series("segments", [], dtype=pl.UInt64)
        self._answers = pl.DataFrame(schema=_ANSWERS)

    @property
    def height(self) -> int:
        """How many there are."""
        return self._hashes.height

    def add(self, part: pl.DataFrame) -> None:
        """Add a part without repetitions: new pairs at the end, known ones get its segment too."""
        hashes = part.select(hash=_hash(self._key))["hash"]
        again = self._find(part, hashes)
        if again.height:
            place, row = again["place"], again["row"]
            segments = self._segments.gather(row) | part["segments"].gather(place)
            answers = _newer(self._answers[row], part.select(*_ANSWERS)[place])
            self._segments = self._segments.scatter(row, segments)
            self._answers = self._answers.with_columns(
                column.scatter(row, answers[column.name]) for column in self._answers.get_columns()
            )
            new = pl.repeat(True, part.height, eager=True).scatter(place, False)
            part, hashes = part.filter(new), hashes.filter(new)
        if self._parts and part.is_empty():
            return
        rows = pl.int_range(self.height, self.height + part.height, dtype=pl.UInt32, eager=True)
        self._hashes = pl.concat([self._hashes, pl.DataFrame({"hash": hashes, "row": rows})])
        self._segments = pl.concat([self._segments, part["segments"]], rechunk=True)
        self._answers = pl.concat([self._answers, part.select(*_ANSWERS)], rechunk=True)
        values = _mapped(part)
        kept = part.select(*self._key, "first", "valid").hstack(self._keep(values).get_columns())
        self._parts.append(kept)

    def _find(self, part: pl.DataFrame, hashes: pl.Series) -> pl.DataFrame:
        """Return which places of a part are which known rows."""
        pairs = (
            pl.DataFrame({"hash": hashes})
            .with_row_index("place")
            .join(self._hashes, on="hash")
            .select("place", "row")
        )
        if pairs.is_empty():
            return pairs
        here = part.select(self._key)[pairs["place"]]
        there = self._keys()[pairs["row"]]
        same = [here[name] == there[name] for name in self._key]
        return pairs.filter(pl.DataFrame(same).select(pl.all_horizontal(pl.all())).to_series())

    def _keys(self) -> pl.DataFrame:
        return pl.concat([part.select(self._key) for part in self._parts])

    def count_contacts(self) -> int:
        """Count distinct addresses that Mailchimp could take, of profiles that are not kept out."""
        counts = pl.col("valid")
        if "kept_out" in self._key:
            counts &= pl.col("kept_out") == int(KeptOut.NO)
        hashes = [part.select(counts=counts, hash=pl.col("email").hash()) for part in self._parts]
        return pl.concat(hashes).filter("counts")["hash"].n_unique()

    def frame(self) -> pl.DataFrame:
        """Return all of them and forget them; raises ValueError where no part was added."""
        if not self._parts:
            raise ValueError("an export has at least one segment")
        # Column by column: whatever needs them in one piece later would copy all at once.
        frame = pl.DataFrame(
            [
                pl.concat([part.drop_in_place(name).to_frame() for part in self._parts])
                .rechunk()
                .to_series()
                for name in self._parts[0].columns
            ]
        )
        at = frame.columns.index("first")
        frame.insert_column(at, self._segments)
        for after, column in enumerate(self._answers.get_columns(), at + 3):
            frame.insert_column(after, column)
        return frame


def _newer(known: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """Return the answers of the newer of two rows about one profile; of two as new, the refusal."""
    same, newer = known["rank"] == other["rank"], other["rank"] > known["rank"]
    both = {
        "consent": known["consent"] & other["consent"],
        "refused": known["refused"] | other["refused"],
        "rank": known["rank"],
    }
    return pl.DataFrame(
        {
            name: both[name].zip_with(same, other[name].zip_with(newer, known[name]))
            for name in _ANSWERS
        },
        schema=_ANSWERS,
    )


def _mapped(part: pl.DataFrame) -> pl.DataFrame:
    """The mapped columns under their own names; without any, still as many rows."""
    # Dropping the others keeps the number of rows: selecting no column gives a frame of none.
    mapped = part.drop(name for name in part.columns if not name.startswith("="))
    return mapped.rename({name: name.removeprefix("=") for name in mapped.columns})


def _hash(key: Sequence[str]) -> pl.Expr:
    return pl.struct(key).hash()


def _parts(
    batches: Iterable[pa.RecordBatch],
    columns: ProfileColumns,
    position: int,
    at_once: int,
    repeated: Repetitions,
) -> Iterator[tuple[pl.DataFrame, int]]:
    """Yield a segment's rows in bounded parts, at least one, with the number of rows read."""
    waiting: list[pl.DataFrame] = []
    read = 0
    for batch in batches:
        frame = _normalise(pl.DataFrame(batch), columns, position)
        waiting.append(frame)
        read += frame.height
        if read >= at_once:
            yield _part(waiting, columns, repeated), read
            waiting, read = [], 0
    if not waiting:
        empty = pl.DataFrame({name: [] for name in columns.all()}, schema_overrides=None)
        waiting = [_normalise(empty.with_columns(pl.all().cast(pl.String)), columns, position)]
    yield _part(waiting, columns, repeated), read


def _part(
    frames: Sequence[pl.DataFrame], columns: ProfileColumns, repeated: Repetitions
) -> pl.DataFrame:
    rows = pl.concat(frames)
    repeated.add(rows)
    return _distinct(rows, columns.key)


def _normalise(batch: pl.DataFrame, columns: ProfileColumns, position: int) -> pl.DataFrame:
    email = addresses.without_masks(canonical_column(pl.col(columns.email)))
    consent, refused = pl.lit(True), pl.lit(False)
    if columns.consent is not None:
        wanted = [value.strip().lower() for value in columns.consent_values]
        given = pl.col(columns.consent).fill_null("").str.strip_chars().str.to_lowercase()
        consent = given.is_in(wanted)
        refused = (given != "") & ~consent
    identified = CUSTOMER_ID in batch.columns
    ids = pl.col(CUSTOMER_ID).fill_null("").str.strip_chars() if identified else pl.lit("")
    kept_out = {} if columns.filter is None else {"kept_out": columns.filter.judge(batch)}
    return batch.select(
        email=email,
        customer_id=ids,
        segments=pl.lit(1 << position, dtype=pl.UInt64),
        first=pl.lit(position, dtype=pl.UInt8),
        consent=consent,
        refused=refused,
        rank=pl.lit(columns.ranks[position] if columns.ranks else 0, dtype=pl.UInt8),
        **kept_out,
        **{f"={name}": pl.col(name) for name in columns.values},
        **{f"={made.name}": made.value for made in columns.computed},
    ).with_columns(valid=addresses.is_valid(pl.col("email")))


def _distinct(frame: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Keep the first row of each pair, unless a later one refuses consent: then it refuses."""
    if frame.select(_hash(key).n_unique()).item() == frame.height:
        return frame
    kept = frame.unique(key, keep="first", maintain_order=True)
    if kept.height == frame.height:
        return frame
    lacking = frame.filter(~pl.col("consent"))
    if lacking.is_empty():
        return kept
    lacking = lacking.group_by(key).agg(refuses=pl.col("refused").any())
    return _without_consent(kept, lacking, key)


def _without_consent(
    frame: pl.DataFrame, lacking: pl.DataFrame, key: Sequence[str]
) -> pl.DataFrame:
    refuses = pl.col("refuses")
    return (
        frame.join(lacking, on=key, how="left", maintain_order="left")
        .with_columns(
            consent=pl.col("consent") & refuses.is_null(),
            refused=pl.col("refused") | refuses.fill_null(False),
        )
        .drop("refuses")
    )


def _check_size(known: _Known, most: int) -> None:
    if known.height > most and known.count_contacts() > most:
        raise TooManyContactsError
