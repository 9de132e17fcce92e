"""Withholds every removal of a run that has too many, or whose input can't be trusted."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from shared.frames.masks import MASK, empty, has_bit
from shared.runs.codes import NUMBER
from shared.runs.ledger import Flag
from shared.runs.planning.difference.policy import Policy
from shared.runs.run_table import Action, Kind, Note, was

# Below this many removals the safety stop does not apply: a small list changes by large shares.
FLOOR = 25
# But for leavers who are more than this share of all.
_MOST = 0.5


@dataclass(frozen=True)
class Removals:
    """What the safety stops saw; `withheld` and `withdrawals` give their reasons, or are empty.

    count, withdrawals_count: how many contacts that is, 0 where nothing is withheld.
    """

    leavers: int
    of: int
    withheld: str = ""
    withdrawals: str = ""
    count: int = 0
    withdrawals_count: int = 0


NO_REMOVALS = Removals(0, 0)


def stop_removals(
    rows: pl.DataFrame, policy: Policy, segment_tags: dict[int, int]
) -> tuple[pl.DataFrame, Removals]:
    """Withhold every removal when there are too many, or a snapshot can't be trusted.

    Who withdrew consent is no leaver here: see stop_withdrawals.
    """
    if policy.replaced:
        swapped = _swapped(policy.replaced)
        rows = rows.with_columns(remove=pl.col("remove") & ~swapped, swapped=swapped)
        rows, removals = _stop(rows, policy, segment_tags)
        return rows.with_columns(remove=pl.col("remove") | pl.col("swapped")).drop(
            "swapped"
        ), removals
    return _stop(rows, policy, segment_tags)


def _swapped(replaced: Mapping[int, int]) -> pl.Expr:
    """Return the mask of tags that a contact loses to have another in their place."""
    found = empty()
    for bit, instead in replaced.items():
        has = (pl.col("wanted") & pl.lit(instead, dtype=MASK)) != 0
        found |= pl.when(has).then(pl.lit(1 << bit, dtype=MASK)).otherwise(empty())
    return pl.col("remove") & found


def _stop(
    rows: pl.DataFrame, policy: Policy, segment_tags: dict[int, int]
) -> tuple[pl.DataFrame, Removals]:
    withdrew = pl.col("withdrew").fill_null(False)
    leaver = (pl.col("kind") == int(Kind.LEAVER)) & ~withdrew
    # Who has nothing to lose and waits since an earlier run counted in that.
    waits = was(Flag.DUE) & (pl.col("action") == int(Action.WAIT)) & (pl.col("remove") == 0)
    # An address is in the ledger once, however many profiles have it.
    once = pl.col("kind") != int(Kind.PROFILE)
    loses = (pl.col("remove") != 0) & ~withdrew
    bits = _bits_of(rows)
    totals = rows.lazy().select(
        leavers=(leaver & ~waits).sum(),
        of=(once & was(Flag.ACCEPTED) & ~was(Flag.ARCHIVED)).sum(),
        removing=((leaver & ~waits) | loses).sum(),
        tagless=(leaver & ~loses & ~waits & (pl.col("action") != int(Action.NONE))).sum(),
        **{f"had_{bit}": (once & _bit("old_tags", bit)).sum() for bit in bits},
        **{f"loses_{bit}": (~withdrew & _bit("remove", bit)).sum() for bit in bits},
    )
    seen = totals.collect().row(0, named=True)
    reason = ""
    if not policy.allow_removals and seen["removing"]:
        reason = _reason(seen, policy, segment_tags, bits)
    count = seen["removing"] if reason else 0
    removals = Removals(seen["leavers"], seen["of"], reason, count=count)
    if not reason:
        return rows, removals
    return rows.with_columns(
        code=pl.when(leaver).then(pl.lit(NUMBER["unchanged"], dtype=pl.UInt8)).otherwise("code"),
        note=pl.when(leaver).then(int(Note.REMOVAL_WITHHELD)).otherwise("note"),
        action=pl.when(leaver).then(int(Action.NONE)).otherwise("action"),
        remove=pl.when(withdrew).then("remove").otherwise(empty()),
    ), removals


def stop_withdrawals(rows: pl.DataFrame, policy: Policy) -> tuple[pl.DataFrame, str, int]:
    """Archive and unsubscribe nobody who withdrew consent when too many did; tags go all the same.

    A column that was filled wrongly looks as if everybody had. Returns the reason, or "", and how
    many it keeps back.
    """
    idle = pl.col("remove") == 0
    waits = was(Flag.DUE) & (pl.col("action") == int(Action.WAIT)) & idle
    acts = pl.col("withdrew").fill_null(False) & (pl.col("action") != int(Action.NONE)) & ~waits
    once = pl.col("kind") != int(Kind.PROFILE)
    had = once & was(Flag.CONSENTED) & ~was(Flag.ARCHIVED)
    count, of = rows.lazy().select(n=acts.sum(), of=had.sum()).collect().row(0)
    too_many = count > policy.removal_limit_percent / 100 * of
    if policy.allow_removals or not too_many or (count < FLOOR and count <= _MOST * of):
        return rows, "", 0
    told = pl.when(idle).then(int(Note.REMOVAL_WITHHELD)).otherwise(int(Note.CONSENT_WITHDRAWN))
    unchanged = pl.lit(NUMBER["unchanged"], dtype=pl.UInt8)
    withheld = rows.with_columns(
        code=pl.when(acts & idle).then(unchanged).otherwise("code"),
        note=pl.when(acts).then(told).otherwise("note"),
        action=pl.when(acts).then(int(Action.NONE)).otherwise("action"),
    )
    return withheld, f"{count} of {of} contacts would have withdrawn their consent", count


def _reason(
    seen: dict[str, int], policy: Policy, segment_tags: dict[int, int], bits: list[int]
) -> str:
    limit = policy.removal_limit_percent / 100
    for segment, why in sorted(policy.untrusted.items()):
        # Of a leaver without a tag nobody knows which segment it was in.
        if seen.get(f"loses_{segment_tags.get(segment)}", 0) or seen["tagless"]:
            return why
    for count, what in (("leavers", "leave"), ("removing", "leave or lose a tag")):
        most = count == "leavers" and 0 < _MOST * seen["of"] < seen[count]
        if (most or seen[count] >= FLOOR) and seen[count] > limit * seen["of"]:
            return f"{seen[count]} of {seen['of']} contacts would {what}"
    # Also the tags of segments that the export does not have any more.
    for bit in bits:
        loses, had = seen[f"loses_{bit}"], seen[f"had_{bit}"]
        if loses >= FLOOR and loses > limit * had:
            return f"{loses} of the {had} contacts of one segment would leave it"
    return ""


def _bits_of(rows: pl.DataFrame) -> list[int]:
    """Return the bits of all tags that somebody would lose."""
    mask = rows.select(pl.col("remove").bitwise_or()).item() or 0
    return [bit for bit in range(64) if mask >> bit & 1]


def _bit(column: str, bit: int) -> pl.Expr:
    return has_bit(column, bit).fill_null(False)
