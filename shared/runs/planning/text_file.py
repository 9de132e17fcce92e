"""Texts of rows, outside the memory: a temporary file of compressed blocks."""

import io
import tempfile

import polars as pl

# Rows that are stored together: bounds the memory.
BLOCK_ROWS = 25_000


class TextFile:
    """A text, or null, for each row, in the order in which they are added; until `close`."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="segment-export-")  # noqa: SIM115 - see close
        self._blocks: list[tuple[int, int]] = []
        self._waiting = pl.Series("text", [], dtype=pl.String)
        self._last: tuple[int, pl.Series] | None = None

    def close(self) -> None:
        """Forget them all."""
        self._file.close()

    def add(self, texts: pl.Series) -> None:
        """Keep the texts of the next rows."""
        waiting = pl.concat([self._waiting, texts.alias("text")])
        self._file.seek(0, io.SEEK_END)
        while waiting.len() >= BLOCK_ROWS:
            begin = self._file.tell()
            frame = waiting.head(BLOCK_ROWS).to_frame()
            frame.write_ipc(self._file, compression="zstd")
            self._blocks.append((begin, self._file.tell() - begin))
            waiting = waiting.slice(BLOCK_ROWS)
        self._waiting = waiting

    def of(self, rows: pl.Series) -> pl.Series:
        """Return the texts of some rows; quick where they ascend."""
        wanted = pl.DataFrame({"row": rows}).with_row_index("place")
        found = [
            part.select("place", text=self._block(number).gather(part["row"] % BLOCK_ROWS))
            for (number,), part in wanted.group_by(pl.col("row") // BLOCK_ROWS, maintain_order=True)
        ]
        return pl.concat(found).sort("place")["text"] if found else pl.Series("text", [], pl.String)

    def _block(self, number: int) -> pl.Series:
        if number == len(self._blocks):
            return self._waiting
        if self._last is None or self._last[0] != number:
            begin, length = self._blocks[number]
            self._file.seek(begin)
            self._last = number, pl.read_ipc(self._file.read(length))["text"]
        return self._last[1]
