"""Profiles that a segment has more than once, and not alike: which row counts is then chance."""

import polars as pl


class Repetitions:
    """Looks through the rows of one segment; keeps two hashes of each until they are counted."""

    def __init__(self) -> None:
        self._parts: list[pl.DataFrame] = []

    def add(self, rows: pl.DataFrame) -> None:
        """Look at more rows, as profiles.py has them; those without a CustomerId tell nothing."""
        # Column by column: a hash of each row as one value takes four times as long.
        row = rows.drop("customer_id").hash_rows()
        hashes = rows.select("customer_id", id=pl.col("customer_id").hash(), row=row)
        self._parts.append(hashes.filter(pl.col("customer_id") != "").select("id", "row"))

    def count(self) -> int:
        """Return how many CustomerIds have rows that differ, and forget them all."""
        hashes = pl.concat(self._parts) if self._parts else pl.DataFrame({"id": [], "row": []})
        self._parts.clear()
        if hashes["id"].n_unique() == hashes.height:
            return 0
        return hashes.unique().group_by("id").len().filter(pl.col("len") > 1).height
