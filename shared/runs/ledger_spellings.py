"""Bringing a ledger's rows over to the canonical form of addresses, of which 0.1.0 knew less."""

import polars as pl

from shared.frames.addresses import canonical_series
from shared.runs.ledger import FLAGS, TIMES, Flag

# What allows this product more than to others: it has to hold of every spelling.
_ALLOWING = int(Flag.ADDED | Flag.ARCHIVED | Flag.PENDING | Flag.CONSENTED)
_WARNING = FLAGS ^ _ALLOWING


def is_canonical(rows: pl.DataFrame) -> bool:
    """Return whether every `email` is in its canonical form."""
    emails = rows["email"]
    forms = canonical_series(emails)
    return forms is emails or bool((forms == emails).all())


def one_row_per_address(rows: pl.DataFrame) -> pl.DataFrame:
    """Return a ledger's rows by canonical address.

    Rows that become one keep every tag and every field, are what they were before only where all
    were, and have the values of the first.
    """
    if is_canonical(rows):
        return rows
    rows = rows.with_columns(email=canonical_series(rows["email"]))
    repeated = rows.filter(pl.col("email").is_duplicated())
    if repeated.is_empty():
        return rows
    flags = pl.col("flags")
    merged = repeated.group_by("email", maintain_order=True).agg(
        pl.col("customer_id", "digest").first(),
        pl.col("tags", "fields").bitwise_or(),
        ((flags & _ALLOWING).bitwise_and() | (flags & _WARNING).bitwise_or()).alias("flags"),
        pl.col("refusal", "refused_digest").drop_nulls().first(),
        pl.col("retry_at").filter(pl.col("refusal").is_not_null()).first().fill_null(0),
        pl.col("tried").min(),
        pl.col("left").bitwise_and(),
        # Of one contact nobody knows which of two calls created it.
        *(pl.lit(0, dtype=pl.UInt32).alias(name) for name in TIMES),
        pl.col("stamp").max(),
        pl.lit(0, dtype=pl.UInt32).alias("tried_to"),
        pl.lit(0, dtype=pl.UInt32).alias("shown"),
    )
    firsts = rows.unique("email", keep="first", maintain_order=True)
    kept = firsts.join(merged, on="email", how="left", maintain_order="left", suffix="_merged")
    is_merged = pl.col("email").is_in(merged["email"].implode())
    return kept.select(
        "email",
        *(
            pl.when(is_merged).then(f"{name}_merged").otherwise(name).alias(name)
            for name in rows.columns
            if name != "email"
        ),
    ).cast(rows.schema)
