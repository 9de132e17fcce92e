"""Tags, segments or merge fields of a contact as the bits of one number: at most 64 of a kind."""

from collections.abc import Mapping

import polars as pl

MASK = pl.UInt64


def empty() -> pl.Expr:
    """Return a mask without any bit."""
    return pl.lit(0, dtype=MASK)


def has_bit(column: str, bit: int) -> pl.Expr:
    """Tell where a mask has a bit; null where there is no mask."""
    return (pl.col(column) & pl.lit(1 << bit, dtype=MASK)) != 0


def translate(column: str, bits: Mapping[int, int]) -> pl.Expr:
    """Return a mask with other numbers for the bits; those that are not in `bits` are left out."""
    mask = empty()
    for bit, other in bits.items():
        there = pl.lit(1 << other, dtype=MASK)
        mask = mask | pl.when(has_bit(column, bit)).then(there).otherwise(empty())
    return mask
