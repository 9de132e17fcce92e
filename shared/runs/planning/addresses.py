"""When text is no address. Works on polars columns."""

import polars as pl

# RFC 5321, 4.5.3.1: 64 octets before the @, 254 in all.
_MAX = 254
_MAX_LOCAL = 64
_LOCAL = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
# Many scripts write vowels as marks.
_LABEL = r"[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]{0,61}[\p{L}\p{N}\p{M}])?"
_ADDRESS = (
    rf"^{_LOCAL}@(?:{_LABEL}\.)+"
    r"[\p{L}][\p{L}\p{N}\p{M}-]{0,61}[\p{L}\p{N}\p{M}]$"
)
# Nearly all addresses: tells thirty times as quickly as the pattern above, which has all letters.
_PLAIN_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PLAIN = rf"(?-u)^{_LOCAL}@(?:{_PLAIN_LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9]$"
# What stands in an address's place where a system hides it: nobody's address has two asterisks.
_MASK = r"\*\*|^[*•#@. _-]*[*•#][*•#@. _-]*$"


def without_masks(column: pl.Expr) -> pl.Expr:
    """Return addresses, "" for those that a mask stands for."""
    return pl.when(column.str.contains(_MASK)).then(pl.lit("")).otherwise(column)


def is_valid(column: pl.Expr) -> pl.Expr:
    """Return of addresses in their canonical form whether Mailchimp could take them."""
    plain = column.str.contains(_PLAIN)
    others = pl.when(plain).then(pl.lit("")).otherwise(column)
    return (
        (plain | others.str.contains(_ADDRESS))
        & (column.str.len_bytes() <= _MAX)
        & (column.str.find("@", literal=True) <= _MAX_LOCAL)
    ).fill_null(False)
