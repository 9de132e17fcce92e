"""What a preview tells: the plan's counts, calls and minutes, and a few masked contacts."""

import polars as pl

from shared.runs.bill import NO_GROWTH, bill_of
from shared.runs.codes import OUTCOMES
from shared.runs.more import permissions_among
from shared.runs.payload import CONTACTS_PER_CALL
from shared.runs.planning import cutting
from shared.runs.planning.audience import Setup
from shared.runs.planning.build import Built
from shared.runs.preview_plan import PlanCounts, PreviewPlan, Sample, mask
from shared.runs.run_table import Action, Kind, Note

_SAMPLES = 5
# Seconds that a call of 500 contacts takes, as far as anybody has published one: Mailchimp's own
# time, which is nearly all of it.
_SECONDS_PER_CALL = 10.0
_SECONDS_PER_SINGLE = 0.5


def describe(built: Built, setup: Setup, lanes: int) -> PreviewPlan:
    """Return what a preview tells; lanes: calls that are made at the same time."""
    permissions = permissions_among(built.plan.interests)
    work = cutting.work_of(built.table, new_first=False, permissions=permissions)
    upserts = -(-work.upserts.height // CONTACTS_PER_CALL)
    tag_calls = sum(chunk[0] for chunk in cutting.tag_chunks(work.tag_ops, 1))
    # Of a leaver that is archived or unsubscribed it is read first whether that may be done.
    singles = 2 * work.singles.height
    singles += 0 if work.permits is None else work.permits.height
    calls = upserts + tag_calls + singles
    seconds = (upserts + tag_calls) * _SECONDS_PER_CALL
    seconds += singles * _SECONDS_PER_SINGLE
    new = built.table.filter(
        (pl.col("action") == int(Action.UPSERT)) & pl.col("old_flags").is_null()
    )
    return PreviewPlan(
        counts=_counts(built),
        calls=calls,
        minutes=round(seconds / 60 / lanes, 1),
        new_to_export=new.height,
        audience_contacts=setup.state.audience.contacts,
        removals_withheld=built.plan.removals_withheld or None,
        samples=_samples(built.table),
        withheld=built.plan.withheld,
        bill=bill_of(built.plan.billing, built.growth or NO_GROWTH),
    )


def _kinds() -> dict[str, pl.Expr]:
    """Return what a plan does with a contact, and which rows those are."""
    action, none = pl.col("action"), int(Action.NONE)
    adds, removes = pl.col("add") != 0, pl.col("remove") != 0
    turned_away = [o.number for o in OUTCOMES if o.count in ("skipped", "rejected")]
    skipped = pl.col("code").is_in(turned_away).fill_null(False)
    kept = pl.col("kind") == int(Kind.KEPT)
    return {
        "to_upsert": action == int(Action.UPSERT),
        "to_tag": (action == none) & adds,
        "to_untag": removes,
        "to_archive": action == int(Action.ARCHIVE),
        "to_unsubscribe": action == int(Action.UNSUBSCRIBE),
        "unchanged": (action == none) & ~adds & ~removes & ~kept & ~skipped,
        "skipped": skipped,
    }


def _counts(built: Built) -> PlanCounts:
    """Return how many contacts the plan would do what with."""
    withdrew = pl.col("note") == int(Note.CONSENT_WITHDRAWN)
    kinds = {**_kinds(), "withdrawn": withdrew}
    counts = built.table.lazy().select(**{kind: rows.sum() for kind, rows in kinds.items()})
    found = counts.collect().row(0, named=True)
    return PlanCounts(profiles=built.plan.profiles, contacts=built.plan.contacts, **found)


def _samples(table: pl.DataFrame) -> dict[str, list[Sample]]:
    """Return a few contacts of each kind."""
    return {
        kind: [
            Sample(mask(row["email"]), row["customer_id"])
            for row in table.lazy()
            .filter(rows)
            .select("email", "customer_id")
            .head(_SAMPLES)
            .collect()
            .iter_rows(named=True)
        ]
        for kind, rows in _kinds().items()
    }
