"""The outcomes of a run as people download them: one CSV, and one per code."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from shared.platform.blobs import BlobMissingError, Blobs
from shared.runs import names
from shared.runs.codes import NAMES
from shared.runs.record import read_run

if TYPE_CHECKING:  # polars is imported where a finish runs
    import polars as pl

HEADER = ("email", "customer_id", "code", "detail", "segments")
_ROWS_PER_BLOCK = 50_000
_PARALLEL_UPLOADS = 2
# An answer is held in memory whole, so a larger file (bytes) is fetched from the storage itself.
_LARGE = 8 << 20
_URL_MINUTES = 10
# What a spreadsheet would run as a formula begins with one of these.
_FORMULA = r"^([=+\-@\t\r])"


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
        name = _name(run, None if number is None else NAMES[number])
        rows = _csv(outcomes, segments, number)
        blobs.write(name, rows, content_type="text/csv; charset=utf-8")

    # One is uploaded while another is made.
    with ThreadPoolExecutor(_PARALLEL_UPLOADS, thread_name_prefix="outcomes") as pool:
        list(pool.map(write_one, (None, *outcomes["code"].unique().to_list())))


def open_outcomes(
    blobs: Blobs, run: str, code: str | None = None, *, retention_days: float
) -> OutcomesFile:
    """Return the CSV of an ended run, of one code or of all.

    Raises KeyError (no such run), RunNotEndedError, OutcomesGoneError.
    """
    found = read_run(blobs, run)
    if found is None:
        if names.is_past_retention(run, retention_days):
            raise OutcomesGoneError
        raise KeyError(run)
    if not found.status.ended:
        raise RunNotEndedError
    info = blobs.info(_name(run, code))
    if info is None:
        # The run sent nothing, or no contact has this code.
        return OutcomesFile("stream", [_header()])
    if info.size > _LARGE:
        name = f"{run}.csv" if code is None else f"{run}-{code}.csv"
        return OutcomesFile("redirect", url=blobs.signed_url(info.name, _URL_MINUTES, name))
    try:
        return OutcomesFile("stream", [blobs.read(info.name)])
    except BlobMissingError:
        raise OutcomesGoneError from None


def _header() -> bytes:
    return (",".join(HEADER) + "\r\n").encode()


def _name(run: str, code: str | None) -> str:
    return f"{folder(run)}{code or 'all'}.csv"


def _readable(outcomes: "pl.DataFrame", segments: Sequence[str]) -> "pl.DataFrame":
    import polars as pl

    masks = outcomes["segments"].unique().to_list()
    names = {
        mask: ";".join(name for bit, name in enumerate(segments) if mask >> bit & 1)
        for mask in masks
    }

    def harmless(column: str) -> pl.Expr:
        return pl.col(column).fill_null("").str.replace(_FORMULA, "'$1").alias(column)

    return outcomes.select(
        harmless("email"),
        harmless("customer_id"),
        code=pl.col("code").replace_strict(NAMES, return_dtype=pl.String),
        detail=harmless("detail"),
        segments=pl.col("segments").replace_strict(names, return_dtype=pl.String),
    ).with_columns(harmless("segments"))


def _csv(outcomes: "pl.DataFrame", segments: Sequence[str], number: int | None) -> Iterator[bytes]:
    """Yield the lines of all rows, or of those with one code, some rows at a time."""
    import polars as pl

    yield _header()
    for part in outcomes.iter_slices(_ROWS_PER_BLOCK):
        chosen = part if number is None else part.filter(pl.col("code") == number)
        if chosen.height:
            text = _readable(chosen, segments).write_csv(
                include_header=False, line_terminator="\r\n"
            )
            yield text.encode()
