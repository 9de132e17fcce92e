"""The rows of what contacts of an audience were read to want (see answers.py)."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # polars is imported where a plan or a finish runs
    import polars as pl

MASKS = ("yes", "no", "gave", "took", "lost")


def schema() -> "dict[str, pl.DataType]":
    """Return the columns of the table.

    Masks over `Answers.interests`: yes and no as the column was last read; gave: written and
    still held when it was last looked at; took: taken, or created without; lost: given by this
    product, and taken by somebody. language: as it was written last, null for never, and
    where a person has chosen another since. changed: the
    contact's `last_changed` as Mailchimp answered what was written last, read_at: the stamp of the
    snapshot that the answers were read from, noted_at: when; all in seconds since 1970, 0 for
    unknown.
    """
    import polars as pl

    return {
        "email": pl.String(),
        "customer_id": pl.String(),
        **{name: pl.UInt64() for name in MASKS},
        "language": pl.String(),
        "changed": pl.UInt32(),
        "read_at": pl.UInt32(),
        "noted_at": pl.UInt32(),
    }
