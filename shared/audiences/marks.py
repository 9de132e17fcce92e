"""The rows of the audience's memory (see memory.py): what is known of whom."""

from enum import IntFlag
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # polars is imported where a plan or a finish runs
    import polars as pl


class Mark(IntFlag):
    """What is known of a person besides that a call created the contact; the last thing counts."""

    # This product archived it; WITHDRAWN: because the person withdrew consent.
    ARCHIVED = 1
    WITHDRAWN = 2
    # This product asked it to come back.
    ASKED = 4
    # It was seen unsubscribed; BY_US: this product did that.
    UNSUBSCRIBED = 8
    BY_US = 16
    # It is not this product's any more.
    LET_GO = 32


# Whoever has one of these came or went since a call created them: that does not count any more.
CREATION_OVER = int(Mark.ARCHIVED | Mark.UNSUBSCRIBED | Mark.BY_US | Mark.LET_GO)


def made_schema() -> "dict[str, pl.DataType]":
    """Return the columns of `made`: Mailchimp's times (seconds since 1970) around the call."""
    import polars as pl

    return {
        "email": pl.String(),
        "customer_id": pl.String(),
        "made_from": pl.UInt32(),
        "made_to": pl.UInt32(),
    }


def people_schema() -> "dict[str, pl.DataType]":
    """Return the columns of `people`.

    by: the uid of the export whose run has said so. moved_from, moved_to: Mailchimp's times
    (seconds since 1970) around the call that archived or asked them, else 0.
    """
    import polars as pl

    return {
        "email": pl.String(),
        "customer_id": pl.String(),
        "marks": pl.UInt8(),
        "by": pl.String(),
        "moved_from": pl.UInt32(),
        "moved_to": pl.UInt32(),
    }
