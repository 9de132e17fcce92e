"""Decides on contacts that have left the segments, and on what other exports still give."""

from typing import assert_never

import polars as pl

from shared.frames import lookup
from shared.frames.masks import empty
from shared.runs.codes import NUMBER
from shared.runs.ledger import FLAGS, Flag
from shared.runs.planning.difference.policy import Policy
from shared.runs.run_table import Action, Kind, Note, Still, was

# What profiles are left out for of whom a snapshot still has.
_TOLD = [NUMBER["skipped_filtered"], NUMBER["skipped_no_consent"]]


def leavers_of(gone: pl.DataFrame, suppressed: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Decide on the contacts of the ledger that are in none of the segments.

    Who has profiles, but none that is sent, has not left unless a value that the filter doesn't
    want keeps out each of them. She withdrew her consent if it was given before, one of them
    refuses and all are as new, and then what the export says of that is done. Else she only loses
    tags, until no snapshot has her. Nor has left whom a snapshot has under another address or
    none: see still_there.py.

    One that was only ever refused is forgotten. One that this export archived stays in the
    ledger, so that it may come back, for as long as it is archived: who subscribed again
    themselves, or got into another protected state, is not this export's any more, however they
    are archived later. Who is in a protected state is not archived or unsubscribed; for whom this
    export asked, and who has not answered yet, that is due once they confirm. Who was seen
    unsubscribed stays, too, so that their CustomerId is not subscribed under another address.
    """
    gone = gone.join(suppressed.select("email", "status"), on="email", how="left")
    status = pl.col("status")
    gone = gone.filter(
        was(Flag.ACCEPTED) | was(Flag.UNCERTAIN) | (pl.col("old_tags").fill_null(0) != 0),
        ~was(Flag.ARCHIVED)
        | (status == "archived").fill_null(False)
        # The call that was to archive it was lost: it may not have been done.
        | (was(Flag.DUE) & status.is_null()),
    )
    # Whether a call that was lost has archived it shows in its state.
    archived = was(Flag.ARCHIVED) & (~was(Flag.DUE) | (status == "archived").fill_null(False))
    present, withdrew = pl.col("refuses").is_not_null(), _withdrew()
    outside = pl.col("outside").fill_null(False)
    hidden = archived if policy.takes_tags else archived | ~withdrew
    wanted = (
        pl.when(withdrew)
        .then(int(policy.withdrawn_action))
        .when(present & ~outside)
        .then(int(Action.NONE))
        .otherwise(_at_most(policy))
    )
    ours = was(Flag.ADDED) & ~hidden
    unanswered = ours & was(Flag.PENDING) & (status == "pending").fill_null(False)
    unanswered &= wanted != int(Action.NONE)
    action = (
        pl.when(ours & status.is_null())
        .then(wanted)
        .when(unanswered)
        .then(int(Action.WAIT))
        .otherwise(int(Action.NONE))
    )
    remove = pl.when(hidden).then(empty()).otherwise(pl.col("old_tags").fill_null(0))
    # With nothing to do about her, her profile's row says all, or what was told when she left.
    nameless = pl.col("still") == int(Still.WITHOUT_ADDRESS)
    told = present | was(Flag.UNSUBSCRIBED) | nameless
    idle = hidden | (told & (remove == 0) & (action == int(Action.NONE)))
    note = (
        pl.when(withdrew)
        .then(int(Note.CONSENT_WITHDRAWN))
        .when(~present & nameless)
        .then(int(Note.WITHOUT_ADDRESS))
        .when(unanswered)
        .then(int(Note.PENDING))
        .otherwise(pl.col("told_as").fill_null(int(Note.NONE)))
    )
    leavers = gone.select(
        "email",
        "customer_id",
        segments=empty(),
        wanted=empty(),
        kind=pl.when(idle).then(int(Kind.KEPT)).otherwise(int(Kind.LEAVER)),
        code=pl.lit(None, dtype=pl.UInt8),
        note=pl.when(idle).then(int(Note.NONE)).otherwise(note),
        action=action,
        add=empty(),
        remove=remove,
        **{name: pl.col(name) for name in gone.columns if name.startswith("old_")},
    ).with_columns(
        old_flags=_flags_now(gone, policy),
        present=gone["refuses"].is_not_null(),
        withdrew=gone.select(withdrew).to_series(),
    )
    # Nothing is left to do or to say: she is forgotten as others are who have left.
    past = outside & idle & ~hidden & ~withdrew & ~was(Flag.UNSUBSCRIBED)
    return leavers.filter(~gone.select(past).to_series())


def with_answers(gone: pl.DataFrame, answers: pl.DataFrame | None) -> pl.DataFrame:
    """Add what profiles say, the `note` as `told_as`: see eligibility.answers.

    Null for who has none. still: that no snapshot has them otherwise (see still_there.py).
    """
    gone = gone.with_columns(still=pl.lit(int(Still.NO), dtype=pl.UInt8))
    if answers is None:
        none = pl.lit(None, dtype=pl.Boolean)
        told = pl.lit(None, dtype=pl.Int32)
        return gone.with_columns(refuses=none, as_new=none, told_as=told, outside=none)
    return gone.join(answers.rename({"note": "told_as"}), on="email", how="left")


def _withdrew() -> pl.Expr:
    said_no = pl.col("refuses").fill_null(False) & pl.col("as_new").fill_null(False)
    return said_no & was(Flag.CONSENTED)


def _flags_now(gone: pl.DataFrame, policy: Policy) -> pl.Series:
    """Return what the ledger says of leavers, with whether they refuse now, or have left."""
    flags = pl.col("old_flags") & (FLAGS ^ int(Flag.REFUSED))
    unsubscribed = (pl.col("status") == "unsubscribed") & (pl.col("customer_id") != "")
    flags |= (
        pl.when(unsubscribed.fill_null(False))
        .then(int(Flag.UNSUBSCRIBED))
        .otherwise(0)
        .cast(pl.UInt16)
    )
    refuses = pl.col("refuses")
    left = refuses.is_null() | (pl.col("outside").fill_null(False) & ~_withdrew())
    return gone.select(
        pl.when(left)
        .then(flags | _mildness(policy))
        .when(refuses)
        .then(flags | pl.lit(int(Flag.REFUSED), dtype=pl.UInt16))
        .otherwise(flags)
    ).to_series()


def in_one_row(rows: pl.DataFrame, leavers: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Let the row of a leaver take the place of that of the profile that a snapshot still has.

    Of several profiles it is that with the CustomerId of before, else the first.
    """
    told = leavers.filter(pl.col("kind") == int(Kind.LEAVER), "present").select(
        "email", was_id="customer_id"
    )
    if told.is_empty():
        return rows, leavers
    profiles = (
        rows.lazy()
        .select("email", "customer_id", "segments", "kind", "code")
        .with_row_index("place")
        .filter(pl.col("kind") == int(Kind.PROFILE), pl.col("code").is_in(_TOLD))
        .join(told.lazy(), on="email")
        .sort(pl.col("customer_id") != pl.col("was_id"), "place")
        .unique("email", keep="first", maintain_order=True)
        .select("email", "place", of_id="customer_id", of="segments")
        .collect()
    )
    kept = pl.repeat(True, rows.height, eager=True).scatter(profiles["place"], False)
    taken = leavers.join(
        profiles.drop("place"), on="email", how="left", maintain_order="left"
    ).with_columns(
        customer_id=pl.coalesce("of_id", "customer_id"), segments=pl.coalesce("of", "segments")
    )
    return rows.filter(kept), taken.drop("of_id", "of")


def _mildness(policy: Policy) -> pl.Expr:
    """Return the flag that says how mild the export is with who is missing now."""
    match policy.leavers:
        case "keep":
            flag = int(Flag.KEEP)
        case "archive":
            flag = int(Flag.ARCHIVE_AT_MOST)
        case "untag" | "unsubscribe":
            # Who is only untagged is forgotten with that.
            flag = 0
        case unknown:
            assert_never(unknown)
    return pl.lit(flag, dtype=pl.UInt16)


def _at_most(policy: Policy) -> pl.Expr:
    """Return what is done with leavers, the milder of what the export says now and said then."""
    now = pl.lit(int(policy.leavers_action))
    archived = pl.lit(int(Action.ARCHIVE))
    elsewhere = pl.col("still") == int(Still.OTHER_ADDRESS)
    harsher = (was(Flag.ARCHIVE_AT_MOST) | elsewhere) & (now == int(Action.UNSUBSCRIBE))
    milder = pl.when(harsher).then(archived).otherwise(now)
    spared = was(Flag.KEEP) | (pl.col("still") == int(Still.WITHOUT_ADDRESS))
    return pl.when(spared).then(int(Action.NONE)).otherwise(milder)


def keep_what_others_give(rows: pl.DataFrame, given_by_others: pl.DataFrame) -> pl.DataFrame:
    """Leave what another export still gives: its tags, and the contact itself.

    Who is left for that alone is `held`: finish looks whether the other has let go meanwhile. Who
    withdrew is held by those alone that let go of people (`firm`). Of whom is sent it is said where
    the audience has them from another export.
    """
    if given_by_others.is_empty():
        return rows.with_columns(spared=empty(), held=pl.lit(False))
    given = given_by_others.select("email", "accepted", "firm", others="tags")
    leaver = pl.col("kind") == int(Kind.LEAVER)
    holds = pl.col("firm") | ~pl.col("withdrew")
    held = leaver & pl.col("others").is_not_null() & holds
    acts = pl.col("action") != int(Action.NONE)
    sent = (pl.col("kind") == int(Kind.CONTACT)) & (pl.col("action") == int(Action.UPSERT))
    known = sent & pl.col("accepted").fill_null(False)
    flags = pl.col("old_flags").fill_null(0) | pl.lit(int(Flag.ELSEWHERE), dtype=pl.UInt16)
    return (
        lookup.left_join(rows, given, "email")
        .with_columns(
            remove=pl.col("remove") & ~pl.col("others").fill_null(0),
            spared=pl.col("remove") & pl.col("others").fill_null(0),
            action=pl.when(held).then(int(Action.NONE)).otherwise("action"),
            note=pl.when(held & pl.col("note").is_in([int(Note.WAITING), int(Note.PENDING)]))
            .then(int(Note.NONE))
            .otherwise("note"),
            held=held & acts,
            old_flags=pl.when(known).then(flags).otherwise("old_flags"),
        )
        .drop("others", "accepted", "firm")
    )
