"""What is sent of each profile besides its address: converted once, kept outside the memory.

The texts of a million profiles would take more memory than everything else that a plan holds, and
only those of new and changed contacts are wanted again, in the order of the rows.
"""

import io
import struct
import tempfile
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from types import TracebackType
from typing import Self

import polars as pl

from shared.mailchimp.countries import culture_of
from shared.mailchimp.merge_fields import FieldPlan
from shared.mailchimp.values import LeftOut, convert_values

# Rows that are converted, and stored, together: bounds the memory.
_ROWS = 25_000
_NOTHING = "{}"


class FieldValues:
    """Merge field values of profiles by their row, in a temporary file that `with` removes.

    `cut` and `dropped` count values per merge field, `reasons` say why, as convert_values does.
    """

    def __init__(
        self, plans: Sequence[FieldPlan], fields: Sequence[str], culture: str | None = None
    ) -> None:
        """`fields`: merge fields by their bit in the ledger's masks; `culture` as in de-DE."""
        self._plans = plans
        self._culture = culture_of(culture)
        self._bits = {name: pl.lit(1 << bit, dtype=pl.UInt64) for bit, name in enumerate(fields)}
        self._file = tempfile.TemporaryFile(prefix="segment-export-")  # noqa: SIM115 - see __exit__
        self._blocks: list[tuple[int, int]] = []
        self._waiting = pl.Series("text", [], dtype=pl.String)
        self._last: tuple[int, pl.Series] | None = None
        self.cut: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self.reasons: dict[str, dict[str, LeftOut]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def keep(self, profiles: pl.DataFrame) -> pl.DataFrame:
        """Take the mapped columns of the next rows; return their `digest` and `fields`.

        fields: mask of the merge fields that have a value.
        """
        parts = [self._keep(part) for part in profiles.iter_slices(_ROWS)]
        return pl.concat(parts) if parts else self._keep(profiles)

    def texts(self, rows: pl.Series) -> pl.Series:
        """Return the values of some rows as JSON objects; quick where rows ascend."""
        if not self._plans:
            return pl.Series("text", [_NOTHING]).new_from_index(0, rows.len())
        wanted = pl.DataFrame({"row": rows}).with_row_index("place")
        found = [
            part.select("place", text=self._block(number).gather(part["row"] % _ROWS))
            for (number,), part in wanted.group_by(pl.col("row") // _ROWS, maintain_order=True)
        ]
        return pl.concat(found).sort("place")["text"] if found else pl.Series("text", [], pl.String)

    def _keep(self, profiles: pl.DataFrame) -> pl.DataFrame:
        if not self._plans:
            none = pl.repeat(0, profiles.height, dtype=pl.UInt64, eager=True)
            return pl.DataFrame({"digest": none, "fields": none})
        converted = convert_values(profiles, self._plans, self._culture)
        self.cut.update(converted.cut)
        self.dropped.update(converted.dropped)
        for tag, why in converted.reasons.items():
            known = self.reasons.setdefault(tag, {})
            for code, left in why.items():
                known[code] = known[code] + left if code in known else left
        texts = converted.frame.select(text=pl.struct(pl.all()).struct.json_encode())["text"]
        self._store(texts)
        zero = pl.lit(0, dtype=pl.UInt64)
        filled = zero
        for name in converted.frame.columns:
            filled |= pl.when(pl.col(name).is_not_null()).then(self._bits[name]).otherwise(zero)
        return converted.frame.select(digest=_digests(texts), fields=filled)

    def _store(self, texts: pl.Series) -> None:
        """Keep texts in blocks of equally many rows."""
        waiting = pl.concat([self._waiting, texts])
        self._file.seek(0, io.SEEK_END)
        while waiting.len() >= _ROWS:
            begin = self._file.tell()
            frame = waiting.head(_ROWS).to_frame()
            frame.write_ipc(self._file, compression="zstd")
            self._blocks.append((begin, self._file.tell() - begin))
            waiting = waiting.slice(_ROWS)
        self._waiting = waiting

    def _block(self, number: int) -> pl.Series:
        if number == len(self._blocks):
            return self._waiting
        if self._last is None or self._last[0] != number:
            begin, length = self._blocks[number]
            self._file.seek(begin)
            self._last = number, pl.read_ipc(self._file.read(length))["text"]
        return self._last[1]


def _digests(texts: pl.Series) -> pl.Series:
    """Hash texts. Polars' own hash may differ between versions, so it can't be kept."""
    hashes = [blake2b(text, digest_size=8).digest() for text in texts.cast(pl.Binary).to_list()]
    return pl.Series(struct.unpack(f">{len(hashes)}Q", b"".join(hashes)), dtype=pl.UInt64)
