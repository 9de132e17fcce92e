"""Whom an export's filter keeps out of the segments, and whether a value does or only a blank."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import assert_never

import polars as pl

from shared.exports.filters import Condition
from shared.frames import lookup
from shared.mailchimp.countries import Culture
from shared.mailchimp.value_types import dates, numbers, read_day, read_number
from shared.mailchimp.values import clean

_PROFILE = ["email", "customer_id"]


class KeptOut(IntEnum):
    """How a row fares with a filter; the higher, the more is done with whom it keeps out."""

    NO = 0
    # By a blank, or by what is no date or number: it may mean anything.
    BY_BLANK = 1
    BY_VALUE = 2


@dataclass(frozen=True)
class RowFilter:
    """An export's conditions; `culture` is how the values of columns are written."""

    conditions: tuple[Condition, ...]
    culture: Culture | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it looks at, each once."""
        return tuple(dict.fromkeys(condition.field for condition in self.conditions))

    def judge(self, rows: pl.DataFrame) -> pl.Series:
        """Return of each row whether it is kept out, as UInt8: see KeptOut."""
        worst = pl.repeat(int(KeptOut.NO), rows.height, dtype=pl.UInt8, eager=True)
        for condition in self.conditions:
            holds, says = _judged(clean(rows[condition.field]), condition, self.culture)
            fails = says.cast(pl.UInt8) + int(KeptOut.BY_BLANK)
            failed = fails.zip_with(~holds, pl.zeros(rows.height, dtype=pl.UInt8, eager=True))
            worst = failed.zip_with(failed > worst, worst)
        return worst.alias("kept_out")


def _judged(
    text: pl.Series, condition: Condition, culture: Culture | None
) -> tuple[pl.Series, pl.Series]:
    """Return of each value (null: blank) whether the condition holds, and whether it says so."""
    there = text.is_not_null()
    match condition.op:
        case "in" | "not_in":
            listed = text.is_in(condition.values or []).fill_null(False)
            return (listed if condition.op == "in" else ~listed), there
        case "blank":
            return ~there, there
        case "not_blank":
            return there, there
        case "before" | "after":
            days = dates(text, culture.day_first if culture else None)
            return _ordered(days, read_day(condition.value), condition.op == "before")
        case "less" | "more":
            figures = numbers(text, culture.decimal if culture else None)
            return _ordered(figures, read_number(condition.value), condition.op == "less")
        case unknown:
            assert_never(unknown)


def _ordered(
    values: pl.Series, limit: str | float | None, below: bool
) -> tuple[pl.Series, pl.Series]:
    there = values.is_not_null()
    if limit is None:
        return pl.repeat(False, values.len(), dtype=pl.Boolean, eager=True), there
    return (values < limit if below else values > limit).fill_null(False), there


def one_row_per_profile(profiles: pl.DataFrame) -> pl.DataFrame:
    """Let one row speak for each profile of which the filter keeps out some rows and not others.

    profiles: see gather, with a row per profile and way of being kept out. It is the mildest: one
    that isn't kept out stands for the segments that have it so, else all that have her are told.
    What she says of consent counts in every row, the newest snapshot's first.
    """
    if "kept_out" not in profiles.columns:
        return profiles
    rows = pl.arg_where(lookup.repeated(profiles["email"]), eager=True).alias("row")
    suspects = profiles.drop("valid", "first")[rows].hstack([rows])
    newest = pl.col("rank") == pl.col("rank").max()
    of_all = pl.col("segments").bitwise_or()
    parted = (
        suspects.filter(pl.struct(_PROFILE).is_duplicated())
        .sort("kept_out", "row")
        .group_by(_PROFILE, maintain_order=True)
        .agg(
            rows=pl.col("row"),
            segments=pl.when(pl.col("kept_out").first() == int(KeptOut.NO))
            .then(pl.col("segments").first())
            .otherwise(of_all),
            consent=pl.col("consent").filter(newest).all(),
            refused=pl.col("refused").filter(newest).any(),
            rank=pl.col("rank").max(),
        )
    )
    if parted.is_empty():
        return profiles
    firsts = parted["rows"].list.first()
    told = [profiles[name].scatter(firsts, parted[name]) for name in _told(parted.columns)]
    others = parted.select(pl.col("rows").list.slice(1)).explode("rows")["rows"]
    kept = pl.repeat(True, profiles.height, eager=True).scatter(others, False)
    return profiles.with_columns(told).filter(kept)


def _told(columns: Sequence[str]) -> list[str]:
    return [name for name in columns if name not in (*_PROFILE, "rows")]
