"""Finds rows of one table in another without copying either, as joins of a million rows do.

A join of two tables by addresses takes 160 MB for a million rows, before the copy that it
returns. Searching sorted hashes takes 40 MB, and columns that stay as they are are not copied.
"""

import polars as pl

# Texts that are compared at once: bounds the memory.
_COMPARED = 100_000


def left_join(frame: pl.DataFrame, other: pl.DataFrame, on: str) -> pl.DataFrame:
    """Add the other columns of `other`, null where it lacks the text; there each is once."""
    found = find(frame[on], other[on])
    columns = other.drop(on)
    if other.is_empty():
        return frame.hstack(columns.clear(frame.height).get_columns())
    return frame.hstack(columns.select(pl.all().gather(found)).get_columns())


def find(wanted: pl.Series, among: pl.Series) -> pl.Series:
    """Return for each text where it is in `among`, null where it isn't.

    Of a text that is there more than once any place is returned.
    """
    if among.is_empty():
        return pl.Series([None], dtype=pl.UInt32).new_from_index(0, wanted.len())
    hashes = among.hash()
    order = hashes.arg_sort()
    hashes = hashes.gather(order)
    sought = wanted.hash()
    places = hashes.search_sorted(sought).clip(upper_bound=among.len() - 1)
    hit = hashes.gather(places) == sought
    places = order.gather(places)
    if not _same(wanted, among, places, hit):
        # Two texts with one hash: once in the lifetime of a universe, but then right, too.
        table = pl.DataFrame({"text": among}).with_row_index("found")
        frame = pl.DataFrame({"text": wanted})
        return frame.join(table, on="text", how="left", maintain_order="left")["found"]
    return pl.select(pl.when(hit).then(places)).to_series()


def repeated(texts: pl.Series) -> pl.Series:
    """Return which texts may be there more than once: all that are, seldom another one.

    By sorted hashes: a table of a million of them takes 100 MB.
    """
    hashes = texts.hash()
    ordered = hashes.sort()
    again = ordered.filter(ordered == ordered.shift()).unique()
    return hashes.is_in(again.implode()) if again.len() else hashes.is_null()


def count_distinct(texts: pl.Series) -> int:
    """Count distinct texts, by their sorted hashes."""
    ordered = texts.hash().sort()
    return int((ordered != ordered.shift()).fill_null(True).sum())


def _same(wanted: pl.Series, among: pl.Series, places: pl.Series, hit: pl.Series) -> bool:
    """Return whether texts of one hash are one text, wherever there was a hit."""
    for start in range(0, wanted.len(), _COMPARED):
        part = slice(start, start + _COMPARED)
        equal = wanted[part] == among.gather(places[part])
        if not (equal | ~hit[part]).all():
            return False
    return True
