"""A Mailchimp audience in memory, with the methods of the client that sending needs.

Its rules are those of Mailchimp's documents, written down without looking at this product: what
a call does to contacts in each state, what it answers, and what it keeps quiet about.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from shared.mailchimp.answers import ContactError, MembersPage, SubscribeAnswer, TagAnswer
from shared.mailchimp.client import Archived
from shared.mailchimp.errors import RefusedError

START = 1_800_000_000
_COMPLIANCE = (
    "{} is already a list member in compliance state due to unsubscribe, bounce, or compliance "
    "review and cannot be subscribed."
)
_BLANK = "This value should not be blank."
_EXISTS = "{} is already a list member, do you want to update? please provide update_existing:true"


@dataclass
class Contact:
    """A contact as the audience holds it; `history` has every status it was given.

    since: when it opted in. changed: when anything of it was changed last.
    """

    email: str
    status: str
    tags: set[int] = field(default_factory=set)
    fields: dict[str, Any] = field(default_factory=dict)
    since: int = START
    changed: int = START
    source: str = "API - Generic"
    history: list[str] = field(default_factory=list)


@dataclass
class AudienceModel:
    """Contacts by address in lower case. Every call counts and takes a second."""

    contacts: dict[str, Contact] = field(default_factory=dict)
    refused: dict[str, ContactError] = field(default_factory=dict)
    unnamed: set[str] = field(default_factory=set)
    dropped_fields: set[str] = field(default_factory=set)
    unknown_fields: set[str] = field(default_factory=set)
    tags_of_existing: bool = True
    # What status_if_new is answered with: nothing is wrong, the call, or each contact refused.
    refuses_status_if_new: str = ""
    clock: int = START
    calls: list[str] = field(default_factory=list)
    # Who was created by a call, and whom a call took from which state to subscribed.
    created: set[str] = field(default_factory=set)
    subscribed_from: list[tuple[str, str]] = field(default_factory=list)

    def put(self, email: str, status: str = "subscribed", *tags: int, **fields: Any) -> Contact:
        """Add a contact as somebody else would have."""
        contact = Contact(email, status, set(tags), dict(fields), self.clock, changed=self.clock)
        self.contacts[email.lower()] = contact
        return contact

    def copy(self) -> dict[str, Contact]:
        """Return how all contacts are now."""
        return copy.deepcopy(self.contacts)

    def _tick(self, name: str) -> datetime:
        self.calls.append(name)
        self.clock += 1
        return datetime.fromtimestamp(self.clock, UTC)

    def _shown(self, contact: Contact) -> dict[str, Any]:
        time = datetime.fromtimestamp(contact.since, UTC).isoformat()
        kept = {k: v for k, v in contact.fields.items() if k not in self.dropped_fields}
        return {
            "email_address": contact.email,
            "status": contact.status,
            "tags": [{"id": tag, "name": f"t{tag}"} for tag in sorted(contact.tags)][:50],
            "merge_fields": {
                name: value
                for name, value in (dict.fromkeys(contact.fields, "") | kept).items()
                if name not in self.unknown_fields
            },
            "timestamp_opt": time,
            "timestamp_signup": "",
            "source": contact.source,
            "last_changed": datetime.fromtimestamp(contact.changed, UTC).isoformat(),
        }

    def subscribe(
        self, list_id: str, members: Sequence[Mapping[str, Any]], *, update_existing: bool = True
    ) -> Callable[[], SubscribeAnswer]:
        date = self._tick("subscribe")
        assert list_id == "list"
        assert 0 < len(members) <= 500
        answer = SubscribeAnswer([], [], [], date)
        refuses = self.refuses_status_if_new
        if refuses == "call" and any("status_if_new" in member for member in members):
            raise RefusedError(status=400, errors=(("members.item:0.status", _BLANK),))
        for member in members:
            email = member["email_address"]
            assert email == email.strip().lower()
            held = self.contacts.get(email)
            status = member.get("status")
            if_new = member.get("status_if_new") if refuses == "" else None
            if email in self.refused:
                answer.errors.append(self.refused[email])
            elif (refuses == "contact" and "status_if_new" in member) or (
                held is None and status is None and if_new is None
            ):
                answer.errors.append(ContactError(email, _BLANK, "ERROR_GENERIC", "status", _BLANK))
            elif held is None:
                first = str(if_new or status)
                held = self.put(email, first)
                held.history.append(first)
                self.created.add(email)
                self._take(held, member, tags=True)
                if email not in self.unnamed:
                    answer.new.append(self._shown(held))
            elif not update_existing:
                text = _EXISTS.format(email)
                answer.errors.append(ContactError(held.email, text, "ERROR_CONTACT_EXISTS"))
            elif status is not None and held.status in ("unsubscribed", "cleaned"):
                text = _COMPLIANCE.format(email)
                answer.errors.append(ContactError(held.email, text, "ERROR_CONTACT_EXISTS"))
            else:
                if status is not None:
                    if held.status != status:
                        self.subscribed_from.append((email, held.status))
                    held.status = status
                    held.history.append(status)
                self._take(held, member, tags=self.tags_of_existing)
                if email not in self.unnamed:
                    answer.updated.append(self._shown(held))
        return lambda: answer

    def update(self, list_id: str, email: str, changes: Mapping[str, Any]) -> dict[str, Any] | None:
        """Change one contact; a status is written as it is given."""
        self._tick("update")
        assert list_id == "list"
        held = self.contacts.get(email)
        if held is None:
            return None
        if (status := changes.get("status")) is not None:
            self._move(held, status)
        self._take(held, changes, tags=False)
        return self._shown(held)

    def _move(self, held: Contact, status: str) -> None:
        held.status = status
        held.history.append(status)
        held.changed = self.clock
        if status == "pending":
            held.since = self.clock

    def _take(self, held: Contact, member: Mapping[str, Any], *, tags: bool) -> None:
        for name, value in member.get("merge_fields", {}).items():
            assert value is not None
            held.fields[name] = value
        if tags:
            held.tags.update(int(name.removeprefix("t")) for name in member.get("tags", ()))

    def change_tag(
        self, list_id: str, tag_id: int, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> TagAnswer:
        date = self._tick("change_tag")
        assert list_id == "list"
        assert len(add) <= 500
        assert len(remove) <= 500
        answer = TagAnswer([], [], [], date)
        for email in add:
            held = self.contacts.get(email)
            if held is not None and tag_id not in held.tags:
                held.tags.add(tag_id)
                answer.added.append(self._shown(held))
        for email in remove:
            held = self.contacts.get(email)
            if held is not None and tag_id in held.tags:
                held.tags.discard(tag_id)
                answer.removed.append(self._shown(held))
        return answer

    def member(self, list_id: str, email: str) -> dict[str, Any] | None:
        self._tick("member")
        assert list_id == "list"
        held = self.contacts.get(email)
        return None if held is None else self._shown(held)

    def member_answers(self, list_id: str, email: str) -> dict[str, Any] | None:
        return self.member(list_id, email)

    def members(
        self,
        list_id: str,
        *,
        status: str | None = None,
        offset: int = 0,
        count: int = 2,
        since_last_changed: datetime | str | None = None,
    ) -> MembersPage:
        date = self._tick("members")
        assert list_id == "list"
        assert isinstance(since_last_changed, datetime)
        found = [
            (held.email, held.status, "")
            for held in self.contacts.values()
            if held.status == status and held.since >= since_last_changed.timestamp()
        ]
        return MembersPage(found[offset : offset + count], len(found), date)

    def archive(self, list_id: str, email: str) -> Archived:
        self._tick("archive")
        assert list_id == "list"
        held = self.contacts.get(email)
        if held is None:
            return "missing"
        if held.status in ("archived", "cleaned", "pending"):
            return "already" if held.status == "archived" else "refused"
        self._move(held, "archived")
        return "archived"

    def unsubscribe(self, list_id: str, email: str) -> dict[str, Any] | None:
        self._tick("unsubscribe")
        assert list_id == "list"
        held = self.contacts.get(email)
        if held is None:
            return None
        self._move(held, "unsubscribed")
        return self._shown(held)
