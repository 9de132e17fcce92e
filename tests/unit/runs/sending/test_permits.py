"""First permissions of contacts that were created: lost answers, and people in between."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from shared.audiences.answer_ids import permission
from shared.mailchimp.protocols import ContactCalls
from shared.runs.codes import NUMBER
from shared.runs.job import Job
from shared.runs.payload import PermitItem
from shared.runs.sending.calls.permits import permit
from shared.runs.sending.created import created_of

JOB = Job("r", "a1", {}, (), "subscribed", interests=(permission("p1"),))
ITEM = PermitItem("a@contoso.com", 1, 0, 0)


@dataclass
class Contact:
    """The audience's only contact, created at the second 1,000; its times are whole seconds."""

    now: int = 1_000
    changed: int = 1_000
    has: bool = False
    calls: list[str] = field(default_factory=list)

    def member_answers(self, _list: str, _email: str) -> dict[str, Any]:
        self.calls.append("read")
        return self._shown()

    def update(self, _list: str, _email: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        self.calls.append("write")
        (one,) = changes["marketing_permissions"]
        self.has, self.changed = one["enabled"], self.now
        return self._shown()

    def person(self, has: bool) -> None:
        self.now += 1
        self.has, self.changed = has, self.now

    def _shown(self) -> dict[str, Any]:
        at = datetime.fromtimestamp(self.changed, UTC).isoformat()
        one = {"marketing_permission_id": "p1", "text": "Email", "enabled": self.has}
        return {"last_changed": at, "marketing_permissions": [one]}


def give(contact: Contact, *, again: bool = False, state: str | None = None) -> Any:
    return permit(cast(ContactCalls, contact), JOB, ITEM, state, 1_000, again=again)


def test_a_first_permission_takes_one_call() -> None:
    contact = Contact(now=1_005)
    answers = give(contact)
    assert contact.has
    assert contact.calls == ["write"]
    assert answers.codes == [NUMBER["updated"]]
    assert (answers.written[0].given, answers.written[0].changed) == (1, 1_005)


def test_who_is_protected_takes_none() -> None:
    contact = Contact()
    assert give(contact, state="unsubscribed").codes == [NUMBER["unchanged"]]
    assert contact.calls == []


@given(st.booleans(), st.lists(st.booleans(), max_size=3), st.integers(0, 3))
def test_after_an_answer_was_lost_nobody_is_given_what_they_have_withdrawn(
    carried_out: bool, people: list[bool], wait: int
) -> None:
    contact = Contact()
    if carried_out:
        contact.now += wait
        give(contact)
    for has in people:
        contact.person(has)
    before = contact.has

    answers = give(contact, again=True)

    if people and not before:
        assert not contact.has
        assert answers.written[0].lost == 1
    if not people:
        assert contact.has
        assert answers.written[0].given == 1


def test_whom_a_chunk_has_created_is_read_from_its_blocks() -> None:
    blocks: list[dict[str, Any]] = [
        {"at": 0, "n": 3, "codes": "ABA", "written": {"0": [0, 0, 0, 0, 0, 1_000, 0]}},
        {"taken_back": 2},
        {"at": 3, "n": 1, "codes": "A"},
    ]
    assert created_of(blocks) == {0: 1_000, 3: 0}
