"""What other exports' ledgers of before there was a memory say: whom 0.1.0 created by them.

The ledger of an export that never runs again, detached or to be removed, would take that along.
"""

import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from shared.audiences.marks import made_schema
from shared.platform.blobs import Blobs
from shared.platform.clock import from_text
from shared.runs import ledger
from shared.runs.ledger import Flag
from shared.runs.neighbours import UnknownNeighbourError, neighbours
from shared.runs.plan_document import Plan

if TYPE_CHECKING:
    import polars as pl


class OldLedgers:
    """The ledgers of other exports on a run's audience; `read`: whether any was."""

    def __init__(self, blobs: Blobs, plan: Plan) -> None:
        self._blobs = blobs
        self._plan = plan
        self.read = False

    def created(self, known: Collection[str]) -> "dict[str, pl.DataFrame]":
        """Return rows of `made` by the uids of the exports, without those that are known."""
        plan = self._plan
        try:
            exports = neighbours(self._blobs, plan.audience, plan.ledger.uid)
        except UnknownNeighbourError:
            return {}
        since = {one.uid: one.created_at for one in exports if one.uid not in known}
        found = ledger.others(self._blobs, plan.ledger, since)
        self.read = bool(found)
        return {one.uid: self._created(one, since[one.uid]) for one in found}

    def _created(self, old: ledger.Ledger, since: str) -> "pl.DataFrame":
        import polars as pl

        first = int(from_text(since).timestamp()) + self._plan.clock_offset
        last = int(time.time()) + self._plan.clock_offset
        rows = ledger.read_table(
            self._blobs, old, ["email", "customer_id", "flags", "made_from", "made_to"]
        )
        added = (pl.col("flags") & int(Flag.ADDED | Flag.ARCHIVED)) == int(Flag.ADDED)
        unknown = pl.col("made_to") == 0
        return (
            rows.filter(added)
            .with_columns(
                pl.col("customer_id").fill_null(""),
                made_from=pl.when(unknown).then(first).otherwise("made_from"),
                made_to=pl.when(unknown).then(last).otherwise("made_to"),
            )
            .select(list(made_schema()))
            .cast(made_schema())  # type: ignore[arg-type] # a plain dict of names to types
        )
