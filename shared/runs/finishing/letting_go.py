"""Who lets go of a contact last: two runs at once both see it held by the other's export.

Called while nobody else writes ledgers on the audience: of two such runs the one that is finished
last finds that nobody holds the contact any more. What its export says of leavers is due then.
"""

from typing import TYPE_CHECKING

from shared.platform.blobs import Blobs
from shared.runs import ledger
from shared.runs.neighbours import UnknownNeighbourError, given_by_others, neighbours
from shared.runs.plan_document import Plan
from shared.runs.run_table import Action, with_all_columns

if TYPE_CHECKING:
    import polars as pl


class Released:
    """The leavers whom other exports held when the run was planned; `found`: some are due now."""

    def __init__(self, blobs: Blobs, plan: Plan) -> None:
        self._blobs = blobs
        self._plan = plan
        self.found = False

    def made_due(self, table: "pl.DataFrame") -> "pl.DataFrame":
        """Return the run's table; whom nobody holds any more is to be removed by the next run."""
        import polars as pl

        table = with_all_columns(table)
        held = table.filter("held")["email"]
        if held.is_empty():
            return table
        still = self._held_by_others()
        due = held if still is None else held.filter(~held.is_in(still.implode()))
        self.found = not due.is_empty()
        now = pl.col("held") & pl.col("email").is_in(due.implode())
        return table.with_columns(action=pl.when(now).then(int(Action.WAIT)).otherwise("action"))

    def _held_by_others(self) -> "pl.Series | None":
        """Return whom other exports hold now, None where nobody can tell: the next plan has to."""
        plan = self._plan
        try:
            exports = neighbours(self._blobs, plan.audience, plan.ledger.uid)
        except UnknownNeighbourError:
            return None
        others = ledger.others(self._blobs, plan.ledger, [export.uid for export in exports])
        return given_by_others(self._blobs, plan.ledger, others)["email"]
