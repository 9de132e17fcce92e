"""The run's table: what its rows are, what is done with them and why, and how to ask about it.

A row has email, customer_id, segments, kind, code (null: by what is done), note, action, add,
remove and spared (masks of tags; spared ones are not removed because another export gives them),
held (of a leaver that would be archived or unsubscribed, did not another export hold it), wanted,
digest, fields, stamp (of leavers: when they came to be in no segment, in seconds since 1970) and,
prefixed `old_`, the ledger's columns but for its customer_id (null: not in the ledger).
"""

from enum import IntEnum

import polars as pl

from shared.runs.ledger import NEW, Flag


class Kind(IntEnum):
    """What a row of the table is."""

    # A profile that is not sent, or a further one with the same address.
    PROFILE = 0
    # A contact of the segments.
    CONTACT = 1
    # A contact of the ledger that is in none of the segments any more.
    LEAVER = 2
    # A leaver under `keep`: stays in the ledger, has no outcome.
    KEPT = 3


class Action(IntEnum):
    """What is done with a contact besides its tags."""

    NONE = 0
    UPSERT = 1
    ARCHIVE = 2
    UNSUBSCRIBE = 3
    # To be archived or unsubscribed, once all segments can tell that it has left.
    WAIT = 4


class Still(IntEnum):
    """Whether a snapshot still has the CustomerId of a leaver, and how."""

    NO = 0
    OTHER_ADDRESS = 1
    WITHOUT_ADDRESS = 2


class Note(IntEnum):
    """Why a code was given without asking Mailchimp."""

    NONE = 0
    REMOVAL_WITHHELD = 1
    REFUSED_BEFORE = 2
    PENDING = 3
    REFUSED_FOR_GOOD = 4
    REFUSED_FOR_NOW = 5
    OLDER_SNAPSHOT = 6
    WAITING = 7
    # Of a leaver whom a snapshot still has.
    NO_CONSENT = 8
    CONSENT_WITHDRAWN = 9
    OTHER_ADDRESS = 10
    FILTERED = 11
    FILTERED_BY_BLANK = 12
    WITHOUT_ADDRESS = 13


NOTES = {
    Note.NONE: "",
    Note.REMOVAL_WITHHELD: "removal withheld",
    Note.REFUSED_BEFORE: "refused in an earlier run; tried again when the profile changes",
    Note.PENDING: "waits for the contact's own confirmation",
    Note.REFUSED_FOR_GOOD: "refused in an earlier run; not tried again, except by a full run",
    Note.REFUSED_FOR_NOW: "refused in an earlier run; tried again after some days",
    Note.OLDER_SNAPSHOT: "not sent: the snapshot is older than the one exported before",
    Note.WAITING: "waiting until all segments and exports of the audience are as new",
    Note.NO_CONSENT: "no consent",
    Note.CONSENT_WITHDRAWN: "consent withdrawn",
    Note.OTHER_ADDRESS: "under another address",
    Note.FILTERED: "filtered",
    Note.FILTERED_BY_BLANK: "filtered",
    Note.WITHOUT_ADDRESS: "the profile has no valid address any more",
}


# Notes that say why something was done, not why nothing was.
REASONS = (
    Note.NO_CONSENT,
    Note.CONSENT_WITHDRAWN,
    Note.FILTERED,
    Note.FILTERED_BY_BLANK,
    Note.WITHOUT_ADDRESS,
)


def with_all_columns(table: pl.DataFrame) -> pl.DataFrame:
    """Return a table with the columns that 0.1.0 did not write."""
    new = ("stamp", *map("old_{}".format, NEW))
    missing = [name for name in new if name not in table.columns]
    table = table.with_columns(
        pl.col("old_flags").cast(pl.UInt16),
        *(pl.lit(None, dtype=pl.UInt32).alias(name) for name in missing),
    )
    return table if "held" in table.columns else table.with_columns(held=pl.lit(False))


def was(flag: Flag) -> pl.Expr:
    """Return what the ledger said of a contact before the run."""
    return ((pl.col("old_flags") & int(flag)) != 0).fill_null(False)
