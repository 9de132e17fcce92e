"""The rows of a verification: one CSV for each code and what, and one of all.

In their form they are outcomes: quoted, with marks before what a spreadsheet might run.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from shared.platform.blobs import Blobs
from shared.proof.record import CODES, WHATS, Verification
from shared.runs import outcome_index
from shared.runs.outcome_cells import marked_texts, plain
from shared.runs.outcome_index import ROWS_PER_BLOCK

if TYPE_CHECKING:  # polars is imported where a verification is worked on
    import polars as pl

HEADER = ("email", "customer_id", "code", "what", "field", "repairable")
_TYPE = "text/csv; charset=utf-8"


@dataclass(frozen=True)
class Row:
    """What is not as promised of one contact; field: of a tag its name."""

    email: str
    customer_id: str
    code: str
    what: str
    field: str | None
    repairable: bool


def header() -> bytes:
    """Return the first line of each file."""
    return (",".join(f'"{name}"' for name in HEADER) + "\r\n").encode()


def files_of(codes: Sequence[str] = CODES, whats: Sequence[str] = WHATS) -> list[str]:
    """Return the names of the files that have the rows of these codes and whats, in their order."""
    return [
        f"{code}-{what}" for code, what in product(CODES, WHATS) if code in codes and what in whats
    ]


def blob_name(verification: Verification, file: str) -> str:
    """Return the blob of a file; `all` has everything."""
    return f"{verification.rows_folder}{file}.csv"


def write(blobs: Blobs, verification: Verification, rows: "pl.DataFrame") -> None:
    """Write the files of a verification; rows: see compare.ROWS."""
    import polars as pl

    texts = rows.with_columns(repairable=pl.col("repairable").cast(pl.String))
    texts = texts.select(marked_texts(texts[name]).alias(name) for name in HEADER)
    for (code, what), part in texts.partition_by("code", "what", as_dict=True).items():
        _write(blobs, blob_name(verification, f"{code}-{what}"), part)
    # Whoever erases a person finds them here until they are out of all others.
    _write(blobs, blob_name(verification, "all"), texts)


def _write(blobs: Blobs, name: str, rows: "pl.DataFrame") -> None:
    text = rows.write_csv(include_header=False, line_terminator="\r\n", quote_style="always")
    blobs.write(name, header() + text.encode(), content_type=_TYPE)


def page(
    blobs: Blobs,
    verification: Verification,
    files: Sequence[str],
    after: tuple[str, int] | None,
    limit: int,
) -> tuple[list[Row], tuple[str, int] | None]:
    """Return some rows of these files, and where the page ended if there are more."""
    found: list[tuple[Row, tuple[str, int]]] = []
    for file in files[files.index(after[0]) :] if after else files:
        first = after[1] if after and after[0] == file else 0
        for number, row in _rows(blobs, blob_name(verification, file), first):
            found.append((row, (file, number + 1)))
            if len(found) > limit:
                return [row for row, _ in found[:-1]], found[-2][1]
    return [row for row, _ in found], None


def all_rows(blobs: Blobs, verification: Verification, files: Sequence[str]) -> Iterator[Row]:
    """Yield all rows of these files."""
    for file in files:
        for _, row in _rows(blobs, blob_name(verification, file), 0):
            yield row


def _rows(blobs: Blobs, name: str, first: int) -> Iterator[tuple[int, Row]]:
    """Yield the rows of a file from a number on, block by block."""
    index = outcome_index.load(blobs, name)
    if index is None:
        return
    for block in range(first // ROWS_PER_BLOCK, index.blocks):
        data = blobs.read_range(name, *index.block(block), index.etag)
        for number, row in enumerate(parsed(data), block * ROWS_PER_BLOCK):
            if number >= first:
                yield number, row


def parsed(data: bytes) -> Iterator[Row]:
    """Yield rows of a file's bytes, without its header."""
    for cells in csv.reader(io.StringIO(data.decode(), newline="")):
        email, customer_id, code, what, field, repairable = map(plain, cells)
        yield Row(email, customer_id, code, what, field or None, repairable == "true")
