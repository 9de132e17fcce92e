"""What has to be done so that the audience has what the segments say: contacts against the ledger.

The result is one table with a row per outcome of the run, and beside it what finish needs to
write the next ledger: no later step looks at the old ledger's rows again.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

import polars as pl

from shared.runs import lookup
from shared.runs.codes import NUMBER
from shared.runs.ledger import RETRY_NEVER, RETRY_WHEN_CHANGED, Flag

Leavers = Literal["untag", "keep", "archive", "unsubscribe"]
# Below this many removals the safety stop does not apply: a small list changes by large shares.
FLOOR = 25
_U64 = pl.UInt64


class Kind(IntEnum):
    """What a row of the table is."""

    # A profile that is not sent, or a further one with the same address.
    PROFILE = 0
    # A contact of the segments.
    CONTACT = 1
    # A contact of the ledger that is in none of the segments any more.
    LEAVER = 2
    # A leaver under `keep`: stays in the ledger, has no outcome.
    KEPT = 3


class Action(IntEnum):
    """What is done with a contact besides its tags."""

    NONE = 0
    UPSERT = 1
    ARCHIVE = 2
    UNSUBSCRIBE = 3


class Note(IntEnum):
    """Why a code was given without asking Mailchimp."""

    NONE = 0
    REMOVAL_WITHHELD = 1
    REFUSED_BEFORE = 2
    PENDING = 3


NOTES = {
    Note.NONE: "",
    Note.REMOVAL_WITHHELD: "removal withheld",
    Note.REFUSED_BEFORE: "refused in an earlier run; tried again when the profile changes",
    Note.PENDING: "waits for the contact's own confirmation",
}


@dataclass(frozen=True)
class Policy:
    """The export's wishes that decide on actions; `now` in seconds since 1970."""

    leavers: Leavers = "untag"
    removal_limit_percent: float = 20
    allow_removals: bool = False
    full: bool = False
    now: int = 0
    # Segments whose snapshot can't be trusted for removals, and why.
    untrusted: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Removals:
    """What the safety stop saw; `withheld` gives its reason, or is empty."""

    leavers: int
    of: int
    withheld: str = ""


def contact_rows(judged: pl.DataFrame, tags_of_segments: list[int]) -> pl.DataFrame:
    """Add to judged profiles the mask of `tags` that their segments give.

    tags_of_segments: for each segment, in the order of the segment bits, the bit of its tag.
    """
    tags = pl.lit(0, dtype=_U64)
    for segment, bit in enumerate(tags_of_segments):
        has = (pl.col("segments") & pl.lit(1 << segment, dtype=_U64)) != 0
        tags = tags | pl.when(has).then(pl.lit(1 << bit, dtype=_U64)).otherwise(
            pl.lit(0, dtype=_U64)
        )
    return judged.with_columns(wanted=tags)


def compare(
    contacts: pl.DataFrame,
    ledger: pl.DataFrame,
    policy: Policy,
    given_by_others: pl.DataFrame,
    suppressed: pl.DataFrame,
    segment_tags: dict[int, int],
) -> tuple[pl.DataFrame, Removals]:
    """Recall and decide: see there."""
    rows, gone = recall(contacts, ledger)
    return decide(rows, gone, policy, given_by_others, suppressed, segment_tags)


def recall(contacts: pl.DataFrame, ledger: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return contacts with what the ledger says of them, and who of it is not among them.

    contacts: email, customer_id, segments, wanted, code (null: to be sent), state, digest,
    fields. ledger: see ledger.schema; it is not needed any more afterwards.
    """
    old = ledger.rename({name: f"old_{name}" for name in ledger.columns if name != "email"})
    at = lookup.find(contacts["email"], old["email"])
    there = pl.col("code").is_null() | _is_skipped_contact()
    rows = contacts.hstack(_old_values(old, at)).with_columns(
        kind=pl.when(there).then(int(Kind.CONTACT)).otherwise(0),
    )
    present = at.filter(rows["kind"] == int(Kind.CONTACT)).drop_nulls()
    return rows, old.filter(pl.repeat(True, old.height, eager=True).scatter(present, False))


def decide(
    rows: pl.DataFrame,
    gone: pl.DataFrame,
    policy: Policy,
    given_by_others: pl.DataFrame,
    suppressed: pl.DataFrame,
    segment_tags: dict[int, int],
) -> tuple[pl.DataFrame, Removals]:
    """Return the table of the run and what the safety stop said.

    rows and gone: see recall. given_by_others: email and `tags`, the mask of those of this
    ledger's tags that other exports on the audience still give it. suppressed: email and status
    of who is in a protected state. segment_tags: segment bit to tag bit.

    The table: email, customer_id, segments, kind, code (null: by what is done), note, action,
    add, remove and spared (masks of tags; spared ones are not removed because another export
    gives them), wanted, digest, fields and, prefixed `old_`, the ledger's columns (null: not in
    the ledger).
    """
    rows = _decide(rows, policy)
    leavers = _leavers(gone, suppressed, policy)
    if leavers.height:
        rows = pl.concat([rows, leavers], how="diagonal")
    rows, removals = _stop_removals(rows, policy, segment_tags)
    return _spare(rows, given_by_others), removals


def _old_values(old: pl.DataFrame, at: pl.Series) -> list[pl.Series]:
    """Return what the ledger says of each row, null where it knows nothing."""
    values = old.drop("email")
    if old.is_empty():
        return values.clear(at.len()).get_columns()
    return values.select(pl.all().gather(at)).get_columns()


def _is_skipped_contact() -> pl.Expr:
    """Tell of a row that is skipped because of its state: it is in the segments all the same."""
    return pl.col("code").is_in(
        [NUMBER[f"skipped_{s}"] for s in ("unsubscribed", "cleaned", "pending", "archived")]
        + [NUMBER["skipped_transactional"]]
    )


def _has(flag: Flag) -> pl.Expr:
    return ((pl.col("old_flags") & int(flag)) != 0).fill_null(False)


def _none() -> pl.Expr:
    return pl.lit(0, dtype=_U64)


def _decide(rows: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Decide on every contact of the segments."""
    sent = pl.col("code").is_null()
    known = _has(Flag.ACCEPTED)
    # A tag that was left to another export may have been removed by that one since.
    sure = pl.col("old_tags") & ~pl.col("old_left")
    held = pl.when(known & ~_has(Flag.UNCERTAIN)).then(sure).otherwise(_none())
    maybe_held = pl.col("old_tags").fill_null(0)
    pending = _has(Flag.PENDING) & (pl.col("state") == "pending").fill_null(False)
    # Sent again, too, when somebody else has brought it back: then it is not archived any more.
    back = _has(Flag.ARCHIVED)
    retry_at = pl.col("old_retry_at")
    refused = (
        pl.col("old_refusal").is_not_null()
        & (
            (retry_at == RETRY_NEVER)
            | (retry_at > policy.now)
            | (
                (retry_at == RETRY_WHEN_CHANGED)
                & (pl.col("old_refused_digest") == pl.col("digest"))
            )
        )
    ).fill_null(False) & ~pl.lit(policy.full)
    upsert = (
        ~known | _has(Flag.UNCERTAIN) | back | (pl.col("old_digest") != pl.col("digest"))
    ).fill_null(True) | pl.lit(policy.full)
    add = pl.col("wanted") if policy.full else pl.col("wanted") & ~held
    drop = _none() if policy.leavers == "keep" else maybe_held & ~pl.col("wanted")
    idle = refused | pending
    # What was refused are values: a contact that the audience holds follows its segments.
    follows = known & ~_has(Flag.UNCERTAIN) & (retry_at != RETRY_NEVER).fill_null(True)
    untouched = pending | (refused & ~follows)
    return rows.with_columns(
        code=pl.when(sent & refused)
        .then("old_refusal")
        .when(sent & pending)
        .then(pl.lit(NUMBER["unchanged"], dtype=pl.UInt8))
        .otherwise("code"),
        note=pl.when(sent & refused)
        .then(int(Note.REFUSED_BEFORE))
        .when(sent & pending)
        .then(int(Note.PENDING))
        .otherwise(int(Note.NONE)),
        action=pl.when(sent & ~idle & upsert).then(int(Action.UPSERT)).otherwise(int(Action.NONE)),
        add=pl.when(sent & ~untouched).then(add).otherwise(_none()),
        remove=pl.when(sent & ~untouched).then(drop).otherwise(_none()),
    )


def _leavers(gone: pl.DataFrame, suppressed: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Decide on the contacts of the ledger that are in none of the segments.

    One that was only ever refused is forgotten. One that this export archived stays in the
    ledger, so that it may come back, unless it has got into another protected state since. Who is
    in a protected state is not archived or unsubscribed.
    """
    gone = gone.join(suppressed.select("email", "status"), on="email", how="left")
    status = pl.col("status")
    gone = gone.filter(
        _has(Flag.ACCEPTED) | _has(Flag.UNCERTAIN) | (pl.col("old_tags").fill_null(0) != 0),
        ~_has(Flag.ARCHIVED) | status.is_null() | (status == "archived"),
    )
    # Whether a call that was lost has archived it shows in its state.
    archived = _has(Flag.ARCHIVED) & (~_has(Flag.DUE) | (status == "archived").fill_null(False))
    hidden = archived if policy.leavers != "keep" else pl.lit(True)
    action = {"archive": Action.ARCHIVE, "unsubscribe": Action.UNSUBSCRIBE}.get(
        policy.leavers, Action.NONE
    )
    return gone.select(
        "email",
        pl.col("old_customer_id").alias("customer_id"),
        segments=_none(),
        wanted=_none(),
        kind=pl.when(hidden).then(int(Kind.KEPT)).otherwise(int(Kind.LEAVER)),
        code=pl.lit(None, dtype=pl.UInt8),
        note=pl.lit(int(Note.NONE)),
        action=pl.when(_has(Flag.ADDED) & ~hidden & status.is_null())
        .then(int(action))
        .otherwise(int(Action.NONE)),
        add=_none(),
        remove=pl.when(hidden).then(_none()).otherwise(pl.col("old_tags").fill_null(0)),
        **{name: pl.col(name) for name in gone.columns if name.startswith("old_")},
    )


def _stop_removals(
    rows: pl.DataFrame, policy: Policy, segment_tags: dict[int, int]
) -> tuple[pl.DataFrame, Removals]:
    """Withhold every removal when there are too many, or a snapshot can't be trusted."""
    leaver = pl.col("kind") == int(Kind.LEAVER)
    # An address is in the ledger once, however many profiles have it.
    once = pl.col("kind") != int(Kind.PROFILE)
    loses = pl.col("remove") != 0
    bits = _bits_of(rows)
    totals = rows.lazy().select(
        leavers=leaver.sum(),
        of=(once & _has(Flag.ACCEPTED) & ~_has(Flag.ARCHIVED)).sum(),
        removing=(leaver | loses).sum(),
        tagless=(leaver & ~loses & (pl.col("action") != int(Action.NONE))).sum(),
        **{f"had_{bit}": (once & _bit("old_tags", bit)).sum() for bit in bits},
        **{f"loses_{bit}": _bit("remove", bit).sum() for bit in bits},
    )
    seen = totals.collect().row(0, named=True)
    reason = ""
    if not policy.allow_removals and seen["removing"]:
        reason = _reason(seen, policy, segment_tags, bits)
    removals = Removals(seen["leavers"], seen["of"], reason)
    if not reason:
        return rows, removals
    return rows.with_columns(
        code=pl.when(leaver).then(pl.lit(NUMBER["unchanged"], dtype=pl.UInt8)).otherwise("code"),
        note=pl.when(leaver).then(int(Note.REMOVAL_WITHHELD)).otherwise("note"),
        action=pl.when(leaver).then(int(Action.NONE)).otherwise("action"),
        remove=_none(),
    ), removals


def _reason(
    seen: dict[str, int], policy: Policy, segment_tags: dict[int, int], bits: list[int]
) -> str:
    limit = policy.removal_limit_percent / 100
    for segment, why in sorted(policy.untrusted.items()):
        # Of a leaver without a tag nobody knows which segment it was in.
        if seen.get(f"loses_{segment_tags.get(segment)}", 0) or seen["tagless"]:
            return why
    for count, what in (("leavers", "leave"), ("removing", "leave or lose a tag")):
        if seen[count] >= FLOOR and seen[count] > limit * seen["of"]:
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
    return ((pl.col(column) & pl.lit(1 << bit, dtype=_U64)) != 0).fill_null(False)


def _spare(rows: pl.DataFrame, given_by_others: pl.DataFrame) -> pl.DataFrame:
    """Leave what another export still gives: its tags, and the contact itself."""
    if given_by_others.is_empty():
        return rows.with_columns(spared=_none())
    given = given_by_others.select("email", others="tags")
    leaver = pl.col("kind") == int(Kind.LEAVER)
    held = pl.col("others").is_not_null()
    return (
        lookup.left_join(rows, given, "email")
        .with_columns(
            remove=pl.col("remove") & ~pl.col("others").fill_null(0),
            spared=pl.col("remove") & pl.col("others").fill_null(0),
            action=pl.when(leaver & held).then(int(Action.NONE)).otherwise("action"),
        )
        .drop("others")
    )
