"""What an event says: a form with `type`, `fired_at` and `data[…]`."""

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl

# An event has some thirty members, and one more for each merge field and group.
_MOST_MEMBERS = 2_000
# A contact that somebody deletes or archives at their desk is told of as an unsubscribe, too.
_REMOVED = ("delete", "archive")


@dataclass(frozen=True)
class Event:
    """An event about a contact; fired_at is Mailchimp's time, None where it can't be read."""

    type: str
    audience: str
    contact: str
    email: str
    action: str
    fired_at: datetime | None
    fired: str

    @property
    def protected(self) -> str | None:
        """The protected state that the contact has got into, None for none."""
        if self.type == "cleaned":
            return "cleaned"
        if self.type == "unsubscribe":
            return "archived" if self.action in _REMOVED else "unsubscribed"
        return None

    def name(self, secret: str) -> str:
        """Return the same name for the same event, which tells nobody who it is about.

        Mailchimp gives events no id: repeats have type, contact and time in common.
        """
        text = "\n".join((self.type, self.audience, self.contact, self.email, self.fired))
        return hmac.digest(secret.encode(), text.encode(errors="replace"), "sha256").hex()[:32]


def read_event(body: bytes) -> Event | None:
    """Return the event of a body, None for one that is none."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_MEMBERS)
    except ValueError:
        return None
    given = dict(pairs)
    fired = given.get("fired_at", "")
    return Event(
        type=given.get("type", ""),
        audience=given.get("data[list_id]", ""),
        contact=given.get("data[id]", ""),
        email=given.get("data[email]", ""),
        action=given.get("data[action]", ""),
        fired_at=_time(fired),
        fired=fired,
    )


def _time(text: str) -> datetime | None:
    """Read `2026-11-30 09:00:00`, which is UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
