"""What a plan's reading of the protected contacts shows of changes that people made by hand.

No call is made for it. Nothing is named that this product, or a contact's own address, may explain.
"""

from collections.abc import Mapping

import polars as pl

from shared.drift.items import Code, Seen
from shared.proof.compare import is_held
from shared.runs.ledger import Flag
from shared.runs.run_table import Kind

_OF_STATUS: Mapping[str, Code] = {
    "archived": "contacts_archived",
    "unsubscribed": "contacts_unsubscribed",
}


def of_contacts(rows: pl.DataFrame, uid: str) -> list[Seen]:
    """Return how many of the segments' contacts that are held have left the audience.

    rows: as difference.join_ledger gives them. An archived one may be there under another address.
    """
    sure = (pl.col("old_flags") & int(Flag.UNCERTAIN)) == 0
    held = pl.col("kind").eq(int(Kind.CONTACT)) & is_held("old_flags") & sure
    counts = rows.filter(held.fill_null(False), pl.col("state").is_in(list(_OF_STATUS)))
    return [
        Seen(code=_OF_STATUS[state], subject=uid, count=count, exact=state != "archived")
        for state, count in counts["state"].value_counts().sort("state").iter_rows()
    ]
