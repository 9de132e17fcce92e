"""Marketing permissions of an audience (its GDPR fields), and which of them a contact has given."""

from .audience import Audience
from .model import Contact


def enabled(contact: Contact) -> frozenset[str]:
    """The ids of the permissions that a contact has given."""
    found: frozenset[str] = (contact.extra or {}).get("permissions", frozenset())  # type: ignore[assignment]  # written here alone
    return found


def set_permissions(contact: Contact, wanted: dict[str, bool]) -> bool:
    """Give and withdraw permissions; true when that changes anything."""
    before = enabled(contact)
    after = (before | {one for one, on in wanted.items() if on}) - {
        one for one, on in wanted.items() if not on
    }
    if after == before:
        return False
    contact.extra = (contact.extra or {}) | {"permissions": after}
    return True


def shown(audience: Audience, contact: Contact) -> list[dict[str, object]]:
    """A contact's permissions as Mailchimp shows them, none where the audience asks for none."""
    given = enabled(contact)
    return [
        {"marketing_permission_id": id_, "text": text, "enabled": id_ in given}
        for id_, text in (audience.permissions.items() if audience.marketing_permissions else ())
    ]
