"""The ledger after the run: what is accepted, uncertain, refused, due."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from shared.frames.masks import empty
from shared.mailchimp.errors import retry_after
from shared.runs import ledger
from shared.runs.codes import ERASED, FAILED, NAMES, NUMBER, REJECTED, SKIPPED_BY_STATUS
from shared.runs.finishing.fold.results import MAYBE_SENT
from shared.runs.ledger import RETRY_NEVER, RETRY_WHEN_CHANGED, Flag
from shared.runs.run_table import Action, Kind, Note, was

_LEAVING = (int(Action.ARCHIVE), int(Action.UNSUBSCRIBE), int(Action.WAIT))


@dataclass(frozen=True)
class Times:
    """Times in seconds since 1970: `now`, and Mailchimp's times between which this run sent."""

    now: int
    since: int
    until: int


def next_ledger(table: pl.DataFrame, times: Times, *, pending: bool, consent: bool) -> pl.DataFrame:
    """Return the next ledger's rows; table: rows of the run's table with their answers."""
    now = times.now
    took, maybe = accepted(), _maybe_accepted()
    old_fields = pl.col("old_fields").fill_null(0)
    retry_at = pl.col("up_code").replace_strict(_retry_times(now), default=0, return_dtype=pl.Int64)
    return (
        table.filter(pl.col("kind") != int(Kind.PROFILE), ~pl.col("code").eq_missing(ERASED))
        .with_columns(new_tags=_tags(), new_flags=_flags(pending=pending, consent=consent))
        .filter(_stays())
        .select(
            email="email",
            customer_id="customer_id",
            # Of whom a value was not taken the next run sends all again.
            digest=pl.when(took & pl.col("untaken").fill_null(False))
            .then(pl.lit(0, dtype=pl.UInt64))
            .when(took)
            .then("digest")
            .otherwise(pl.col("old_digest").fill_null(0)),
            tags="new_tags",
            # What may have been sent has to be cleared, too, once it is blank.
            fields=pl.when(took)
            .then("fields")
            .otherwise(old_fields | pl.when(maybe).then("fields").otherwise(empty())),
            flags="new_flags",
            refusal=_refused(pl.col("up_code"), pl.col("old_refusal")),
            refused_digest=_refused(pl.col("digest"), pl.col("old_refused_digest")),
            retry_at=_refused(retry_at, pl.col("old_retry_at")).fill_null(0),
            left=_left_to_others(),
            **made(),
            **moved(times),
            stamp=pl.col("stamp").fill_null(0),
            **_tried(times),
            # Who knows what a lost call has left there.
            shown=pl.when(took).then("up_shown").when(~maybe).then("old_shown").fill_null(0),
        )
        .select(list(ledger.schema()))
        .cast(ledger.schema())  # type: ignore[arg-type] # a plain dict of names to types
    )


def is_one(column: str, *codes: int) -> pl.Expr:
    """Return whether an answer is one of some codes; who was not asked about has none."""
    return pl.col(column).is_in(codes).fill_null(False)


def accepted() -> pl.Expr:
    """Return whom Mailchimp has created or updated."""
    return is_one("up_code", NUMBER["created"], NUMBER["updated"])


def _maybe_accepted() -> pl.Expr:
    """Return whose answer never came: those contacts may have been taken all the same."""
    return is_one("up_code", MAYBE_SENT, FAILED)


def _tags() -> pl.Expr:
    """Return the tags that a contact has, or may have."""
    old = pl.col("old_tags").fill_null(0)
    got = pl.col("add") & ~pl.col("lacking").fill_null(0)
    may_have = pl.col("tag_maybe") | pl.when(_maybe_accepted()).then("add").otherwise(empty())
    # An answer may show that a contact has lost a tag that it had.
    lacks = pl.col("lacking").fill_null(0)
    held = pl.when(accepted()).then((old | got) & ~lacks).otherwise(old)
    lost = pl.col("tag_removed") | pl.col("tag_gone")
    return (held | pl.col("tag_added") | may_have) & ~lost


def _left_to_others() -> pl.Expr:
    """Return the tags that another export keeps: its own, until a segment gives them again."""
    left = pl.col("spared") | pl.col("old_left").fill_null(0)
    return left & ~pl.col("wanted") & pl.col("new_tags")


def _flags(*, pending: bool, consent: bool) -> pl.Expr:
    took, maybe = accepted(), _maybe_accepted()
    consents = (pl.col("kind") == int(Kind.CONTACT)) & pl.lit(consent)
    created = is_one("up_code", NUMBER["created"])
    # Who did not get a tag alone is sent whole: the audience may not hold it any more.
    untagged = (pl.col("tag_maybe") | (pl.col("tag_bad") & pl.col("add"))) != 0
    # A lost call may have created it: should it turn out to be pending, it is this export's own.
    as_pending = (created | (maybe & ~was(Flag.ACCEPTED))) & pl.lit(pending)
    # Whom this product archived and now asks waits for an answer of its own.
    asked = pl.col("asked").fill_null(False)
    gone, may_be = archived(), maybe_archived()
    ours = ~let_go()
    # Who was unsubscribed or cleaned since may not come back, however it is archived later.
    others = [n for status, n in SKIPPED_BY_STATUS.items() if status != "archived"]
    still_archived = was(Flag.ARCHIVED) & ~took & ~is_one("code", *others)
    done = gone | is_one("one_code", NUMBER["unsubscribed"])
    # How mild its export was when it left counts until it is in a segment again.
    missing = pl.col("kind").is_in([int(Kind.LEAVER), int(Kind.KEPT)])
    return (
        _flag(Flag.ACCEPTED, was(Flag.ACCEPTED) | took)
        | _flag(Flag.ADDED, (was(Flag.ADDED) & ours) | created | pl.col("by_us").fill_null(False))
        | _flag(Flag.UNCERTAIN, (was(Flag.UNCERTAIN) & ~took) | maybe | untagged)
        | _flag(Flag.ARCHIVED, (still_archived & ours) | gone | may_be)
        | _flag(Flag.PENDING, (was(Flag.PENDING) & ~took) | as_pending | asked)
        | _flag(Flag.DUE, pl.col("action").is_in(_LEAVING) & ~done & ours)
        | _flag(Flag.ARCHIVE_AT_MOST, missing & was(Flag.ARCHIVE_AT_MOST))
        | _flag(Flag.KEEP, missing & was(Flag.KEEP))
        | _flag(Flag.UNSUBSCRIBED, missing & was(Flag.UNSUBSCRIBED))
        | _flag(Flag.CONSENTED, was(Flag.CONSENTED) | (consents & (was(Flag.ACCEPTED) | took)))
        | _flag(Flag.REFUSED, was(Flag.REFUSED) & (pl.col("kind") != int(Kind.CONTACT)))
    )


def archived() -> pl.Expr:
    """Return whom a call of this run has archived."""
    return is_one("one_code", NUMBER["archived"])


def maybe_archived() -> pl.Expr:
    """If the call that was lost has archived it, the next plan sees that."""
    return (pl.col("action") == int(Action.ARCHIVE)) & is_one("one_code", MAYBE_SENT)


def let_go() -> pl.Expr:
    """Return who was found not to be this export's, or not any more."""
    return pl.col("up_let_go").fill_null(False) | pl.col("one_let_go").fill_null(False)


def made() -> dict[str, pl.Expr]:
    """Return between which of Mailchimp's times a call of this export created a contact."""
    by_us = pl.col("by_us").fill_null(False)
    tried = pl.col("old_tried").fill_null(0)
    # Which of several tries it was is not known.
    first = pl.when(by_us & (tried > 0)).then(pl.min_horizontal("up_from", tried))
    now = is_one("up_code", NUMBER["created"]) | by_us
    return _times("made", now, first.otherwise("up_from"), pl.col("up_to"))


def moved(times: Times) -> dict[str, pl.Expr]:
    """Return between which of Mailchimp's times this export last archived a contact, or asked it.

    Of a call whose answer was lost: at any time of the run.
    """
    asked = pl.col("asked").fill_null(False)
    first = pl.when(asked).then("up_from").when(archived()).then("one_from")
    last = pl.when(asked).then("up_to").when(archived()).then("one_to")
    done = asked | archived() | maybe_archived()
    return _times("moved", done, first.otherwise(times.since), last.otherwise(times.until))


def _times(name: str, now: pl.Expr, first: pl.Expr, last: pl.Expr) -> dict[str, pl.Expr]:
    def known(end: str, new: pl.Expr) -> pl.Expr:
        old = pl.when(~let_go()).then(f"old_{name}_{end}").fill_null(0)
        return pl.when(now).then(new.fill_null(0)).otherwise(old).cast(pl.UInt32)

    return {f"{name}_from": known("from", first), f"{name}_to": known("to", last)}


def _flag(flag: Flag, condition: pl.Expr) -> pl.Expr:
    one, zero = pl.lit(int(flag), dtype=pl.UInt16), pl.lit(0, dtype=pl.UInt16)
    return pl.when(condition.fill_null(False)).then(one).otherwise(zero)


def _stays() -> pl.Expr:
    """Return of which contacts something is left to remember, or, of leavers, to do."""
    flags = pl.col("new_flags")
    withheld = ~pl.col("note").is_in([int(Note.NONE), int(Note.FILTERED)])
    remembered = int(Flag.DUE | Flag.ARCHIVED | Flag.UNSUBSCRIBED)
    undone = (pl.col("new_tags") != 0) | ((flags & remembered) != 0)
    known = (flags != 0) | pl.col("old_flags").is_not_null()
    return (
        pl.when(pl.col("kind") == int(Kind.LEAVER))
        .then(withheld | undone)
        .otherwise(known | _rejected() | _refused_before())
    )


def _rejected() -> pl.Expr:
    return is_one("up_code", *REJECTED)


def _refused_before() -> pl.Expr:
    """Return of which contacts an earlier refusal is remembered.

    Once the suppression table says why, it is not needed any more: a contact that comes back by a
    form is to be sent again.
    """
    skipped = is_one("code", *SKIPPED_BY_STATUS.values())
    return pl.col("old_refusal").is_not_null() & pl.col("up_code").is_null() & ~skipped


def _refused(new: pl.Expr, old: pl.Expr) -> pl.Expr:
    """Return what is remembered of a refusal in this run, or in an earlier one; else null."""
    return pl.when(_rejected()).then(new).when(_refused_before()).then(old)


def _tried(times: Times) -> dict[str, pl.Expr]:
    """Return when a contact was tried first since it was last accepted; 0 when it wasn't.

    Of several runs in which it was, the first one counts.
    """
    before = pl.col("old_tried").fill_null(0)
    again = _maybe_accepted() & (before == 0)

    def at(old: pl.Expr, new: int) -> pl.Expr:
        return pl.when(again).then(new).when(accepted()).then(0).otherwise(old)

    return {
        "tried": at(before, times.since).cast(pl.Int64),
        "tried_to": at(pl.col("old_tried_to").fill_null(0), times.until).cast(pl.UInt32),
    }


def _retry_times(now: int) -> dict[int, int]:
    """Return for each refusal when it may be sent again (see ledger.schema)."""
    times = {}
    for number in REJECTED:
        match retry_after(NAMES[number]):
            case timedelta() as wait:
                times[number] = now + int(wait.total_seconds())
            case "data_changed":
                times[number] = RETRY_WHEN_CHANGED
            case _:
                times[number] = RETRY_NEVER
    return times
