"""Compares what an export holds with what its audience has. No input, no output.

Nobody is named of whom something is not known for sure: such contacts are counted instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from shared.frames.masks import MASK
from shared.proof.record import Differing
from shared.runs.ledger import RETRY_NEVER, Flag

ROWS = {
    "email": pl.String,
    "customer_id": pl.String,
    "code": pl.String,
    "what": pl.String,
    "field": pl.String,
    "repairable": pl.Boolean,
}
SEEN = {
    "place": pl.UInt32,
    "email": pl.String,
    "status": pl.String,
    "tags": pl.UInt64,
    "whole": pl.Boolean,
    "shown": pl.UInt32,
}
# Whom the export does not hold any more, although it remembers something of them.
_GONE = int(Flag.ARCHIVED | Flag.REFUSED | Flag.UNSUBSCRIBED)


@dataclass(frozen=True)
class Given:
    """The export's tags and merge fields by their bits.

    tags, fields: names. current: mask of the tags that a segment gives now; owned: of those that
    this product made; left: of those that people took away and want like that. gone: mask of merge
    fields that the audience lacks; creates: whether a run makes these anew; retyped: one of them is
    of another type than a run has seen. left_values: people want the values that they edited.
    """

    tags: Mapping[int, str]
    current: int = 0
    owned: int = 0
    fields: Mapping[int, str] = field(default_factory=dict)
    gone: int = 0
    creates: bool = False
    left: int = 0
    left_values: bool = False
    retyped: bool = False


@dataclass(frozen=True)
class Compared:
    """rows: see ROWS. held: how many contacts the export holds. not_compared: by what.

    away: how many of those in its segments are surely not subscribed any more, by their status.
    worn: the tags that anybody has.
    """

    rows: pl.DataFrame
    held: int
    as_promised: int
    not_compared: dict[str, int]
    away: Mapping[str, int] = field(default_factory=dict)
    worn: frozenset[str] = frozenset()

    @property
    def differing(self) -> tuple[Differing, ...]:
        """Count the rows by kind."""
        counts = self.rows.group_by("code", "what", "repairable").len().sort(pl.all())
        return tuple(
            Differing(code, what, count, repairable)
            for code, what, repairable, count in counts.iter_rows()
        )


def is_held(flags: str = "flags") -> pl.Expr:
    """Return whom an export holds, by the flags of its ledger."""
    return ((pl.col(flags) & int(Flag.ACCEPTED)) != 0) & ((pl.col(flags) & _GONE) == 0)


def compare(held: pl.DataFrame, seen: pl.DataFrame, others: pl.DataFrame, given: Given) -> Compared:
    """Compare ledger and audience.

    held: the ledger's rows in its order, with `known` (the protected state that a run has seen)
    and `shared` (another export sends values to the same fields). seen: see SEEN; `place` is the
    row of the ledger, null for others, who have an email. others: email and the mask of tags that
    other exports give, or have given.
    """
    rows = _joined(held, seen, others)
    base = rows.filter("held")
    parts = [
        _missing(base),
        _status(base),
        *(_tag_missing(base, bit, name, given) for bit, name in given.tags.items()),
        *(_tag_extra(base, bit, name, given) for bit, name in given.tags.items()),
        _value(base, given),
        *(_foreign(seen, others, bit, name, given) for bit, name in given.tags.items()),
    ]
    found = pl.concat(parts).sort("code", "what", "field", "email", nulls_last=True)
    ours = found.filter(pl.col("code") != "foreign")["email"].n_unique()
    return Compared(
        found,
        base.height,
        base.height - ours,
        _not_compared(base),
        _away(base),
        _worn(seen, given),
    )


def _worn(seen: pl.DataFrame, given: Given) -> frozenset[str]:
    mask: int = seen.select(pl.col("tags").bitwise_or()).item() or 0 if seen.height else 0
    return frozenset(name for bit, name in given.tags.items() if mask >> bit & 1)


def _away(base: pl.DataFrame) -> dict[str, int]:
    who = base.filter("protected", "stays", ~pl.col("unsure"), ~pl.col("asked"))
    return dict(who["status"].value_counts().iter_rows())


def _joined(held: pl.DataFrame, seen: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Put what was seen beside the ledger's rows; of one who was read twice the last counts."""
    last = (
        seen.filter(pl.col("place").is_not_null())
        .unique("place", keep="last")
        .select("place", "status", "whole", has="tags", now="shown")
    )
    flags = pl.col("flags")
    status = pl.col("status")
    return (
        held.with_row_index("place")
        .join(last, on="place", how="left", maintain_order="left")
        .join(others.rename({"tags": "given"}), on="email", how="left", maintain_order="left")
        .with_columns(
            held=is_held(),
            given=pl.col("given").fill_null(0),
            has=pl.col("has").fill_null(0),
            now=pl.col("now").fill_null(0),
            whole=pl.col("whole").fill_null(False),
            protected=(status != "subscribed").fill_null(False),
            unsure=(flags & int(Flag.UNCERTAIN)) != 0,
            # Refused for good, or for now: nothing of it is sent.
            refused=pl.col("refusal").is_not_null(),
            never=(pl.col("retry_at") == RETRY_NEVER) & pl.col("refusal").is_not_null(),
            asked=((flags & int(Flag.PENDING)) != 0) & (status == "pending").fill_null(False),
            there=status.is_not_null(),
            stays=pl.col("stamp") == 0,
        )
    )


def _code(*, refused: pl.Expr | None = None) -> pl.Expr:
    """Return why something differs, the first reason that holds."""
    or_else = pl.when("unsure").then(pl.lit("unexplained")).otherwise(pl.lit("by_hand"))
    if refused is not None:
        or_else = pl.when(refused).then(pl.lit("refused")).otherwise(or_else)
    return pl.when("protected").then(pl.lit("protected")).otherwise(or_else)


def _rows(
    who: pl.DataFrame,
    what: str,
    code: pl.Expr,
    name: pl.Expr | None = None,
    repairable: pl.Expr | None = None,
) -> pl.DataFrame:
    """Return rows about these contacts; what is protected or refused is never repaired."""
    may = pl.col("code").is_in(["by_hand", "unexplained"])
    return who.select(
        "email",
        "customer_id",
        code=code,
        what=pl.lit(what),
        field=pl.lit(None, dtype=pl.String) if name is None else name,
        repairable=pl.lit(False) if repairable is None else repairable,
    ).with_columns(repairable=pl.col("repairable") & may)


def _missing(base: pl.DataFrame) -> pl.DataFrame:
    return _rows(base.filter(~pl.col("there")), "missing", _code())


def _status(base: pl.DataFrame) -> pl.DataFrame:
    """Name whose status is neither subscribed nor one that a run has seen."""
    seen_before = (pl.col("status") == pl.col("known")).fill_null(False)
    changed = pl.col("there") & pl.col("protected") & ~seen_before & ~pl.col("asked")
    unsure = pl.when("unsure").then(pl.lit("unexplained")).otherwise(pl.lit("by_hand"))
    return _rows(base.filter(changed), "status", unsure)


def _tag_missing(base: pl.DataFrame, bit: int, name: str, given: Given) -> pl.DataFrame:
    one = pl.lit(1 << bit, dtype=MASK)
    # A tag that was left to another export is that one's to keep.
    promised = ((pl.col("tags") & ~pl.col("left")) & one) != 0
    lacks = pl.col("there") & pl.col("whole") & promised & ((pl.col("has") & one) == 0)
    again = pl.col("stays") & pl.lit(bool((given.current & ~given.left) >> bit & 1))
    code = _code(refused=pl.col("never"))
    return _rows(base.filter(lacks), "tag_missing", code, pl.lit(name), again)


def _tag_extra(base: pl.DataFrame, bit: int, name: str, given: Given) -> pl.DataFrame:
    """Name who has a tag of ours that no export has given them; it is people's, and stays."""
    one = pl.lit((1 << bit) & given.owned, dtype=MASK)
    ours = (pl.col("tags") | pl.col("left") | pl.col("given")) & one
    extra = pl.col("there") & ~pl.col("unsure") & ((pl.col("has") & one) != 0) & (ours == 0)
    return _rows(base.filter(extra), "tag_extra", _code(), pl.lit(name))


def _value(base: pl.DataFrame, given: Given) -> pl.DataFrame:
    """Name who has other values than Mailchimp showed as it took ours, or whose were refused."""
    known = pl.col("there") & _values_known()
    differs = known & (pl.col("shown") != pl.col("now"))
    refused = pl.col("there") & pl.col("refused") & ~pl.col("protected") & ~differs
    name = pl.lit(None, dtype=pl.String)
    lost = (pl.col("fields") & pl.lit(given.gone, dtype=MASK)) != 0
    for bit, tag in given.fields.items():
        if given.gone >> bit & 1:
            has = (pl.col("fields") & pl.lit(1 << bit, dtype=MASK)) != 0
            name = pl.when(has).then(pl.lit(tag)).otherwise(name)
    wanted = pl.lit(not given.left_values) | lost
    again = pl.col("stays") & ~pl.col("refused") & (~lost | pl.lit(given.creates)) & wanted
    return pl.concat(
        [
            _rows(base.filter(differs), "value", _code(), name, again),
            _rows(base.filter(refused), "value", pl.lit("refused")),
        ]
    )


def _values_known() -> pl.Expr:
    both = (pl.col("shown") != 0) & (pl.col("now") != 0)
    return both & ~pl.col("shared") & (pl.col("fields") != 0)


def _foreign(
    seen: pl.DataFrame, others: pl.DataFrame, bit: int, name: str, given: Given
) -> pl.DataFrame:
    """Name who has a tag of ours and is known to no export that gives it."""
    one = pl.lit((1 << bit) & given.owned, dtype=MASK)
    theirs = others.filter((pl.col("tags") & one) != 0)["email"]
    who = seen.filter(
        pl.col("place").is_null(),
        (pl.col("tags") & one) != 0,
        ~pl.col("email").is_in(theirs.implode()),
    ).unique("email", maintain_order=True)
    who = who.with_columns(customer_id=pl.lit(""))
    return _rows(who, "tag_extra", pl.lit("foreign"), pl.lit(name))


def _not_compared(base: pl.DataFrame) -> dict[str, int]:
    """Count whose values, or tags, could not be judged."""
    there = base.filter("there")
    counts = there.select(
        values=(~_values_known() & (pl.col("fields") != 0)).sum(), tags=(~pl.col("whole")).sum()
    ).row(0, named=True)
    return {what: int(count) for what, count in counts.items()}
