"""Tables as Parquet blobs, on their way through a temporary file instead of the memory.

A table says its version (see shared/platform/forms.py) in the file's own metadata.
"""

import io
import tempfile
from typing import IO, TYPE_CHECKING

from shared.platform.forms import MEMBER, UNVERSIONED

if TYPE_CHECKING:  # polars is imported where a plan or a finish runs
    import polars as pl

    from shared.platform.blobs import Blobs

# Rows that are encoded, and decoded, together: bounds the memory.
ROWS_AT_ONCE = 65_536


def read(blobs: "Blobs", name: str, columns: list[str] | None = None) -> "pl.DataFrame":
    """Return a table, or some of its columns; raises BlobMissingError, FormError."""
    with tempfile.TemporaryFile(prefix="segment-export-") as file:
        for piece in blobs.stream(name):
            file.write(piece)
        return _parsed(blobs, name, file, columns)


def parse(blobs: "Blobs", name: str, data: bytes) -> "pl.DataFrame":
    """Return the table that a blob holds which was read whole; raises FormError."""
    return _parsed(blobs, name, io.BytesIO(data), None)


def write(blobs: "Blobs", name: str, table: "pl.DataFrame", *, etag: str | None = None) -> None:
    """Write a table, with an ETag only over that version (BlobConflictError)."""
    with tempfile.TemporaryFile(prefix="segment-export-") as file:
        table.write_parquet(
            file,
            compression="zstd",
            compression_level=1,
            row_group_size=ROWS_AT_ONCE,
            metadata={MEMBER: str(blobs.forms.of(name).version)},
        )
        file.seek(0)
        blobs.write(name, file, etag=etag)


def _parsed(
    blobs: "Blobs", name: str, file: IO[bytes], columns: list[str] | None
) -> "pl.DataFrame":
    import polars as pl

    file.seek(0)
    text = pl.read_parquet_metadata(file).get(MEMBER, str(UNVERSIONED))
    form = blobs.forms.of(name)
    # Before its columns are read: those of a later version may be others.
    version = form.check(int(text) if text.isdecimal() else text)
    file.seek(0)
    if columns is not None and version < form.version:
        # An earlier version may not have had all of them: whoever asks for them sees to that.
        there = pl.read_parquet_schema(file)
        columns = [name for name in columns if name in there]
        file.seek(0)
    return form.read(pl.read_parquet(file, columns=columns, low_memory=True), version)
