"""What an older snapshot than the one exported before may still say: nothing that a newer one has.

Who left with the newer one, or took consent back there, would return with the older one.
"""

import polars as pl

from shared.frames.masks import translate
from shared.runs.planning.difference.contacts import leave_out
from shared.runs.planning.difference.policy import Policy
from shared.runs.run_table import Action, Note


def without_older_tags(
    rows: pl.DataFrame, policy: Policy, segment_tags: dict[int, int]
) -> pl.DataFrame:
    """Let older segments give no tag that a contact doesn't have already."""
    if not policy.older:
        return rows
    newer = {bit: tag for bit, tag in segment_tags.items() if bit not in policy.older}
    held = pl.col("wanted") & pl.col("old_tags").fill_null(0)
    return rows.with_columns(wanted=translate("segments", newer) & pl.col("wanted") | held)


def leave_out_older(
    rows: pl.DataFrame, policy: Policy, segment_tags: dict[int, int]
) -> pl.DataFrame:
    """Send nobody who is in older segments alone."""
    if not policy.older:
        return rows
    newer = {bit: bit for bit in segment_tags if bit not in policy.older}
    untouched = (pl.col("action") == int(Action.NONE)) & (pl.col("add") == 0)
    held_back = (
        pl.col("code").is_null() & (translate("segments", newer) == 0) & ~untouched
    ).fill_null(False)
    return leave_out(rows, held_back, "unchanged", Note.OLDER_SNAPSHOT)
