"""One audience: its contacts, tags and merge fields, with the counts kept up to date."""

import hashlib
from collections import Counter
from collections.abc import Iterable

import orjson

from .interests import Interest
from .model import ACTIVE, Contact, MergeField, Segment, Value, Webhook


def key_of(email: str) -> bytes:
    """Mailchimp's own identity of an address: md5 of it in lower case, here as 16 bytes."""
    return hashlib.md5(email.lower().encode(), usedforsecurity=False).digest()


class Audience:
    """The state of one Mailchimp list; every change of a contact goes through its methods."""

    def __init__(self, list_id: str, web_id: int, name: str, account_id: str, dc: str) -> None:
        self.id = list_id
        self.web_id = web_id
        self.name = name
        self.account_id = account_id
        self.dc = dc
        self.created = 0
        self.double_optin = False
        self.marketing_permissions = False
        self.merge_fields: dict[int, MergeField] = {}
        self.interests: dict[str, Interest] = {}
        # The texts of its marketing permissions by their ids.
        self.permissions: dict[str, str] = {}
        self.contacts: dict[bytes, Contact] = {}
        self.by_number: list[Contact | None] = []
        self.counts: Counter[str] = Counter()
        # Contacts by status, for all but the many subscribed ones.
        self.resting: dict[str, dict[Contact, None]] = {}
        self.forgotten: set[bytes] = set()
        self.segments: dict[int, Segment] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.stats: dict[str, object] = {}
        self.stats_read_at = float("-inf")
        self._layout: tuple[tuple[int, str], ...] = ()
        self._tag_sets: dict[frozenset[int], frozenset[int]] = {}
        self._tag_json: dict[frozenset[int], orjson.Fragment] = {}
        self._tag_ids: dict[str, int] = {}
        self._next_segment = web_id * 1000 + 1
        self._next_slot = 0
        self._last_merge_id = 0
        self._version = 0
        self._listings: dict[str | None, tuple[int, list[Contact]]] = {}
        self._contact_id_tail = hashlib.md5(list_id.encode(), usedforsecurity=False).hexdigest()[8:]

    # Contacts

    def find(self, reference: str) -> Contact | None:
        """The contact that a path names by md5 of the address, by address or by contact_id."""
        if "@" in reference:
            return self.contacts.get(key_of(reference.strip()))
        if len(reference) != 32:
            return None
        try:
            key = bytes.fromhex(reference)
        except ValueError:
            return None
        contact = self.contacts.get(key)
        if contact is None and reference[8:].lower() == self._contact_id_tail:
            number = int(reference[:8], 16)
            contact = self.by_number[number] if number < len(self.by_number) else None
        return contact

    def contact_id(self, contact: Contact) -> str:
        """An identifier apart from the address; whether it outlives that is a switch."""
        return f"{contact.number:08x}{self._contact_id_tail}"

    def add(self, email: str, status: str) -> Contact:
        """A new contact; the address must not be there yet."""
        contact = Contact(len(self.by_number), email, status)
        self._version += 1
        self.by_number.append(contact)
        self.contacts[key_of(email)] = contact
        self.counts[status] += 1
        if status != ACTIVE:
            self.resting.setdefault(status, {})[contact] = None
        return contact

    def set_status(self, contact: Contact, status: str) -> None:
        """Move a contact to another status, with every count that depends on it."""
        before = contact.status
        if before == status:
            return
        self._version += 1
        self.counts[before] -= 1
        self.counts[status] += 1
        if before == ACTIVE:
            self._count_active(contact, -1)
        else:
            self.resting[before].pop(contact, None)
        contact.status = status
        if status == ACTIVE:
            self._count_active(contact, 1)
        else:
            self.resting.setdefault(status, {})[contact] = None

    def listing(self, status: str | None) -> list[Contact]:
        """All contacts of a status, or all but the archived ones; not to be changed."""
        version, found = self._listings.get(status, (-1, []))
        if version != self._version:
            if status is None:
                found = [one for one in self.contacts.values() if one.status != "archived"]
            elif status == ACTIVE:
                found = [one for one in self.contacts.values() if one.status == ACTIVE]
            else:
                found = list(self.resting.get(status, ()))
            self._listings[status] = (self._version, found)
        return found

    def rename(self, contact: Contact, email: str, *, new_id: bool = False) -> None:
        """Give a contact another address or another casing of its own, and an id if so wanted."""
        del self.contacts[key_of(contact.email)]
        contact.email = email
        self.contacts[key_of(email)] = contact
        if new_id:
            self.by_number[contact.number] = None
            contact.number = len(self.by_number)
            self.by_number.append(contact)

    def erase(self, contact: Contact) -> None:
        """Delete a contact for good; the address can never be imported again."""
        key = key_of(contact.email)
        self._version += 1
        self.set_tags(contact, (), 0)
        self.counts[contact.status] -= 1
        if contact.status != ACTIVE:
            self.resting[contact.status].pop(contact, None)
        del self.contacts[key]
        self.by_number[contact.number] = None
        self.forgotten.add(key)

    def _count_active(self, contact: Contact, by: int) -> None:
        for tag_id in contact.tags:
            self.segments[tag_id].active += by

    # Merge fields

    def add_merge_field(self, field: MergeField) -> None:
        """Add a merge field; its slot is given here."""
        field.slot = self._next_slot
        self._next_slot += 1
        self.merge_fields[field.merge_id] = field
        self._last_merge_id = max(self._last_merge_id, field.merge_id)
        self._lay_out()

    def new_merge_id(self) -> int:
        """An id that no merge field of the audience has ever had."""
        return self._last_merge_id + 1

    def drop_merge_field(self, merge_id: int) -> None:
        """Remove a merge field with every value of it."""
        del self.merge_fields[merge_id]
        self._lay_out()

    def _lay_out(self) -> None:
        self._layout = tuple((field.slot, field.tag) for field in self.merge_fields.values())

    def relabel(self) -> None:
        """Take over changed merge tags."""
        self._lay_out()

    def values_of(self, contact: Contact) -> dict[str, Value]:
        """All merge fields of a contact by tag; blank ones are empty strings."""
        values = contact.values
        known = len(values)
        return {tag: values[slot] if slot < known else "" for slot, tag in self._layout}

    def set_values(self, contact: Contact, changes: dict[int, Value]) -> bool:
        """Set values by slot; true when anything differs from before."""
        values = list(contact.values)
        if missing := max(changes, default=-1) + 1 - len(values):
            values.extend([""] * missing)
        for slot, value in changes.items():
            values[slot] = value
        after = tuple(values)
        if after == contact.values:
            return False
        contact.values = after
        return True

    # Interests

    def add_interests(self, group: str, names: Iterable[str], kind: str) -> dict[str, str]:
        """A group with these interests; the id of each by its name."""
        group_id = self._interest_id(group)
        for name in names:
            id_ = self._interest_id(group, name)
            self.interests[id_] = Interest(id_, name, group_id, group, kind)
        found = self.interests.values()
        return {one.name: one.id for one in found if one.group_id == group_id}

    def drop_interest(self, interest: str) -> None:
        """Remove an interest, from all its contacts as well."""
        del self.interests[interest]

    def add_permissions(self, texts: Iterable[str]) -> dict[str, str]:
        """Ask people for these marketing permissions; the id of each by its text."""
        self.marketing_permissions = True
        made = {text: self._interest_id("permission", text) for text in texts}
        self.permissions |= {id_: text for text, id_ in made.items()}
        return made

    def _interest_id(self, *names: str) -> str:
        text = "\0".join((self.id, *names))
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:10]

    # Tags

    def saved_named(self, name: str) -> bool:
        """Whether a saved segment has this name."""
        wanted = name.strip().lower()
        return any(
            one.type == "saved" and one.name.lower() == wanted for one in self.segments.values()
        )

    def tag_named(self, name: str) -> Segment | None:
        """The tag of this name; names differ by more than case and outer blanks."""
        tag_id = self._tag_ids.get(name.strip().lower())
        return None if tag_id is None else self.segments[tag_id]

    def add_segment(self, name: str, now: int, kind: str = "static") -> Segment:
        """A new segment; a static one becomes a tag."""
        segment = Segment(self._next_segment, name.strip(), now, now, kind)
        self._next_segment += 1
        self.segments[segment.id] = segment
        if kind == "static":
            self._tag_ids[segment.name.lower()] = segment.id
        return segment

    def rename_segment(self, segment: Segment, name: str) -> None:
        """Rename a segment; contacts keep it."""
        if segment.type == "static":
            del self._tag_ids[segment.name.lower()]
            self._tag_ids[name.strip().lower()] = segment.id
        segment.name = name.strip()
        self._tag_json.clear()

    def drop_segment(self, segment: Segment) -> None:
        """Remove a segment, as a tag from all its contacts."""
        for contact in segment.members:
            contact.tags = self._shared(contact.tags - {segment.id})
        if segment.type == "static":
            del self._tag_ids[segment.name.lower()]
        del self.segments[segment.id]
        self._tag_json.clear()

    def set_tags(self, contact: Contact, tag_ids: Iterable[int], now: int) -> bool:
        """Give a contact exactly these tags; true when that changes anything."""
        after = frozenset(tag_ids)
        before = contact.tags
        if after == before:
            return False
        active = contact.status == ACTIVE
        for tag_id in after - before:
            segment = self.segments[tag_id]
            segment.members[contact] = now
            segment.active += active
            segment.ordered = None
        for tag_id in before - after:
            segment = self.segments[tag_id]
            del segment.members[contact]
            segment.active -= active
            segment.ordered = None
        contact.tags = self._shared(after)
        return True

    def tags_json(self, contact: Contact, most: int) -> orjson.Fragment:
        """The `tags` of a contact as JSON, at most so many of them."""
        cached = self._tag_json.get(contact.tags)
        if cached is None:
            listed = [
                {"id": tag_id, "name": self.segments[tag_id].name}
                for tag_id in sorted(contact.tags)[:most]
            ]
            cached = orjson.Fragment(orjson.dumps(listed))
            self._tag_json[contact.tags] = cached
        return cached

    def forget_rendered_tags(self) -> None:
        """Drop cached tag lists, because how many are listed has changed."""
        self._tag_json.clear()

    def _shared(self, tags: frozenset[int]) -> frozenset[int]:
        """One frozenset for all contacts with the same tags."""
        return self._tag_sets.setdefault(tags, tags)
