"""Adds to the audience's memory what a run has made there, once, however often it is finished."""

from typing import TYPE_CHECKING

from shared.app import App
from shared.audiences import answers, memory
from shared.audiences.memory import Memory, Part
from shared.erased import load_erased
from shared.platform.blobs import Blobs
from shared.runs.finishing.old_ledgers import OldLedgers
from shared.runs.plan_document import Plan

if TYPE_CHECKING:
    import polars as pl

    from shared.runs.finishing.fold import Remembered, Said


def recall(blobs: Blobs, plan: Plan, known: Memory) -> "Remembered":
    """Return what is remembered of the audience so far; raises BlobMissingError."""
    from shared.runs.finishing.fold import Remembered

    return Remembered(
        memory.read_people(blobs, known).select("email", "marks"),
        has_ledger=plan.ledger.uid in known.exports,
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


def remember(app: App, plan: Plan, said: "Said", known: Memory) -> None:
    """Add a run's part to what is known; whoever calls this holds the audience's lock.

    The first one of an export adds what ledgers of before there was a memory say.
    """
    import polars as pl

    uid, old = plan.ledger.uid, OldLedgers(app.blobs, plan)
    says_nothing = said.made.is_empty() and said.people.is_empty() and said.known.is_empty()
    if says_nothing and not plan.chunks and uid in known.exports:
        return
    part = Part(
        run=plan.run,
        uid=uid,
        made=said.made,
        people=said.people.with_columns(by=pl.lit(uid)),
        known=said.known,
    )
    memory.add(app.blobs, plan.account, plan.audience, part, old.created, known)
    if old.read:
        # Who was erased while they were read may be in what was read.
        erased = load_erased(app.blobs, app.vault)
        memory.without(app.blobs, plan.account, plan.audience, erased.is_erased)
