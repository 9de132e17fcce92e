"""Whether a contact is still as this product left it, as it was read right before a call.

In doubt it is not: then it only loses tags. Mailchimp's times say since when somebody is in the
audience; what it shows of an archived contact is when that was changed last.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from shared.mailchimp.answers import read_moment

# A member of Mailchimp's answer about one contact.
Member = Mapping[str, Any]
# Told of a leaver that has come to the audience, or back to it, by itself or by others.
NOT_OURS = "left alone: it is in the audience by another way than this export"


class Span(NamedTuple):
    """Mailchimp's times (seconds since 1970) between which something happened; 0: not known."""

    first: int
    last: int

    def __contains__(self, time: object) -> bool:
        """Return whether a time may be the one."""
        return isinstance(time, int) and 0 < self.first <= time <= self.last


def left_alone(member: Member, spans: tuple[Span, ...], source: str | None) -> str | None:
    """Return why a contact may not be archived or unsubscribed; None where it may.

    spans: when calls of ours created it or asked it back. source: where a contact comes from, as
    Mailchimp says, that a call of ours created; None where that is not known.
    """
    status = str(member.get("status") or "unknown")
    if status != "subscribed":
        return f"left alone: it is {status}"
    if not came_with_us(member, spans):
        return NOT_OURS
    found = member.get("source")
    if source and found and found != source:
        return NOT_OURS
    return None


def came_with_us(member: Member, spans: tuple[Span, ...]) -> bool:
    """Return whether calls of ours alone have brought a contact into the audience.

    Who was invited has a time of signing up that is ours, and confirms later.
    """
    opted, signed_up = (time_of(member.get(f"timestamp_{name}")) for name in ("opt", "signup"))
    if not any(span.last for span in spans) or -1 in (opted, signed_up):
        return False

    def ours(time: int) -> bool:
        return any(time in span for span in spans)

    if not opted or ours(opted):
        return not signed_up or ours(signed_up)
    return bool(signed_up) and ours(signed_up) and opted >= signed_up


def changed_within(member: Member, span: Span) -> bool:
    """Return whether the last change of a contact may be a call of that time."""
    return time_of(member.get("last_changed")) in span


def changed_since(member: Member, time: int) -> bool:
    """Return whether a contact was changed at that time or later."""
    return time_of(member.get("last_changed")) >= time


def time_of(text: object) -> int:
    """Return a time of Mailchimp's, 0 for none, -1 for one that can't be read."""
    if not text:
        return 0
    moment = read_moment(str(text))
    return int(moment.timestamp()) if moment else -1
