"""Groups of an audience and their interests, and which of them a contact has."""

from dataclasses import dataclass

from .model import Contact


@dataclass(frozen=True, slots=True)
class Interest:
    """One interest, and the group (Mailchimp's interest category) that it is in."""

    id: str
    name: str
    group_id: str
    group: str
    kind: str = "checkboxes"


def held(contact: Contact) -> frozenset[str]:
    """The ids of the interests that a contact has."""
    found: frozenset[str] = (contact.extra or {}).get("interests", frozenset())  # type: ignore[assignment]  # written here alone
    return found


def set_interests(contact: Contact, wanted: dict[str, bool]) -> bool:
    """Give and take interests; true when that changes anything."""
    if not wanted:
        return False
    before = held(contact)
    given = {one for one, has in wanted.items() if has}
    after = (before | given) - (wanted.keys() - given)
    if after == before:
        return False
    contact.extra = (contact.extra or {}) | {"interests": after}
    return True
