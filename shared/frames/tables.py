"""Tables as Parquet blobs, on their way through a temporary file instead of the memory."""

import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # polars is imported where a plan or a finish runs
    import polars as pl

    from shared.platform.blobs import Blobs

# Rows that are encoded, and decoded, together: bounds the memory.
_ROWS_AT_ONCE = 65_536


def read(blobs: "Blobs", name: str, columns: list[str] | None = None) -> "pl.DataFrame":
    """Return a table, or some of its columns; raises BlobMissingError."""
    import polars as pl

    with tempfile.TemporaryFile(prefix="segment-export-") as file:
        for piece in blobs.stream(name):
            file.write(piece)
        file.seek(0)
        return pl.read_parquet(file, columns=columns, low_memory=True)


def write(blobs: "Blobs", name: str, table: "pl.DataFrame", *, etag: str | None = None) -> None:
    """Write a table, with an ETag only over that version (BlobConflictError)."""
    with tempfile.TemporaryFile(prefix="segment-export-") as file:
        table.write_parquet(
            file, compression="zstd", compression_level=1, row_group_size=_ROWS_AT_ONCE
        )
        file.seek(0)
        blobs.write(name, file, etag=etag)
