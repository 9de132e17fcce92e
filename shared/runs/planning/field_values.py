"""What is sent of each profile besides its address: converted once, kept outside the memory.

The texts of a million profiles would take more memory than everything else that a plan holds, and
only those of new and changed contacts are wanted again, in the order of the rows.
"""

import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from types import TracebackType
from typing import Self

import polars as pl

from shared.mailchimp.countries import culture_of
from shared.mailchimp.merge_fields import FieldPlan
from shared.mailchimp.values import LeftOut, convert_values
from shared.runs.planning.more_values import MoreValues
from shared.runs.planning.text_file import BLOCK_ROWS, TextFile

_NOTHING = "{}"


class FieldValues:
    """Merge field values of profiles by their row, in a temporary file that `with` removes.

    `cut` and `dropped` count values per merge field, `reasons` say why, as convert_values does;
    there also what is left out of `more`, by the export's members.
    """

    def __init__(
        self,
        plans: Sequence[FieldPlan],
        fields: Sequence[str],
        culture: str | None = None,
        more: MoreValues | None = None,
    ) -> None:
        """`fields`: merge fields by their bit in the ledger's masks; `culture` as in de-DE."""
        self._plans = plans
        self._culture = culture_of(culture)
        self._bits = {name: pl.lit(1 << bit, dtype=pl.UInt64) for bit, name in enumerate(fields)}
        self._texts = TextFile()
        self._more = more if more is not None and more.is_asked_for else None
        self._proofs = TextFile() if self._more else None
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
        for file in (self._texts, self._proofs):
            if file is not None:
                file.close()

    def keep(self, profiles: pl.DataFrame) -> pl.DataFrame:
        """Take the mapped columns of the next rows; return their `digest` and `fields`, and more.

        fields: mask of the merge fields that have a value. More: see more_values.
        """
        parts = [self._keep(part) for part in profiles.iter_slices(BLOCK_ROWS)]
        return pl.concat(parts) if parts else self._keep(profiles)

    def texts(self, rows: pl.Series) -> pl.Series:
        """Return the values of some rows as JSON objects; quick where rows ascend."""
        if not self._plans:
            return pl.Series("text", [_NOTHING]).new_from_index(0, rows.len())
        return self._texts.of(rows)

    def proofs(self, rows: pl.Series) -> pl.Series:
        """Return the proofs of consent of some rows as JSON objects, null for none."""
        if self._proofs is None:
            return pl.Series("text", [None], dtype=pl.String).new_from_index(0, rows.len())
        return self._proofs.of(rows)

    def _keep(self, profiles: pl.DataFrame) -> pl.DataFrame:
        kept = self._keep_fields(profiles)
        if self._more is None or self._proofs is None:
            return kept
        read = self._more.read(profiles)
        self._proofs.add(read.proofs)
        self._count(read.left_out)
        return kept.hstack(read.frame.get_columns())

    def _keep_fields(self, profiles: pl.DataFrame) -> pl.DataFrame:
        if not self._plans:
            none = pl.repeat(0, profiles.height, dtype=pl.UInt64, eager=True)
            return pl.DataFrame({"digest": none, "fields": none})
        converted = convert_values(profiles, self._plans, self._culture)
        self.cut.update(converted.cut)
        self.dropped.update(converted.dropped)
        self._count(converted.reasons)
        texts = converted.frame.select(text=pl.struct(pl.all()).struct.json_encode())["text"]
        self._texts.add(texts)
        zero = pl.lit(0, dtype=pl.UInt64)
        filled = zero
        for name in converted.frame.columns:
            filled |= pl.when(pl.col(name).is_not_null()).then(self._bits[name]).otherwise(zero)
        return converted.frame.select(digest=_digests(texts), fields=filled)

    def _count(self, left_out: Mapping[str, Mapping[str, LeftOut]]) -> None:
        for tag, why in left_out.items():
            known = self.reasons.setdefault(tag, {})
            for code, left in why.items():
                known[code] = known[code] + left if code in known else left


def _digests(texts: pl.Series) -> pl.Series:
    """Hash texts. Polars' own hash may differ between versions, so it can't be kept."""
    hashes = [blake2b(text, digest_size=8).digest() for text in texts.cast(pl.Binary).to_list()]
    return pl.Series(struct.unpack(f">{len(hashes)}Q", b"".join(hashes)), dtype=pl.UInt64)
