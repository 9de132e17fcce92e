"""The items of a chunk (their shapes are in payload.py), and what they say of earlier attempts."""

from typing import Any

from shared.addresses import canonical
from shared.runs.ledger import Flag

Item = list[Any]


def key(email: object) -> str:
    """Return an address by which items and answers are matched: Mailchimp answers as it stores."""
    return canonical(str(email or ""))


def is_new(item: Item) -> bool:
    """Return whether Mailchimp has never accepted it from this export, as far as is known."""
    return not item[3] & Flag.ACCEPTED


def first_try(item: Item, tried: int | None) -> int | None:
    """Return Mailchimp's time of the first attempt to send a contact, None where this is it."""
    return min((time for time in (item[5], tried) if time), default=None)


def may_return(item: Item, state: str) -> bool:
    """Tell of a protected contact whether this export itself brought it into that state."""
    if state == "pending":
        # One that is known to be taken would be updated, and so be subscribed unasked.
        return bool(item[3] & Flag.PENDING) and is_new(item)
    return state == "archived" and bool(item[3] & Flag.ARCHIVED)
