"""Keeps what a run has seen of changes that people made by hand, and warns of new ones."""

from dataclasses import replace

from shared.drift.looking import OF_RUNS
from shared.drift.store import DriftStore
from shared.notice import Notice
from shared.platform.blobs import Blobs
from shared.runs.plan_document import Plan


def drift_warnings(blobs: Blobs, plan: Plan, *, sent: bool) -> list[Notice]:
    """Take in what the plan has seen; return the warning `drift_found` where some of it is new.

    sent: the run was not stopped, so that what it was to put back is put back.
    """
    if plan.look is None:
        return []
    look = plan.look if sent else replace(plan.look, carried_out=())
    kept = DriftStore(blobs, plan.account, plan.audience)
    count = kept.take_in(plan.ledger.uid, look, OF_RUNS, sent=sent)
    if not count:
        return []
    text = "Somebody has changed by hand in Mailchimp what this export keeps there: see its drift."
    return [Notice("drift_found", text, {"count": count})]
