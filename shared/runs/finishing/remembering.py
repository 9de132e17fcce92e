"""Adds to the audience's memory what a run has made there, once, however often it is finished."""

from typing import TYPE_CHECKING

from shared.audiences import answers, memory
from shared.audiences.memory import Part
from shared.platform.blobs import Blobs
from shared.runs.plan_document import Plan

if TYPE_CHECKING:
    import polars as pl

    from shared.runs.finishing.fold import Remembered, Said


def recall(blobs: Blobs, plan: Plan) -> "Remembered":
    """Return what is remembered of the audience so far."""
    from shared.runs.finishing.fold import Remembered

    found = memory.load(blobs, plan.account, plan.audience)
    return Remembered(
        memory.read_people(blobs, found).select("email", "marks"),
        has_ledger=plan.ledger.uid in found.exports,
    )


def remember_answers(blobs: Blobs, plan: Plan, said: "pl.DataFrame | None", now: int) -> None:
    """Add what a run has read and written of contacts' answers; holding the audience's lock.

    said: see Folded.answers. now: in seconds since 1970.
    """
    from shared.runs.finishing.fold import merged

    if said is None or said.is_empty():
        return

    def after(before: "pl.DataFrame", ids: tuple[str, ...]) -> "pl.DataFrame":
        return merged(before, said, (plan.interests, ids), plan.answers_at, now)

    answers.add(blobs, plan.account, plan.audience, plan.run, plan.interests, after)


def remember(blobs: Blobs, plan: Plan, said: "Said") -> None:
    """Add a run's part; whoever calls this holds the audience's lock."""
    import polars as pl

    uid = plan.ledger.uid
    memory.add(
        blobs,
        plan.account,
        plan.audience,
        Part(
            run=plan.run,
            uid=uid,
            made=said.made,
            people=said.people.with_columns(by=pl.lit(uid)),
            known=said.known,
        ),
    )
