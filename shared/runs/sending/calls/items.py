"""What items (see payload) say of earlier attempts."""

from shared.addresses import canonical
from shared.runs.ledger import Flag
from shared.runs.payload import UpsertItem


def key(email: object) -> str:
    """Return an address by which items and answers are matched: Mailchimp answers as it stores."""
    return canonical(str(email or ""))


def is_new(item: UpsertItem) -> bool:
    """Return whether Mailchimp has never accepted it from this export, as far as is known."""
    return not item.flags & Flag.ACCEPTED


def is_there(item: UpsertItem) -> bool:
    """Return whether the audience has it, as far as any export knows: nothing is to create it."""
    return bool(item.flags & (Flag.ACCEPTED | Flag.ELSEWHERE))


def first_try(item: UpsertItem, tried: int | None) -> int | None:
    """Return Mailchimp's time of the first attempt to send a contact, None where this is it."""
    return min((time for time in (item.tried, tried) if time), default=None)


def may_return(item: UpsertItem, state: str) -> bool:
    """Return of a protected contact whether this export itself brought it into that state."""
    if state == "pending":
        # One that is known to be taken would be updated, and so be subscribed unasked.
        return bool(item.flags & Flag.PENDING) and is_new(item)
    return state == "archived" and bool(item.flags & Flag.ARCHIVED)
