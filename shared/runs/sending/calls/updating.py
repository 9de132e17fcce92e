"""In which way contacts that exist are updated, and which of them one call is about.

No call writes a status to a contact that exists, except to ask one that this product archived.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from shared.accounts.ways import Way
from shared.runs.ledger import Flag
from shared.runs.more import more_of
from shared.runs.payload import UpsertItem
from shared.runs.sending.calls.items import is_new

# Contacts that take a call or two each: so many are written together.
MAX_EACH = 10
# Contacts that are read first, or may have to be.
MAX_LOOKED_AT = 25
Kind = Literal["any", "new", "known", "look", "ask"]


@dataclass
class Updating:
    """The way that is in use; `refused` is told when Mailchimp no longer takes it."""

    way: Way
    refused: Callable[[], None] = lambda: None

    def give_up(self) -> None:
        """Go on one by one."""
        if self.way != "one_by_one":
            self.way = "one_by_one"
            self.refused()


def kind_of(item: UpsertItem, way: Way) -> Kind:
    """Return which other contacts one may be in a call with."""
    if item.flags & Flag.ARCHIVED:
        return "ask"
    if more_of(item.more).look:
        return "look"
    if item.more is not None and is_new(item):
        # What is written to contacts that are created alone may not come to one that exists.
        return "new"
    if way == "status_if_new":
        return "any"
    return "new" if is_new(item) else "known"


def is_each(kind: Kind, way: Way, *, again: bool) -> bool:
    """Return whether contacts of this kind take calls of their own; `again`: after a lost call."""
    return kind == "ask" or (way == "one_by_one" and (kind == "known" or again))
