"""What has to be done so that the audience has what the segments say: contacts against the ledger.

The result is one table (its rows: `run_table`) with a row per outcome of the run, and beside it
what finish needs to write the next ledger: no later step looks at the old ledger's rows again.

- `policy`: the export's wishes
- `compare`: puts ledger and contacts together, then decides, step by step
- `contacts`: who is in the segments; `leavers`: who is not any more
- `again`: the same where only some are asked again
- `generations`: who waits until all segments can tell; `safety_stop`: when nobody is removed
"""

from shared.runs.planning.difference.again import asked_among, decide_again, with_others
from shared.runs.planning.difference.compare import contact_rows, decide, join_ledger
from shared.runs.planning.difference.contacts import with_elsewhere
from shared.runs.planning.difference.generations import (
    Generation,
    Generations,
    Neighbour,
    waiting,
)
from shared.runs.planning.difference.leavers import with_answers
from shared.runs.planning.difference.policy import Policy
from shared.runs.planning.difference.safety_stop import FLOOR, Removals
from shared.runs.run_table import NOTES, Action, Kind, Note

__all__ = [
    "FLOOR",
    "NOTES",
    "Action",
    "Generation",
    "Generations",
    "Kind",
    "Neighbour",
    "Note",
    "Policy",
    "Removals",
    "asked_among",
    "contact_rows",
    "decide",
    "decide_again",
    "join_ledger",
    "waiting",
    "with_answers",
    "with_elsewhere",
    "with_others",
]
