"""Keeps what is remembered of audiences small: many tables become one, and what is over goes."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app import App
from shared.audiences import answers, memory
from shared.audiences.marks import CREATION_OVER, Mark
from shared.audiences.memory import Memory
from shared.frames import tables
from shared.platform import log
from shared.platform.blobs import BlobConflictError, Blobs
from shared.platform.clock import utc_now
from shared.runs import ledger
from shared.runs.record import read_run

if TYPE_CHECKING:  # polars is imported where there is something to do
    import polars as pl


def put_together(app: App) -> None:
    """Make one table of those that runs have added to the memory of each audience."""
    for found in memory.memories(app.blobs):
        if len(found.made) < 2:
            continue
        with app.heavy_work, app.leases.held(_lock(found)) as lock:
            if lock is not None:
                _put_together(app, memory.load(app.blobs, found.account, found.audience))


def _put_together(app: App, old: Memory) -> None:
    import polars as pl

    people = memory.read_people(app.blobs, old)
    over = people.filter((pl.col("marks") & CREATION_OVER) != 0)["email"]
    made = (
        pl.concat([tables.read(app.blobs, name) for name in old.made])
        .unique("email", keep="last", maintain_order=True)
        .filter(~pl.col("email").is_in(over.implode()))
    )
    kept = made.filter(_is_kept(app, old, made))
    # With no creation left that one of these could end, it says nothing.
    still = people.filter(pl.col("marks") != int(Mark.LET_GO))
    new = replace(old, runs=tuple(run for run in old.runs if _may_be_finished(app.blobs, run)))
    try:
        memory.store(app.blobs, old, new, made=[kept], people=still)
    except BlobConflictError:
        # Somebody was erased meanwhile: the next hour does it.
        return
    _forget_answers(app, old)
    log.event("memory_put_together", tables=len(old.made), contacts=kept.height)


def _forget_answers(app: App, old: Memory) -> None:
    """Forget the answers of whom no export holds and nothing was noted of for long."""
    rows = answers.read(app.blobs, old.account, old.audience)[1]
    if rows.is_empty():
        return
    kept = _is_kept(app, old, rows.select("email", made_to="noted_at"))
    gone = rows.filter(~kept)["email"]
    if gone.len():

        def among(found: "pl.DataFrame") -> "pl.Series":
            return found["email"].is_in(gone.implode())

        answers.without(app.blobs, old.account, old.audience, among)


def _is_kept(app: App, old: Memory, made: "pl.DataFrame") -> "pl.Series":
    """Tell who is young enough to be remembered, or held by an export."""
    ago = utc_now() - timedelta(days=app.settings.run_retention_days)
    kept = made["made_to"] >= int(ago.timestamp())
    if kept.all():
        return kept
    for account, audience, uid in ledger.all_ledgers(app.blobs):
        if (account, audience) == (old.account, old.audience):
            found = ledger.load(app.blobs, account, audience, uid)
            held = ledger.read_table(app.blobs, found, ["email"])["email"]
            kept |= made["email"].is_in(held.implode())
    return kept


def _may_be_finished(blobs: Blobs, run: str) -> bool:
    """Return whether a run may be finished once more."""
    found = read_run(blobs, run)
    return found is not None and (not found.status.ended or found.unfolded)


def _lock(one: Memory) -> str:
    return memory.lock_name(one.account, one.audience)
