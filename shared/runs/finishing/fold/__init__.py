"""From what was planned and what was answered to outcomes and the next ledger. No input, no output.

- `results`: what the blocks of the chunks say of each item
- `joined`: the results beside the rows of the run's table (see run_table.py); every
  contact of the old ledger is in it, so that nothing else is needed
- `outcome_rows`: what people are told of each row
- `ledger_rows`: what the next run has to know of each contact
- `memory_rows`: what all exports on the audience have to know
- `answer_rows`: what they have to know of interests and languages
- `folded`: all of it, some rows at a time
"""

from shared.runs.finishing.fold.answer_rows import merged
from shared.runs.finishing.fold.folded import Folded, fold, parts_of
from shared.runs.finishing.fold.joined import Answered
from shared.runs.finishing.fold.ledger_rows import Times
from shared.runs.finishing.fold.memory_rows import Remembered, Said
from shared.runs.finishing.fold.results import (
    MAYBE_SENT,
    NOT_SENT,
    WRITTEN,
    Results,
    results_of,
)

__all__ = [
    "MAYBE_SENT",
    "NOT_SENT",
    "WRITTEN",
    "Answered",
    "Folded",
    "Remembered",
    "Results",
    "Said",
    "Times",
    "fold",
    "merged",
    "parts_of",
    "results_of",
]
