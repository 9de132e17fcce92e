"""What one call's answer means for each of its contacts, against an audience in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.accounts.ways import Way
from shared.mailchimp.answers import ContactError
from shared.mailchimp.errors import RefusedError, UnavailableError
from shared.runs.codes import NAMES
from shared.runs.finishing.fold import results_of
from shared.runs.job import Job
from shared.runs.ledger import Flag
from shared.runs.payload import LeaverItem, TagItem, UpsertItem
from shared.runs.sending import calls
from shared.runs.sending.calls import Answers
from shared.runs.sending.mending import anew_of
from shared.runs.shown import digest_of
from tests.support.audience_model import START, AudienceModel

TAGS = {0: ("t10", 10), 1: ("t11", 11), 63: ("t73", 73)}


def job(status_for_new: str = "subscribed", fields: tuple[str, ...] = ("FNAME", "LNAME")) -> Job:
    return Job("run", "list", TAGS, fields, status_for_new)


def item(
    name: str,
    tags: int = 0,
    flags: int = 0,
    before: int = 0,
    tried: int = 0,
    tried_to: int = 0,
    **values: Any,
) -> UpsertItem:
    moved = (START, START + 10) if flags & Flag.ARCHIVED else (0, 0)
    return UpsertItem(f"{name}@x.org", values, tags, flags, before, tried, *moved, tried_to)


def sent(
    audience: AudienceModel,
    items: Sequence[UpsertItem],
    status_for_new: str = "subscribed",
    protected: Mapping[str, str] | None = None,
    tried: int | None = None,
    way: Way = "no_status",
) -> Answers:
    updating = calls.Updating(way)
    pending = calls.upsert(audience, job(status_for_new), updating, items, protected or {}, tried)
    answers = pending()
    assert len(answers.codes) == len(items)
    return answers


def codes(answers: Answers) -> list[str]:
    return [NAMES[code] for code in answers.codes]


class TestUpsert:
    def test_created_and_updated_follow_the_answer(self) -> None:
        audience = AudienceModel()
        audience.put("b@x.org")
        items = [item("a", 0b11, FNAME="Ann"), item("b", 0b01)]
        answers = sent(audience, items, way="status_if_new")
        assert codes(answers) == ["created", "updated"]
        assert audience.contacts["a@x.org"].tags == {10, 11}
        assert audience.contacts["a@x.org"].fields == {"FNAME": "Ann"}
        assert (answers.lacking, answers.added, answers.details) == ({}, [], {})
        assert audience.calls == ["subscribe"]

    def test_an_answer_in_the_casing_that_the_audience_stores_is_found(self) -> None:
        audience = AudienceModel()
        audience.put("A.Smith@X.Org")
        assert codes(sent(audience, [item("a.smith")])) == ["updated"]
        error = ContactError(" B@X.org ", "b@x.org looks fake or invalid")
        refused = AudienceModel(refused={"b@x.org": error})
        assert codes(sent(refused, [item("b")])) == ["rejected_fake"]

    def test_whom_the_answer_does_not_name_is_failed_never_accepted(self) -> None:
        answers = sent(AudienceModel(unnamed={"a@x.org"}), [item("a"), item("b")])
        assert codes(answers) == ["failed", "created"]
        assert answers.details == {0: "Mailchimp's answer does not name this contact"}

    def test_an_error_without_an_address_is_told_of_whom_the_answer_does_not_name(self) -> None:
        error = ContactError("", "z@x.org: the list is being repaired")
        audience = AudienceModel(refused={"a@x.org": error})
        answers = sent(audience, [item("a"), item("b")])
        assert codes(answers) == ["failed", "created"]
        assert answers.details == {
            0: "Mailchimp's answer does not name this contact: … the list is being repaired"
        }

    def test_a_refusal_is_of_one_contact_and_says_which_field(self) -> None:
        error = ContactError("a@x.org", "Invalid", "ERROR_GENERIC", "BDAY", "Please enter a date")
        answers = sent(AudienceModel(refused={"a@x.org": error}), [item("a"), item("b")])
        assert codes(answers) == ["rejected_merge_field", "created"]
        assert answers.details == {0: "BDAY: Please enter a date"}

    def test_tags_that_the_answer_lacks_are_given_by_a_second_wave(self) -> None:
        audience = AudienceModel(tags_of_existing=False)
        audience.put("a@x.org", "subscribed", 10)
        answers = sent(audience, [item("b", 0b01), item("a", 1 | 1 << 63)])
        assert answers.lacking == {1: 1 << 63}
        block = answers.block(4, [item("b"), item("a")])
        assert calls.lacking_of([block]) == {63: [5]}
        assert calls.lacking_of([block, {"tag": 63, "items": [5]}]) == {}

    def test_a_contact_with_fifty_tags_or_more_is_given_one_again_and_then_believed(self) -> None:
        audience = AudienceModel()
        audience.put("a@x.org", "subscribed", *range(100, 150), 999)
        answers = sent(audience, [item("a", 1 << 63)])
        assert answers.lacking == {}  # 73 comes first in this audience's order
        audience.put("b@x.org", "subscribed", *range(50))
        answers = sent(audience, [item("b", 1 << 63)])
        assert answers.lacking == {0: 1 << 63}
        assert calls.give_tag(audience, job(), 63, ["b@x.org"]) == {}
        assert 73 in audience.contacts["b@x.org"].tags

    def test_a_blank_clears_what_was_sent_before_and_is_left_out_otherwise(self) -> None:
        audience = AudienceModel()
        audience.put("a@x.org", FNAME="Ann", LNAME="Smith")
        sent(audience, [item("a", flags=Flag.ACCEPTED, before=0b01, FNAME=None, LNAME=None)])
        assert audience.contacts["a@x.org"].fields == {"FNAME": "", "LNAME": "Smith"}

    def test_a_field_that_is_not_mapped_any_more_stays_as_it_is(self) -> None:
        audience = AudienceModel()
        audience.put("a@x.org", FNAME="Ann", LNAME="Smith")
        sent(audience, [item("a", flags=Flag.ACCEPTED, before=0b11, FNAME="Anna")])
        assert audience.contacts["a@x.org"].fields == {"FNAME": "Anna", "LNAME": "Smith"}

    def test_no_null_is_sent_not_even_within_an_address(self) -> None:
        audience = AudienceModel()
        sent(audience, [item("a", FNAME={"addr1": "1 Road", "addr2": None}, LNAME=None)])
        assert audience.contacts["a@x.org"].fields == {"FNAME": {"addr1": "1 Road"}}

    def test_a_tag_s_name_under_another_id_is_noted_unless_tags_are_given_by_id(self) -> None:
        audience = AudienceModel(tags_of_existing=False)
        audience.put("a@x.org", "subscribed", 10)
        renamed = replace(job(), tags={0: ("t10", 99)})
        for by_id, noted in ((0, [(0, 0, 10)]), (1, [])):
            now = replace(renamed, by_id=by_id)
            updating = calls.Updating("no_status")
            answers = calls.upsert(audience, now, updating, [item("a", 1)], {}, None)()
            assert (answers.strays, answers.lacking) == (noted, {0: 1})

    def test_what_was_written_beforehand_is_sent_where_nothing_has_changed_since(self) -> None:
        items, now = [item("a", 0b01, FNAME="Ann"), item("b", FNAME="Bob")], job()
        renamed = replace(now, called={"FNAME": "FIRST"})
        # What is sent shows whether it was made anew.
        written = calls.write_ahead(items, now)
        for _, member in written.members.values():
            member["merge_fields"] = {"FNAME": "written"}
        blanked = [items[0], items[1]._replace(values={"FNAME": "Rob"})]
        for batch, common, fields in (
            (items, now, [{"FNAME": "written"}, {"FNAME": "written"}]),
            (blanked, now, [{"FNAME": "written"}, {"FNAME": "Rob"}]),
            (items, renamed, [{"FIRST": "Ann"}, {"FIRST": "Bob"}]),
        ):
            audience = AudienceModel()
            updating = calls.Updating("status_if_new")
            calls.upsert(audience, common, updating, batch, {}, None, written)()
            assert [audience.contacts[i.email].fields for i in items] == fields

    def test_a_value_whose_key_the_answer_lacks_was_not_taken(self) -> None:
        audience = AudienceModel(unknown_fields={"LNAME"})
        answers = sent(audience, [item("a", FNAME="x", LNAME="y"), item("b", FNAME="z")])
        assert answers.untaken == {"LNAME": [0]}
        assert answers.dropped == {}

    def test_values_that_came_back_empty_are_counted(self) -> None:
        audience = AudienceModel(dropped_fields={"FNAME"})
        answers = sent(audience, [item("a", FNAME="x", LNAME="y"), item("b", FNAME="z")])
        assert answers.dropped == {"FNAME": 2}

    @pytest.mark.parametrize(
        "state", ["unsubscribed", "cleaned", "pending", "transactional", "archived"]
    )
    def test_who_got_into_a_protected_state_since_the_plan_is_left_out(self, state: str) -> None:
        audience = AudienceModel()
        audience.put("a@x.org", state)
        answers = sent(audience, [item("a"), item("b")], protected={"a@x.org": state})
        assert codes(answers) == [f"skipped_{state}", "created"]
        assert audience.contacts["a@x.org"].history == []
        alone = sent(audience, [item("a")], protected={"a@x.org": state})
        assert codes(alone) == [f"skipped_{state}"]
        assert audience.calls == ["subscribe"]

    def test_who_was_archived_by_this_export_is_asked_to_come_back(self) -> None:
        audience = AudienceModel()
        audience.put("a@x.org", "archived", FNAME="Ann")
        returning = item("a", 1, Flag.ACCEPTED | Flag.ARCHIVED, FNAME="Anna")
        answers = sent(audience, [returning], protected={"a@x.org": "archived"})
        assert (codes(answers), answers.asked) == (["updated"], [0])
        assert answers.details == {0: "asked to confirm"}
        assert audience.contacts["a@x.org"].status == "pending"
        assert audience.contacts["a@x.org"].fields == {"FNAME": "Anna"}
        assert answers.lacking == {0: 1}

    @pytest.mark.parametrize("state", ["unsubscribed", "cleaned", "transactional", "pending"])
    def test_who_is_not_archived_any_more_is_not_asked(self, state: str) -> None:
        audience = AudienceModel()
        audience.put("a@x.org", state)
        answers = sent(audience, [item("a", flags=Flag.ACCEPTED | Flag.ARCHIVED)])
        assert (codes(answers), answers.asked) == ([f"skipped_{state}"], [])
        assert audience.contacts["a@x.org"].history == []

    def test_who_came_back_by_themselves_is_updated_and_who_is_gone_is_not_made_anew(self) -> None:
        audience = AudienceModel()
        audience.put("a@x.org")
        flags = Flag.ACCEPTED | Flag.ARCHIVED
        answers = sent(audience, [item("a", flags=flags), item("gone", flags=flags)])
        assert codes(answers) == ["updated", "skipped_archived"]
        assert set(audience.contacts) == {"a@x.org"}


WAYS: tuple[Way, ...] = ("status_if_new", "no_status", "one_by_one")
STATES = ["subscribed", "unsubscribed", "cleaned", "pending", "transactional", "archived"]


class TestWays:
    """No way writes a status to a contact that exists, known as such or not."""

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("state", STATES)
    @pytest.mark.parametrize("known", [False, True])
    def test_who_exists_keeps_the_status(self, way: Way, state: str, known: bool) -> None:
        audience = AudienceModel()
        audience.put("a@x.org", state)
        flags = Flag.ACCEPTED if known else 0
        answers = sent(audience, [item("a", 1, flags, FNAME="Ann")], way=way)
        skipped = state not in ("subscribed", "pending")
        assert codes(answers) == [f"skipped_{state}" if skipped else "updated"]
        held = audience.contacts["a@x.org"]
        assert (held.status, held.history, held.fields) == (state, [], {"FNAME": "Ann"})

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("status", ["subscribed", "pending"])
    def test_who_is_new_is_created(self, way: Way, status: str) -> None:
        audience = AudienceModel()
        assert codes(sent(audience, [item("a", 1)], status, way=way)) == ["created"]
        held = audience.contacts["a@x.org"]
        assert (held.status, held.tags, audience.calls) == (status, {10}, ["subscribe"])

    @pytest.mark.parametrize("way", ["no_status", "one_by_one"])
    def test_a_known_contact_that_is_gone_is_not_made_anew(self, way: Way) -> None:
        audience = AudienceModel()
        answers = sent(audience, [item("a", flags=Flag.ACCEPTED)], way=way)
        assert codes(answers) == ["skipped_archived"]
        assert audience.contacts == {}

    @pytest.mark.parametrize("mine", [True, False])
    def test_a_known_contact_that_a_call_created_is_to_be_taken_back(self, mine: bool) -> None:
        # From this export, or from another one.
        flags = Flag.ACCEPTED if mine else Flag.ELSEWHERE
        known = item("a", 1, flags)
        answers = sent(AudienceModel(), [item("b", 1), known], way="status_if_new")
        assert codes(answers) == ["created", "failed"]
        assert (answers.anew, answers.lacking) == ([1], {})
        answers.during = START, START + 2
        block = answers.block(10, [item("b"), item("a")])
        assert anew_of([block]) == {11: (START, START + 2)}
        assert anew_of([block, {"taken_back": 11}]) == {}
        [_, code] = results_of([(12, [block, {"taken_back": 11}], 0)], 12).codes[10:]
        assert NAMES[code] == "skipped_archived"

    def test_contacts_of_one_kind_cost_one_call(self) -> None:
        audience = AudienceModel()
        for name in ("a", "b"):
            audience.put(f"{name}@x.org")
        known = [item("a", flags=Flag.ACCEPTED), item("b", flags=Flag.ACCEPTED)]
        assert codes(sent(audience, known)) == ["updated", "updated"]
        assert audience.calls == ["subscribe"]
        unknown = [item("a"), item("b"), item("c")]
        assert codes(sent(audience, unknown)) == ["updated", "updated", "created"]
        assert audience.calls == ["subscribe"] * 3

    def test_one_by_one_takes_a_call_for_each_that_exists(self) -> None:
        audience = AudienceModel(tags_of_existing=True)
        audience.put("a@x.org")
        answers = sent(audience, [item("a", 1), item("b", 1)], way="one_by_one")
        assert codes(answers) == ["updated", "created"]
        assert answers.lacking == {0: 1}
        assert audience.calls == ["subscribe", "update"]

    @pytest.mark.parametrize("whole", [True, False])
    def test_a_way_that_is_refused_in_the_middle_is_given_up(self, whole: bool) -> None:
        audience = AudienceModel(refuses_status_if_new="call" if whole else "contact")
        audience.put("a@x.org", "unsubscribed")
        audience.put("b@x.org")
        refusals: list[str] = []
        updating = calls.Updating("status_if_new", lambda: refusals.append("refused"))
        items = [item("a"), item("b"), item("c")]

        def once() -> Answers:
            return calls.upsert(audience, job(), updating, items, {}, None)()

        if whole:
            answers = once()
        else:
            with pytest.raises(UnavailableError):
                once()
            answers = once()
        assert codes(answers) == ["skipped_unsubscribed", "updated", "created"]
        assert audience.contacts["a@x.org"].history == []
        assert (updating.way, refusals) == ("one_by_one", ["refused"])


class TestWhoWasAdded:
    def repeat(
        self, *, tried: int | None, flags: int = 0, kept: tuple[int, int] = (0, 0)
    ) -> list[int]:
        """Send a contact that the audience has since START for the second time.

        kept: between which times an earlier run tried.
        """
        audience = AudienceModel()
        audience.put("a@x.org")
        first, last = kept
        return sent(
            audience, [item("a", flags=flags, tried=first, tried_to=last)], tried=tried
        ).added

    def test_updated_still_means_added_when_it_came_with_an_earlier_attempt(self) -> None:
        assert self.repeat(tried=START) == [0]
        assert self.repeat(tried=START - 9) == [0]
        assert self.repeat(tried=None, kept=(START - 9, START)) == [0]

    def test_not_when_it_was_there_before_the_first_attempt(self) -> None:
        assert self.repeat(tried=START + 1) == []
        assert self.repeat(tried=None) == []

    @pytest.mark.parametrize("tried", [None, START + 1])
    def test_not_when_it_came_after_the_run_that_had_tried(self, tried: int | None) -> None:
        assert self.repeat(tried=tried, kept=(START - 9, START - 1)) == []
        # Until when 0.1.0 had tried nobody knows.
        assert self.repeat(tried=tried, kept=(START - 9, 0)) == []

    def test_not_when_the_ledger_knew_it_already(self) -> None:
        assert self.repeat(tried=START, flags=Flag.ACCEPTED) == []


class TestPending:
    def test_new_contacts_are_created_as_pending(self) -> None:
        audience = AudienceModel()
        assert codes(sent(audience, [item("a", 1)], "pending")) == ["created"]
        assert audience.contacts["a@x.org"].status == "pending"

    def test_one_that_the_audience_has_is_updated_and_stays_what_it_is(self) -> None:
        audience = AudienceModel()
        audience.put("B@x.org", "subscribed")
        answers = sent(audience, [item("a"), item("b", 1, FNAME="Bea")], "pending")
        assert codes(answers) == ["created", "updated"]
        held = audience.contacts["b@x.org"]
        assert (held.status, held.tags, held.fields) == ("subscribed", {10}, {"FNAME": "Bea"})
        assert audience.calls == ["subscribe", "subscribe"]

    @pytest.mark.parametrize("known", [{}, {"a@x.org": "pending", "b@x.org": "pending"}])
    def test_a_repeated_call_does_not_confirm_whom_the_first_one_created(
        self, known: dict[str, str]
    ) -> None:
        audience = AudienceModel()
        items = [item("a", 1), item("b", 1), item("c", 1)]
        first = audience.clock
        sent(audience, items[:2], "pending")  # and the answer is lost
        answers = sent(audience, items, "pending", protected=known, tried=first)
        assert codes(answers) == ["created"] * 3
        assert {held.status for held in audience.contacts.values()} == {"pending"}
        assert answers.lacking == {0: 1, 1: 1}

    def test_nor_does_a_later_run(self) -> None:
        audience = AudienceModel()
        first = audience.clock
        sent(audience, [item("a")], "pending")
        flags = Flag.UNCERTAIN | Flag.PENDING
        answers = sent(audience, [item("a", flags=flags, tried=first)], "pending")
        assert codes(answers) == ["created"]
        assert audience.contacts["a@x.org"].status == "pending"

    def test_one_whose_answer_was_lost_is_never_created_as_subscribed(self) -> None:
        audience = AudienceModel()
        flags = Flag.UNCERTAIN | Flag.PENDING
        assert codes(sent(audience, [item("a", flags=flags, tried=START)], "pending")) == [
            "created"
        ]
        assert audience.contacts["a@x.org"].status == "pending"

    def test_who_was_pending_before_the_first_attempt_is_not_this_exports(self) -> None:
        audience = AudienceModel()
        audience.put("a@x.org", "pending")
        states = {"a@x.org": "pending"}
        answers = sent(audience, [item("a")], "pending", protected=states, tried=START + 5)
        assert codes(answers) == ["skipped_pending"]
        assert audience.contacts["a@x.org"].status == "pending"

    def test_one_taken_before_is_not_confirmed_by_an_update(self) -> None:
        audience = AudienceModel()
        audience.put("a@x.org", "pending")
        states = {"a@x.org": "pending"}
        flags = Flag.ACCEPTED | Flag.PENDING
        answers = sent(audience, [item("a", flags=flags)], "pending", protected=states)
        assert codes(answers) == ["skipped_pending"]
        assert audience.contacts["a@x.org"].history == []

    def test_calls_of_one_kind_are_not_mixed_with_those_of_another(self) -> None:
        new, lost = item("a"), item("b", flags=Flag.UNCERTAIN | Flag.PENDING)
        old, archived = (
            item("c", flags=Flag.ACCEPTED),
            item("d", flags=Flag.ACCEPTED | Flag.ARCHIVED),
        )
        items = [new, lost, new, old, old, archived, new]
        assert calls.upsert_size(items, 0, 500, "no_status") == 3
        assert calls.upsert_size(items, 3, 500, "no_status") == 2
        assert calls.upsert_size(items, 5, 500, "no_status") == 1
        assert calls.upsert_size(items, 0, 2, "no_status") == 2
        assert calls.upsert_size(items, 0, 500, "status_if_new") == 5

    def test_contacts_that_take_a_call_each_come_a_few_at_a_time(self) -> None:
        new, old = item("a"), item("c", flags=Flag.ACCEPTED)
        assert calls.upsert_size([old] * 99, 0, 500, "one_by_one") == 10
        assert calls.upsert_size([old] * 99, 0, 500, "no_status") == 99
        assert calls.upsert_size([new] * 99, 0, 500, "one_by_one") == 99
        assert calls.upsert_size([new] * 99, 0, 500, "one_by_one", again=True) == 10


class TestTags:
    def test_one_call_adds_and_removes(self) -> None:
        audience = AudienceModel()
        audience.put("A@x.org")
        audience.put("b@x.org", "subscribed", 10, 99)
        items = [TagItem("a@x.org", 0, 1), TagItem("b@x.org", 0, 0)]
        answers = calls.change_tags(audience, job(), items)
        assert codes(answers) == ["tagged", "untagged"]
        assert audience.contacts["a@x.org"].tags == {10}
        assert audience.contacts["b@x.org"].tags == {99}
        assert audience.calls == ["change_tag"]

    def test_whom_the_answer_passes_over_is_looked_up(self) -> None:
        audience = AudienceModel()
        audience.put("a@x.org", "subscribed", 10)
        items = [TagItem("a@x.org", 0, 1), TagItem("gone@x.org", 0, 1)]
        answers = calls.change_tags(audience, job(), items)
        assert codes(answers) == ["tagged", "failed"]
        assert answers.details == {1: "tag t10: the contact is not in the audience any more"}

    def test_a_tag_that_is_not_there_need_not_be_removed(self) -> None:
        audience = AudienceModel()
        audience.put("a@x.org")
        answers = calls.change_tags(audience, job(), [TagItem("a@x.org", 0, 0)])
        assert codes(answers) == ["untagged"]

    def test_a_removal_that_finds_nobody_says_so(self) -> None:
        answers = calls.change_tags(AudienceModel(), job(), [TagItem("gone@x.org", 0, 0)])
        assert codes(answers) == ["unchanged"]
        assert answers.details == {0: "not in the audience any more"}

    def test_a_tag_that_is_gone_fails_additions_and_needs_no_removals(self) -> None:
        items = [TagItem("a@x.org", 63, 1), TagItem("b@x.org", 63, 0)]
        answers = calls.tag_gone(job(), items, "gone")
        assert codes(answers) == ["failed", "untagged"]
        assert answers.details == {0: "tag t73: gone"}

    @settings(max_examples=100)
    @given(
        st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1)), min_size=1, max_size=40),
        st.integers(1, 5),
    )
    def test_a_call_is_about_one_tag_and_never_exceeds_its_size(
        self, ops: list[tuple[int, int]], most: int
    ) -> None:
        items = [TagItem(f"{n}@x.org", *op) for n, op in enumerate(ops)]
        start = 0
        while start < len(items):
            size = calls.tag_size(items, start, most)
            batch = items[start : start + size]
            assert size > 0
            assert len({item.bit for item in batch}) == 1
            assert all(sum(item.add == kind for item in batch) <= most for kind in (0, 1))
            start += size
        assert start == len(items)


class TestLeavers:
    """Leavers that a call of ours created at START; each of Mailchimp's calls takes a second."""

    def archived(
        self, audience: AudienceModel, name: str, state: str | None = None, tried: int | None = None
    ) -> Answers:
        leaver = LeaverItem(f"{name}@x.org", START, START + 1)
        return calls.archive(audience, job(), calls.Leaving(leaver, state, tried))

    def unsubscribed(
        self, audience: AudienceModel, name: str, state: str | None = None, tried: int | None = None
    ) -> Answers:
        leaver = LeaverItem(f"{name}@x.org", START, START + 1)
        return calls.unsubscribe(audience, job(), calls.Leaving(leaver, state, tried))

    def test_one_that_is_as_it_was_left_is_read_and_then_removed(self) -> None:
        audience = AudienceModel()
        audience.put("a@x.org")
        audience.put("b@x.org")
        assert codes(self.archived(audience, "a")) == ["archived"]
        assert codes(self.unsubscribed(audience, "b")) == ["unsubscribed"]
        assert audience.calls == ["member", "archive", "member", "unsubscribe"]

    def test_what_a_lost_call_has_done_is_done(self) -> None:
        audience = AudienceModel()
        audience.put("a@x.org")
        audience.put("b@x.org")
        before = audience.clock
        self.archived(audience, "a")
        self.unsubscribed(audience, "b")
        assert codes(self.archived(audience, "a", tried=before)) == ["archived"]
        assert codes(self.archived(audience, "a", "archived", tried=before)) == ["archived"]
        assert codes(self.unsubscribed(audience, "b", tried=before)) == ["unsubscribed"]

    def test_what_others_did_before_a_lost_call_is_not_taken_for_its_work(self) -> None:
        audience = AudienceModel()
        audience.put("a@x.org", "archived")
        audience.put("b@x.org", "unsubscribed")
        later = audience.clock + 5
        for answers in (
            self.archived(audience, "a", tried=later),
            self.unsubscribed(audience, "b", tried=later),
        ):
            assert (codes(answers), answers.let_go) == (["unchanged"], [0])

    def test_a_removal_that_finds_nobody_says_so(self) -> None:
        for answers in (
            self.archived(AudienceModel(), "gone"),
            self.unsubscribed(AudienceModel(), "gone"),
        ):
            assert (codes(answers), answers.let_go) == (["unchanged"], [0])
            assert answers.details == {0: "not in the audience any more"}

    @pytest.mark.parametrize(
        "state", ["archived", "unsubscribed", "cleaned", "pending", "transactional"]
    )
    @pytest.mark.parametrize("known", [False, True])
    @pytest.mark.parametrize("tried", [None, START + 5])
    def test_who_is_in_a_protected_state_is_left_alone_known_or_just_read(
        self, state: str, known: bool, tried: int | None
    ) -> None:
        audience = AudienceModel()
        audience.put("a@x.org", state)
        for remove in (self.archived, self.unsubscribed):
            answers = remove(audience, "a", state if known else None, tried)
            assert (codes(answers), answers.let_go) == (["unchanged"], [0])
            assert answers.details == {0: f"left alone: it is {state}"}
        assert audience.contacts["a@x.org"].status == state
        assert not {"archive", "unsubscribe"} & set(audience.calls)

    def test_who_signed_up_anew_is_not_removed(self) -> None:
        audience = AudienceModel()
        audience.put("a@x.org").since = START + 50
        for remove in (self.archived, self.unsubscribed):
            answers = remove(audience, "a")
            assert (codes(answers), answers.let_go) == (["unchanged"], [0])
            assert "another way" in answers.details[0]
        assert audience.contacts["a@x.org"].status == "subscribed"

    def test_one_whose_creation_is_not_known_is_not_removed(self) -> None:
        audience = AudienceModel()
        audience.put("a@x.org")
        leaving = calls.Leaving(LeaverItem("a@x.org"))
        for remove in (calls.archive, calls.unsubscribe):
            assert codes(remove(audience, job(), leaving)) == ["unchanged"]

    def test_one_from_another_source_is_not_removed(self) -> None:
        audience = AudienceModel()
        audience.put("a@x.org").source = "Hosted Signup Form"
        leaving = calls.Leaving(LeaverItem("a@x.org", START, START), source="API - Generic")
        assert codes(calls.archive(audience, job(), leaving)) == ["unchanged"]


class TestComingBack:
    """A contact that this export archived between START and START + 10."""

    def asked(self, audience: AudienceModel, tried: int | None = None) -> Answers:
        back = item("a", flags=Flag.ACCEPTED | Flag.ADDED | Flag.ARCHIVED)
        return sent(audience, [back], way="status_if_new", tried=tried)

    def test_whom_this_export_archived_is_asked(self) -> None:
        audience = AudienceModel()
        audience.put("a@x.org", "archived")
        answers = self.asked(audience)
        assert (codes(answers), answers.asked) == (["updated"], [0])
        assert audience.contacts["a@x.org"].status == "pending"
        assert audience.calls == ["member", "update"]

    @pytest.mark.parametrize("changed", [START - 1, START + 11])
    def test_whom_somebody_else_archived_or_changed_stays(self, changed: int) -> None:
        audience = AudienceModel()
        audience.put("a@x.org", "archived").changed = changed
        answers = self.asked(audience)
        assert (codes(answers), answers.let_go) == (["skipped_archived"], [0])
        assert audience.contacts["a@x.org"].status == "archived"

    def test_one_whose_archiving_is_not_known_stays(self) -> None:
        audience = AudienceModel()
        audience.put("a@x.org", "archived")
        back = item("a", flags=Flag.ACCEPTED | Flag.ARCHIVED)._replace(moved_from=0, moved_to=0)
        answers = sent(audience, [back])
        assert (codes(answers), answers.let_go) == (["skipped_archived"], [0])

    def test_a_lost_question_is_asked_again_and_one_of_others_is_not(self) -> None:
        audience = AudienceModel()
        audience.put("a@x.org", "pending")
        assert codes(self.asked(audience, tried=START)) == ["updated"]
        audience.put("a@x.org", "pending").changed = START - 5
        assert codes(self.asked(audience, tried=START)) == ["skipped_pending"]
        assert codes(self.asked(audience)) == ["skipped_pending"]


def test_a_call_about_one_contact_that_is_refused_whole_refuses_the_contact() -> None:
    error = RefusedError(
        "Your merge fields were invalid.", status=400, errors=(("LTV", "Please enter a number"),)
    )
    answers = calls.refused_alone(error)
    assert codes(answers) == ["rejected_merge_field"]
    assert answers.details == {0: "Your merge fields were invalid."}


def test_a_block_names_nobody() -> None:
    answers = Answers([0, 1], {1: "B@x.org looks fake"}, {0: 1}, [1], [0], [1], {"FNAME": 1})
    answers.during = 5, 6
    assert answers.block(7, [item("a"), item("b")]) == {
        "at": 7,
        "n": 2,
        "codes": "AB",
        "details": {1: "{address} looks fake"},
        "lacking": {0: 1},
        "added": [1],
        "asked": [0],
        "let_go": [1],
        "during": (5, 6),
        "dropped": {"FNAME": 1},
    }


@given(
    st.lists(
        st.builds(TagItem, st.just("a@x.org"), st.integers(0, 1), st.integers(0, 1)), min_size=1
    )
)
def test_a_tag_call_can_be_made_smaller_until_it_is_about_one_contact(
    ops: list[TagItem],
) -> None:
    most, size = 500, calls.tag_size(ops, 0, 500)
    while size > 1:
        assert calls.tag_load(ops[:size]) <= most
        most = max(1, calls.tag_load(ops[:size]) // 2)
        smaller = calls.tag_size(ops, 0, most)
        assert smaller < size
        size = smaller


def test_a_text_about_several_contacts_names_none_of_them_to_the_others() -> None:
    text = "b@x.org, a@x.org and c@y.org were refused (write to <help@mailchimp.com>)"
    answers = Answers([0, 0], {0: text, 1: text})
    block = answers.block(0, [item("a"), item("b")])
    assert block["details"][0] == (
        "(another address) {address} and (another address) were refused (write to (another address)"
    )
    assert "@" not in str(block)


def test_what_the_answer_shows_of_the_values_is_kept_for_whom_it_is_about() -> None:
    audience = AudienceModel()
    answers = sent(audience, [item("a", FNAME="x", LNAME=None), item("b", FNAME="y"), item("c")])
    held = {"merge_fields": {"FNAME": "x"}}
    assert answers.shown[0] == digest_of(held, [("FNAME", "FNAME")]) != answers.shown[1]
    block = answers.block(0, [item("a"), item("b"), item("c")])
    kept = results_of([(3, [block], 0)], 3).shown
    assert list(kept) == [answers.shown[0], answers.shown[1], answers.shown[2]]
