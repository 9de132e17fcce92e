"""Contacts against the ledger: who is new, who has changed, who has left."""

from dataclasses import replace

import polars as pl

from shared.frames import lookup
from shared.frames.masks import translate
from shared.runs.codes import SKIPPED_BY_STATUS
from shared.runs.planning.difference.contacts import (
    decide_on_contacts,
    leave_out_unsubscribed,
)
from shared.runs.planning.difference.generations import hold_back
from shared.runs.planning.difference.leavers import (
    in_one_row,
    keep_what_others_give,
    leavers_of,
)
from shared.runs.planning.difference.older import leave_out_older, without_older_tags
from shared.runs.planning.difference.policy import Policy
from shared.runs.planning.difference.safety_stop import (
    Removals,
    stop_removals,
    stop_withdrawals,
)
from shared.runs.run_table import Kind


def contact_rows(classified: pl.DataFrame, tags_of_segments: list[int]) -> pl.DataFrame:
    """Add to classified profiles as `wanted` the mask of the tags that their segments give.

    tags_of_segments: for each segment, in the order of the segment bits, the bit of its tag.
    """
    wanted = translate("segments", dict(enumerate(tags_of_segments)))
    return classified.with_columns(wanted=wanted)


def join_ledger(contacts: pl.DataFrame, ledger: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return contacts with what the ledger says of them, and who of it is not among them.

    contacts: email, customer_id, segments, wanted, code (null: to be sent), state, digest,
    fields. ledger: see ledger.schema, but with each row's `place` instead of its customer_id,
    which nobody asks for here; it is not needed any more afterwards.
    """
    same = ("email", "place")
    old = ledger.rename({name: f"old_{name}" for name in ledger.columns if name not in same})
    # Each column is let go of as it is taken over, unless somebody else has the ledger as well.
    del ledger
    at = lookup.find(contacts["email"], old["email"])
    there = pl.col("code").is_null() | _is_skipped_contact()
    rows = contacts.with_columns(kind=pl.when(there).then(int(Kind.CONTACT)).otherwise(0))
    present = at.filter(rows["kind"] == int(Kind.CONTACT)).drop_nulls()
    gone = old.filter(pl.repeat(True, old.height, eager=True).scatter(present, False))
    known = not old.is_empty()
    for name in [name for name in old.columns if name not in same]:
        column = old.drop_in_place(name)
        column = column.gather(at) if known else column.clear(at.len())
        rows.insert_column(rows.width, column)
    return rows, gone


def decide(
    rows: pl.DataFrame,
    gone: pl.DataFrame,
    policy: Policy,
    given_by_others: pl.DataFrame,
    suppressed: pl.DataFrame,
    segment_tags: dict[int, int],
) -> tuple[pl.DataFrame, Removals]:
    """Return the table of the run and what the safety stop said.

    rows: see join_ledger. gone: the same, with customer_id, and with what their profiles say of
    consent where that is asked for (see with_answers). given_by_others: who others on the audience
    hold; `tags`: the mask of those of this ledger's tags that they still give.
    suppressed: email and status of who is in a protected state. segment_tags: segment bit to tag
    bit. The table: see run_table.py.
    """
    rows = without_older_tags(rows, policy, segment_tags)
    rows = decide_on_contacts(rows, policy)
    rows = leave_out_older(rows, policy, segment_tags)
    rows = leave_out_unsubscribed(rows)
    rows = rows.with_columns(
        stamp=pl.lit(0, dtype=pl.UInt32), withdrew=pl.lit(False), present=pl.lit(True)
    )
    leavers = hold_back(leavers_of(gone, suppressed, policy), policy.generations)
    if leavers.height:
        rows, leavers = in_one_row(rows, leavers)
        rows = pl.concat([rows, leavers], how="diagonal")
    rows, removals = stop_removals(rows, policy, segment_tags)
    rows, withdrawals, count = stop_withdrawals(rows, policy)
    removals = replace(removals, withdrawals=withdrawals, withdrawals_count=count)
    rows = keep_what_others_give(rows, given_by_others)
    return rows.drop("withdrew", "present"), removals


def _is_skipped_contact() -> pl.Expr:
    """Return whether a row is skipped for its state: it is in the segments all the same."""
    return pl.col("code").is_in(list(SKIPPED_BY_STATUS.values()))
