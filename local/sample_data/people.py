"""Made-up unified customer profiles: the same for the same seed, and a million in seconds."""

import unicodedata
from datetime import datetime

import polars as pl

from local.sample_data.names import (
    CITIES,
    COUNTRIES,
    DOMAINS,
    FIRST,
    LAST,
    NOT_ADDRESSES,
    STREETS,
)

_FOUR_HEX = pl.Series([f"{number:04x}" for number in range(65_536)])


def people(
    count: int,
    *,
    seed: int = 1,
    blank: float = 0.01,
    invalid: float = 0.005,
    duplicate: float = 0.01,
    mixed_case: float = 0.05,
    padded: float = 0.01,
    no_consent: float = 0.04,
) -> pl.DataFrame:
    """Make `count` profiles of 30 columns, like those of a unified customer table.

    The shares (0 to 1) say how many have no address, an invalid one, the address of another
    profile in capital letters, one in mixed case, one with spaces around it, and how many give
    no consent to newsletters. All others have an address of their own.
    """
    row = pl.int_range(count, dtype=pl.Int64)
    base = pl.DataFrame({"row": pl.select(row).to_series()}).with_columns(
        first=_number(seed, 1, len(FIRST)),
        last=_number(seed, 2, len(LAST)),
        city=_number(seed, 3, len(CITIES)),
        share=_share(seed, 4),
        # Whose address a duplicate has: that of a profile some rows before.
        owner=(pl.col("row") - 1 - _number(seed, 5, 50)).clip(lower_bound=0),
    )
    base = base.with_columns(_plain_address(seed).alias("address"))
    limits = [blank, blank + invalid, blank + invalid + duplicate]
    spelled = pl.col("address")
    spelling = _share(seed, 6)
    email = (
        pl.when(pl.col("share") < limits[0])
        .then(pl.lit(None, pl.String))
        .when(pl.col("share") < limits[1])
        .then(_pick(NOT_ADDRESSES, _number(seed, 7, len(NOT_ADDRESSES))))
        .when((pl.col("share") < limits[2]) & (pl.col("row") > 0))
        .then(spelled.gather(pl.col("owner")).str.to_uppercase())
        .when(spelling < mixed_case)
        .then(spelled.str.to_titlecase())
        .when(spelling < mixed_case + padded)
        .then(pl.format("  {} ", spelled))
        .otherwise(spelled)
    )
    return base.select(
        _hex(seed, 10).alias("CustomerId"),
        _pick(FIRST, pl.col("first")).alias("FirstName"),
        _pick(LAST, pl.col("last")).alias("LastName"),
        pl.format("{} {}", _pick(FIRST, pl.col("first")), _pick(LAST, pl.col("last"))).alias(
            "FullName"
        ),
        _pick(["Female", "Male", ""], _number(seed, 11, 3)).alias("Gender"),
        email.alias("Email"),
        pl.format("+1555{}", _number(seed, 12, 9_000_000) + 1_000_000).alias("Telephone"),
        _pick(COUNTRIES, pl.col("city")).alias("Country"),
        _pick(CITIES, pl.col("city")).alias("City"),
        pl.lit("").alias("State"),
        (_number(seed, 13, 90_000) + 10_000).cast(pl.String).alias("PostCode"),
        pl.format(
            "{} {}, floor {}",
            _number(seed, 14, 200) + 1,
            _pick(STREETS, _number(seed, 15, len(STREETS))),
            _number(seed, 16, 9) + 1,
        ).alias("StreetAddress"),
        _day(seed, 17, datetime(1950, 1, 1), 20_000).alias("DateOfBirth"),
        _day(seed, 18, datetime(2015, 1, 1), 4_000).alias("CreatedOn"),
        (_share(seed, 19) >= no_consent).alias("NewsletterConsent"),
        _pick(["Bronze", "Silver", "Gold", "Platinum"], _number(seed, 20, 4)).alias("LoyaltyTier"),
        _number(seed, 21, 50_000).alias("LoyaltyPoints"),
        (_number(seed, 22, 1_000_000) / 100).alias("LifetimeValue"),
        _number(seed, 23, 120).alias("OrderCount"),
        _day(seed, 24, datetime(2024, 1, 1), 1_000).alias("LastPurchaseOn"),
        _pick(["en", "de", "hr", "pt", "ja"], _number(seed, 25, 5)).alias("PreferredLanguage"),
        _share(seed, 26).round(4).alias("ChurnScore"),
        pl.format("Store {}", _number(seed, 27, 80)).alias("PreferredStore"),
        _pick(["Web", "Store", "Phone"], _number(seed, 28, 3)).alias("Source"),
        pl.lit(None, pl.String).alias("PreviousCustomerId"),
        pl.col("row").cast(pl.String).alias("Crm_Contacts_ContactId"),
        pl.format("{};{}", "row", pl.col("row") + 7).alias("Crm_Contacts_ContactId_Alternate"),
        pl.format("A-{}", "row").alias("Shop_Accounts_AccountId"),
        pl.lit(None, pl.String).alias("Shop_Accounts_AccountId_Alternate"),
        _pick(["", "M-1", "M-2", "M-3"], _number(seed, 29, 4)).alias("Loyalty_Members_MemberId"),
    )


def overlapping_segments(
    profiles: pl.DataFrame,
    names: tuple[str, str] = ("HighValueSegment", "NewsletterReaders"),
    *,
    overlap: float = 0.2,
) -> dict[str, pl.DataFrame]:
    """Cut profiles into two segments: each is in one, and the share `overlap` in both."""
    side = (1 - overlap) / 2
    first = profiles.head(round(profiles.height * (side + overlap)))
    second = profiles.tail(profiles.height - round(profiles.height * side))
    return {names[0]: first, names[1]: second}


def _random(seed: int, purpose: int) -> pl.Expr:
    """64 random bits per row; every purpose has its own."""
    return (pl.col("row") * 64 + purpose).hash(seed)


def _number(seed: int, purpose: int, below: int) -> pl.Expr:
    return (_random(seed, purpose) % below).cast(pl.Int64)


def _share(seed: int, purpose: int) -> pl.Expr:
    return (_random(seed, purpose) % 1_000_000) / 1_000_000


def _pick(values: list[str], index: pl.Expr) -> pl.Expr:
    return pl.lit(pl.Series(values)).gather(index)


def _day(seed: int, purpose: int, start: datetime, days: int) -> pl.Expr:
    return pl.lit(start) + pl.duration(days=_number(seed, purpose, days))


def _hex(seed: int, purpose: int) -> pl.Expr:
    """32 hexadecimal digits, the shape of a CustomerId."""
    halves = [_random(seed + half, purpose) for half in (0, 7919)]
    fours = [half // 2**shift % 65_536 for half in halves for shift in (48, 32, 16, 0)]
    return pl.concat_str([pl.lit(_FOUR_HEX).gather(four) for four in fours])


def _plain_address(seed: int) -> pl.Expr:
    """An address in small letters that no other row has."""
    return pl.concat_str(
        _pick([_plain(name) for name in FIRST], pl.col("first")),
        pl.lit("."),
        _pick([_plain(name) for name in LAST], pl.col("last")),
        pl.col("row").cast(pl.String),
        pl.lit("@"),
        _pick(DOMAINS, _number(seed, 8, len(DOMAINS))),
    )


def _plain(name: str) -> str:
    """A name in small letters from a to z."""
    # These do not decompose into a letter and a mark.
    spelled = name.lower().replace("ł", "l").replace("ø", "o").replace("đ", "d")
    return "".join(c for c in unicodedata.normalize("NFKD", spelled) if c.isascii() and c.isalpha())
