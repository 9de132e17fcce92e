"""Puts the results of items beside the rows of the run's table that they are about."""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import polars as pl

from shared.frames.masks import MASK, empty
from shared.runs.codes import FAILED, GONE, NUMBER, REJECTED
from shared.runs.finishing.fold.results import MAYBE_SENT, NOT_SENT, WRITTEN, Results
from shared.runs.ledger import MAX_TAGS

_TAG_MASKS = ("tag_added", "tag_removed", "tag_gone", "tag_bad", "tag_unsent", "tag_maybe")
_MASKS = {bit: 1 << bit for bit in range(MAX_TAGS)}


@dataclass(frozen=True)
class Answered:
    """What became of all items of a run.

    upserts and singles: row of the table per item; tag_ops: row, bit, add per item; permits: row
    and mask per item, None where nobody is given marketing permissions after being created.
    """

    upserts: tuple[pl.Series, Results]
    tag_ops: tuple[pl.DataFrame, Results]
    singles: tuple[pl.Series, Results]
    permits: tuple[pl.DataFrame, Results] | None = None


@dataclass(frozen=True)
class RowAnswers:
    """What the results say of the rows of the table, each row at most once in each of `parts`."""

    parts: tuple[pl.DataFrame, ...]

    @classmethod
    def of(cls, answered: Answered) -> Self:
        """Take the results apart; most say something of few rows."""
        parts = (
            *_upserts(*answered.upserts),
            _tags(*answered.tag_ops),
            *_singles(*answered.singles),
        )
        return cls((*parts, *(_permits(*answered.permits) if answered.permits else ())))

    def beside(self, start: int, rows: int) -> pl.DataFrame:
        """Return what they say of so many rows of the table from `start` on, null for nothing."""
        table = pl.DataFrame(
            {"row": pl.int_range(start, start + rows, dtype=pl.UInt32, eager=True)}
        )
        mine = pl.col("row").is_between(start, start + rows, closed="left")
        for part in self.parts:
            found = part.filter(mine)
            table = table.join(found, on="row", how="left", maintain_order="left")
        return table.with_columns(pl.col(_TAG_MASKS).fill_null(0))


def _upserts(rows: pl.Series, results: Results) -> Iterator[pl.DataFrame]:
    """Yield up_code and what belongs to it: up_detail, lacking, by_us, asked, up_let_go, untaken,
    up_from, up_to and up_shown.
    """
    shown = results.shown or array("I", bytes(4 * len(results.codes)))
    frame = pl.DataFrame(
        {
            "row": rows,
            "up_code": pl.Series(results.codes, dtype=pl.UInt8),
            "up_shown": pl.Series(shown, dtype=pl.UInt32),
        },
        schema_overrides={"row": pl.UInt32},
    )
    yield frame.with_columns(_times(results, "up"))
    yield _sparse(results.details, pl.String, "up_detail", rows)
    yield _sparse(results.lacking, MASK, "lacking", rows)
    yield _marked(results.added, "by_us", rows)
    yield _marked(results.asked, "asked", rows)
    yield _marked(results.let_go, "up_let_go", rows)
    yield _marked(set[int]().union(*results.untaken.values()), "untaken", rows)
    yield _written(results, rows, "wr")


def _written(results: Results, rows: pl.Series, part: str) -> pl.DataFrame:
    """Return what was written of answers and language, by the names of WRITTEN."""
    if not results.written:
        nothing = dict.fromkeys((f"{part}_{name}" for name in WRITTEN), pl.UInt64)
        return pl.DataFrame(schema={"row": pl.UInt32, **nothing})
    places = pl.Series(list(results.written), dtype=pl.UInt32)
    columns = zip(*results.written.values(), strict=True)
    found = {
        f"{part}_{name}": pl.Series(list(numbers), dtype=pl.UInt64)
        for name, numbers in zip(WRITTEN, columns, strict=True)
    }
    return pl.DataFrame({"row": rows.gather(places), **found}, schema_overrides={"row": pl.UInt32})


def _tags(ops: pl.DataFrame, results: Results) -> pl.DataFrame:
    """Return the masks per row and tag_detail.

    tag_bad: those not changed. tag_gone: those of a contact that the audience doesn't hold.
    """
    mask = pl.col("bit").replace_strict(_MASKS, return_dtype=MASK)
    code, added = pl.col("code"), pl.col("add") == 1
    # A removal that had to be put off is `unchanged`: the ledger still has the tag.
    done = ~code.is_in([FAILED, NOT_SENT, MAYBE_SENT, NUMBER["unchanged"], *REJECTED])
    frame = ops.with_columns(
        code=pl.Series(results.codes, dtype=pl.UInt8), mask=mask
    ).with_row_index("place")
    details = pl.DataFrame(
        {
            "place": pl.Series(list(results.details), dtype=pl.UInt32),
            "detail": pl.Series(list(results.details.values()), dtype=pl.String),
        }
    )
    frame = frame.join(details, on="place", how="left")
    text = pl.col("detail")
    bad = code.is_in([FAILED, *REJECTED])
    named = pl.when(bad & ~text.str.starts_with("tag ")).then("tag: " + text).otherwise(text)

    def masked(condition: pl.Expr) -> pl.Expr:
        return pl.when(condition).then(pl.col("mask")).otherwise(empty()).bitwise_or()

    summed = frame.group_by("row").agg(
        tag_added=masked(done & added),
        tag_removed=masked(done & ~added),
        tag_gone=masked((code == NUMBER["unchanged"]) & (text == GONE).fill_null(False)),
        tag_bad=masked(bad),
        tag_unsent=masked(code == NOT_SENT),
        tag_maybe=masked(code == MAYBE_SENT),
        tag_detail=named.drop_nulls().first(),
    )
    return summed.with_columns(pl.col("row").cast(pl.UInt32))


def _singles(rows: pl.Series, results: Results) -> Iterator[pl.DataFrame]:
    """Yield one_code, one_detail (archived or unsubscribed, or why not), one_let_go and times."""
    frame = pl.DataFrame(
        {"row": rows, "one_code": pl.Series(results.codes, dtype=pl.UInt8)},
        schema_overrides={"row": pl.UInt32},
    )
    yield frame.with_columns(_times(results, "one"))
    yield _sparse(results.details, pl.String, "one_detail", rows)
    yield _marked(results.let_go, "one_let_go", rows)


def _permits(items: pl.DataFrame, results: Results) -> Iterator[pl.DataFrame]:
    """Yield pe_mask, pe_code, pe_detail, and what was written of it with the prefix `pe_`."""
    yield items.select(
        pl.col("row").cast(pl.UInt32),
        pe_mask="mask",
        pe_code=pl.Series(results.codes, dtype=pl.UInt8),
    )
    yield _sparse(results.details, pl.String, "pe_detail", items["row"])
    yield _written(results, items["row"], "pe")


def _marked(places: Iterable[int], name: str, rows: pl.Series) -> pl.DataFrame:
    return _sparse(dict.fromkeys(sorted(places), True), pl.Boolean, name, rows)


def _times(results: Results, part: str) -> list[pl.Series]:
    """Return of each item Mailchimp's times between which its call was carried out; 0 for none."""
    first, last = (array("I", bytes(4 * len(results.codes))) for _ in range(2))
    for start, end, begun, ended in results.during:
        first[start:end] = array("I", [begun]) * (end - start)
        last[start:end] = array("I", [ended]) * (end - start)
    return [
        pl.Series(f"{part}_from", first, dtype=pl.UInt32),
        pl.Series(f"{part}_to", last, dtype=pl.UInt32),
    ]


def _sparse(
    values: Mapping[int, object], dtype: type[pl.DataType], name: str, rows: pl.Series
) -> pl.DataFrame:
    places = pl.Series(list(values), dtype=pl.UInt32)
    return pl.DataFrame(
        {"row": rows.gather(places), name: pl.Series(list(values.values()), dtype=dtype)},
        schema_overrides={"row": pl.UInt32},
    )
