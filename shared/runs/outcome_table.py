"""Outcomes as a table: the rows of a CSV with their values, and the same as Parquet."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from shared.platform.blobs import BlobMissingError, Blobs
from shared.runs.outcome_cells import plain
from shared.runs.outcome_pages import names_of
from shared.runs.outcomes import HEADER, file_name

if TYPE_CHECKING:  # loading it takes longer than a page
    import polars as pl


def read(
    blobs: Blobs, run: str, code: str | None, columns: Sequence[str] = HEADER
) -> "pl.DataFrame":
    """Return some columns of a run's rows, of one code or of all, without marks; none is null."""
    import polars as pl

    try:
        data = blobs.read(file_name(run, code))
    except BlobMissingError:  # no contact has this code
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    # 0.1.0 did not quote the header.
    old = not data.startswith(b'"')
    rows = pl.read_csv(data, columns=list(columns), infer_schema=False).fill_null("")
    return rows.with_columns(_plain(rows[name], old=old) for name in columns)


def parquet(blobs: Blobs, run: str, code: str | None, segments: Sequence[str]) -> bytes:
    """Return a run's rows as a Parquet file; segments: the run's, of which rows have lists.

    Cells have no marks here: no program runs them as formulas.
    """
    import polars as pl

    rows = read(blobs, run, code)
    joined = rows["segments"].unique()
    lists = pl.DataFrame(
        {"segments": joined, "names": [list(names_of(text, segments)) for text in joined]},
        schema={"segments": pl.String, "names": pl.List(pl.String)},
    )
    rows = rows.join(lists, on="segments", how="left", maintain_order="left")
    file = io.BytesIO()
    rows.drop("segments").rename({"names": "segments"}).write_parquet(file, compression="zstd")
    return file.getvalue()


def _plain(cells: "pl.Series", *, old: bool) -> "pl.Series":
    import polars as pl

    marked = cells.str.contains("'", literal=True)
    if not marked.any():
        return cells
    texts = pl.Series([plain(cell, old=old) for cell in cells.filter(marked)], dtype=pl.String)
    return cells.scatter(marked.arg_true(), texts)
