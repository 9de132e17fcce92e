"""The outcomes of a run as people download them: one CSV, and one per code."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Literal

from shared.platform.blobs import BlobMissingError, Blobs
from shared.runs import names, outcome_index
from shared.runs.codes import NAMES
from shared.runs.outcome_cells import marked_texts
from shared.runs.record import Run, read_run

if TYPE_CHECKING:  # polars is imported where a finish runs
    import polars as pl

HEADER = ("email", "customer_id", "code", "detail", "segments")
# A multiple of a block of the index.
_ROWS_PER_BLOCK = 20_000
# Quotes around each cell, commas between, CR and LF behind.
_AROUND = 2 * len(HEADER) + len(HEADER) - 1 + 2
_PARALLEL_UPLOADS = 2
# An answer is held in memory whole, so a larger file (bytes) is fetched from the storage itself.
MAX_ANSWER = 8 << 20
_URL_MINUTES = 10


class RunNotEndedError(Exception):
    """The run has no outcomes yet."""


class OutcomesGoneError(Exception):
    """The run's outcomes were dropped when their retention was over."""


@dataclass(frozen=True)
class OutcomesFile:
    """A CSV of outcomes: its bytes for a `stream`, a short-lived signed `url` for a `redirect`."""

    kind: Literal["stream", "redirect"]
    chunks: Iterable[bytes] = ()
    url: str = ""


def folder(run: str) -> str:
    """Return where a run's CSVs lie."""
    return f"{names.folder(run)}outcomes/"


def write(blobs: Blobs, run: str, outcomes: "pl.DataFrame", segments: Sequence[str]) -> None:
    """Write the CSVs of a run.

    outcomes: email, customer_id, code (number), detail, segments (bit mask over `segments`).
    """

    def write_one(number: int | None) -> None:
        name = file_name(run, None if number is None else NAMES[number])
        chosen = None if number is None else _chosen(outcomes, number)
        layout = _Layout()
        rows = _csv(outcomes, chosen, segments, layout)
        is_small = (outcomes.height if chosen is None else chosen.len()) <= _ROWS_PER_BLOCK
        # What would be one block goes out at once.
        data = b"".join(rows) if is_small else rows
        etag = blobs.write(name, data, content_type="text/csv; charset=utf-8")
        outcome_index.save(blobs, name, layout.index(etag))

    # One is uploaded while another is made.
    with ThreadPoolExecutor(_PARALLEL_UPLOADS, thread_name_prefix="outcomes") as pool:
        list(pool.map(write_one, (None, *outcomes["code"].unique().to_list())))


def ended_run(blobs: Blobs, run: str, *, retention_days: float) -> Run:
    """Return a run whose outcomes are there.

    Raises KeyError (no such run), RunNotEndedError, OutcomesGoneError.
    """
    found = read_run(blobs, run)
    if found is None:
        if names.is_past_retention(run, retention_days):
            raise OutcomesGoneError
        raise KeyError(run)
    if not found.status.ended:
        raise RunNotEndedError
    return found


def file_size(blobs: Blobs, run: str, code: str | None) -> int:
    """Return the bytes of a run's CSV; 0 where the run sent nothing, or nothing of this code."""
    info = blobs.info(file_name(run, code))
    return info.size if info else 0


def signed_link(blobs: Blobs, name: str, download_name: str) -> str:
    """Return a link that whoever has it may fetch a CSV with for ten minutes."""
    return blobs.signed_url(name, _URL_MINUTES, download_name)


def open_outcomes(blobs: Blobs, run: str, code: str | None = None) -> OutcomesFile:
    """Return the CSV of an ended run, of one code or of all; raises OutcomesGoneError."""
    info = blobs.info(file_name(run, code))
    if info is None:
        # The run sent nothing, or no contact has this code.
        return OutcomesFile("stream", [_header()])
    if info.size > MAX_ANSWER:
        name = f"{run}.csv" if code is None else f"{run}-{code}.csv"
        return OutcomesFile("redirect", url=signed_link(blobs, info.name, name))
    try:
        return OutcomesFile("stream", [blobs.read(info.name)])
    except BlobMissingError:
        raise OutcomesGoneError from None


def _header() -> bytes:
    return (",".join(f'"{name}"' for name in HEADER) + "\r\n").encode()


class _Layout:
    """Counts where each block of rows begins in a file that is being written."""

    def __init__(self) -> None:
        self._rows = 0
        self._end = len(_header())
        self._offsets: list[int] = []
        self._masks: list[int] = []

    def add(self, rows: "pl.DataFrame", masks: "pl.Series") -> None:
        """Take in rows as they are written: quoted, with quotes in them doubled."""
        import polars as pl

        lengths = rows.select(
            sum(
                (pl.col(name).str.len_bytes() + pl.col(name).str.count_matches('"', literal=True))
                for name in HEADER
            )
            + _AROUND
        ).to_series()
        offsets: list[int] = (lengths.cast(pl.Int64).cum_sum() + self._end).to_list()
        for first in range(0, rows.height, outcome_index.ROWS_PER_BLOCK):
            self._offsets.append(int(offsets[first - 1]) if first else self._end)
            block = masks.slice(first, outcome_index.ROWS_PER_BLOCK)
            self._masks.append(reduce(or_, block.unique().to_list(), 0))
        self._end = int(offsets[-1])
        self._rows += rows.height

    def index(self, etag: str) -> outcome_index.OutcomeIndex:
        """Return where the rows of the file of this ETag begin."""
        offsets = [*self._offsets, self._end] if self._offsets else []
        return outcome_index.OutcomeIndex(etag, self._rows, offsets, self._masks)


def file_name(run: str, code: str | None) -> str:
    return f"{folder(run)}{code or 'all'}.csv"


def _readable(outcomes: "pl.DataFrame", segments: Sequence[str]) -> "pl.DataFrame":
    import polars as pl

    masks = outcomes["segments"].unique().to_list()
    names = {
        mask: ";".join(name for bit, name in enumerate(segments) if mask >> bit & 1)
        for mask in masks
    }

    plain = outcomes.select(
        "email",
        "customer_id",
        code=pl.col("code").replace_strict(NAMES, return_dtype=pl.String),
        detail="detail",
        segments=pl.col("segments").replace_strict(names, return_dtype=pl.String),
    )
    return plain.select(marked_texts(plain[name]).alias(name) for name in HEADER)


def _chosen(outcomes: "pl.DataFrame", number: int) -> "pl.Series":
    """Return the places of a code's rows, which are never copied whole.

    Those of one segment together, so that a page of them is soon found.
    """
    import polars as pl

    rows = outcomes.select("segments", place=pl.int_range(pl.len(), dtype=pl.UInt32))
    rows = rows.filter(outcomes["code"] == number)
    return rows.sort("segments", maintain_order=True)["place"]


def _csv(
    outcomes: "pl.DataFrame",
    chosen: "pl.Series | None",
    segments: Sequence[str],
    layout: _Layout,
) -> Iterator[bytes]:
    """Yield the lines of the rows at the places that are chosen, or of all, some at a time."""
    yield _header()
    height = outcomes.height if chosen is None else chosen.len()
    for start in range(0, height, _ROWS_PER_BLOCK):
        part = (
            outcomes.slice(start, _ROWS_PER_BLOCK)
            if chosen is None
            else outcomes[chosen.slice(start, _ROWS_PER_BLOCK)]
        )
        rows = _readable(part, segments)
        layout.add(rows, part["segments"])
        text = rows.write_csv(include_header=False, line_terminator="\r\n", quote_style="always")
        yield text.encode()
