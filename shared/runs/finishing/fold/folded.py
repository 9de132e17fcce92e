"""Folds a run: row by row, from answers to outcomes and the next ledger."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from typing import Self

import polars as pl

from shared.frames.tables import ROWS_AT_ONCE
from shared.runs.bill import NO_GROWTH, Growth
from shared.runs.codes import OUTCOMES
from shared.runs.finishing.fold.answer_rows import answers_said
from shared.runs.finishing.fold.growth_rows import growth_of
from shared.runs.finishing.fold.joined import Answered, RowAnswers
from shared.runs.finishing.fold.ledger_rows import Times, next_ledger
from shared.runs.finishing.fold.memory_rows import Remembered, Said, all_of, said_of
from shared.runs.finishing.fold.outcome_rows import outcomes_of
from shared.runs.ledger import Flag
from shared.runs.run_table import with_all_columns

# As many as a stored table's rows are decoded together: letting go of some frees their memory.
_FOLDED_ROWS = ROWS_AT_ONCE


@dataclass(frozen=True)
class Folded:
    """outcomes: email, customer_id, code, detail, segments (mask). counts: rows per code.

    said: what the run adds to the audience's memory. due: how many leavers are still to be archived
    or unsubscribed. growth: what the run did to the number of billable contacts. answers: see
    answer_rows; None where the export asks for none.
    """

    outcomes: pl.DataFrame
    ledger: pl.DataFrame
    said: Said
    counts: dict[str, int]
    due: int = 0
    growth: Growth = NO_GROWTH
    answers: pl.DataFrame | None = None

    def stored(self) -> Self:
        """Return what is left to do with once memory and ledger are stored: memory is scarce.

        Nothing of what is said, and of the ledger who is in it.
        """
        nothing = Said(self.said.made.clear(), self.said.people.clear(), self.said.known.clear())
        ledger = self.ledger.select("email", "customer_id")
        return replace(self, said=nothing, ledger=ledger, answers=None)


def parts_of(table: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield a run's table some rows at a time, without holding what was taken.

    Whoever gives it up to this has what is folded already in the memory no more.
    """
    waiting = deque(table.iter_slices(_FOLDED_ROWS)) or deque([table])
    del table
    while waiting:
        yield waiting.popleft()


def fold(
    parts: Iterable[pl.DataFrame],
    answered: Answered,
    times: Times,
    *,
    pending: bool,
    consent: bool = False,
    remembered: Remembered | None = None,
) -> Folded:
    """Return the outcomes and the next ledger; pending: contacts are created as pending.

    parts: the run's table, see parts_of; at least one. consent: only contacts are sent that
    consent. remembered: of the audience; None: nothing.
    """
    start = 0
    answers = RowAnswers.of(answered)
    remembered = remembered or Remembered()
    outcomes, contacts, said, growth, read = [], [], [], [], []
    # Each row speaks for itself, so the many columns in between are made of some rows at a time.
    for rows in parts:
        part = with_all_columns(rows)
        part = part.hstack(answers.beside(start, part.height).get_columns())
        start += part.height
        outcomes.append(outcomes_of(part))
        contacts.append(next_ledger(part, times, pending=pending, consent=consent))
        said.append(said_of(part, times, remembered))
        growth.append(growth_of(part, pending=pending))
        if (found := answers_said(part)) is not None:
            read.append(found)
    told = pl.concat(outcomes)
    counts = dict(told.group_by("code").len().select(pl.col("code"), pl.col("len")).iter_rows())
    ledger = pl.concat(contacts)
    return Folded(
        told,
        ledger,
        all_of(said),
        {one.code: counts[one.number] for one in OUTCOMES if one.number in counts},
        int(((ledger["flags"] & int(Flag.DUE)) != 0).sum()),
        reduce(Growth.plus, growth),
        pl.concat(read) if read else None,
    )
