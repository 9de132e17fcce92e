"""What a run does with each contact, given what the ledger knows of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from shared.runs.codes import NAMES, NUMBER
from shared.runs.ledger import RETRY_NEVER, RETRY_WHEN_CHANGED, Flag
from shared.runs.planning.difference.compare import contact_rows
from shared.runs.planning.difference.policy import Policy
from shared.runs.planning.difference.safety_stop import Removals
from shared.runs.run_table import Action, Kind, Note
from tests.support.tables import (
    HELD,
    NOW,
    OURS,
    address,
    by_email,
    compare,
    contacts_of,
    given,
    ledger_of,
    suppressions,
)

REFUSED = {
    "flags": 0,
    "refusal": NUMBER["rejected_merge_field"],
    "refused_digest": 7,
    "retry_at": RETRY_WHEN_CHANGED,
}
Rows = Mapping[str, Mapping[str, Any]]


def compared(
    contacts: Rows,
    known: Rows,
    policy: Policy | None = None,
    others: pl.DataFrame | None = None,
    suppressed: pl.DataFrame | None = None,
    segment_tags: dict[int, int] | None = None,
) -> tuple[dict[str, dict[str, Any]], Removals]:
    """Compare contacts with a ledger, both as their differences from the ordinary, by name."""
    frame = contacts_of({"email": address(name)} | dict(row) for name, row in contacts.items())
    table, removals = compare(
        frame,
        ledger_of({"email": address(name)} | dict(row) for name, row in known.items()),
        policy or Policy(now=NOW),
        given() if others is None else others,
        suppressions() if suppressed is None else suppressed,
        {0: 0, 1: 1} if segment_tags is None else segment_tags,
    )
    return by_email(table), removals


def done(row: Mapping[str, Any]) -> tuple[str, int, int]:
    """Return a row's action and the tags that are added and removed."""
    return Action(row["action"]).name, row["add"], row["remove"]


def only(contact: Mapping[str, Any], known: Mapping[str, Any], **rest: Any) -> dict[str, Any]:
    return compared({"a": contact}, {"a": known}, **rest)[0]["a@x.org"]


def left(known: Mapping[str, Any], **rest: Any) -> dict[str, Any]:
    return compared({}, {"a": known}, **rest)[0]["a@x.org"]


class TestContactsOfTheSegments:
    def test_one_that_the_ledger_does_not_know_is_sent_with_its_tags(self) -> None:
        table, _ = compared({"a": {"wanted": 0b11}}, {})
        assert done(table["a@x.org"]) == ("UPSERT", 0b11, 0)

    def test_one_that_is_as_it_was_is_left_alone(self) -> None:
        assert done(only({}, HELD)) == ("NONE", 0, 0)

    def test_one_whose_values_changed_is_sent(self) -> None:
        assert done(only({"digest": 8}, HELD)) == ("UPSERT", 0, 0)

    def test_one_whose_only_change_is_a_tag_gets_it_alone(self) -> None:
        assert done(only({"wanted": 0b11}, HELD)) == ("NONE", 0b10, 0)

    def test_one_that_moved_to_another_segment_changes_tags(self) -> None:
        assert done(only({"wanted": 0b10}, HELD)) == ("NONE", 0b10, 0b01)

    @pytest.mark.parametrize("leavers", ["untag", "archive", "unsubscribe"])
    def test_the_tag_of_a_segment_that_it_left_goes(self, leavers: Any) -> None:
        policy = Policy(leavers=leavers, now=NOW)
        assert done(only({}, HELD | {"tags": 0b11}, policy=policy)) == ("NONE", 0, 0b10)

    def test_under_keep_no_tag_goes(self) -> None:
        policy = Policy(leavers="keep", now=NOW)
        assert done(only({}, HELD | {"tags": 0b11}, policy=policy)) == ("NONE", 0, 0)

    def test_a_full_run_sends_everybody_with_all_tags(self) -> None:
        policy = Policy(full=True, now=NOW)
        row = only({"wanted": 0b11}, HELD | {"tags": 0b101}, policy=policy)
        assert done(row) == ("UPSERT", 0b11, 0b100)

    def test_one_whose_last_answer_was_lost_is_sent_whole(self) -> None:
        flags = int(Flag.ACCEPTED | Flag.UNCERTAIN)
        row = only({}, HELD | {"flags": flags, "tags": 0b11})
        assert done(row) == ("UPSERT", 0b01, 0b10)

    def test_all_sixty_four_tags_can_be_added_and_removed(self) -> None:
        even = sum(1 << bit for bit in range(0, 64, 2))
        odd = even << 1
        row = only({"wanted": even}, HELD | {"tags": odd}, segment_tags={})
        assert done(row) == ("NONE", even, odd)

    def test_the_skipped_stay_in_the_ledger_untouched(self) -> None:
        skipped = {"code": NUMBER["skipped_unsubscribed"], "state": "unsubscribed", "wanted": 0b10}
        row = only(skipped, HELD)
        assert (Kind(row["kind"]), done(row)) == (Kind.CONTACT, ("NONE", 0, 0))

    def test_a_tag_that_was_left_to_another_export_is_given_again(self) -> None:
        row = only({"wanted": 0b11}, HELD | {"tags": 0b11, "left": 0b10})
        assert done(row) == ("NONE", 0b10, 0)


class TestRefusals:
    def test_one_refused_for_its_data_is_not_sent_again_as_it_is(self) -> None:
        row = only({}, REFUSED)
        assert done(row) == ("NONE", 0, 0)
        assert NAMES[row["code"]] == "rejected_merge_field"
        assert row["note"] == Note.REFUSED_BEFORE

    def test_one_refused_for_its_data_is_sent_when_they_changed(self) -> None:
        row = only({"digest": 8}, REFUSED)
        assert (row["code"], done(row)) == (None, ("UPSERT", 1, 0))

    def test_one_refused_for_a_while_waits_that_long_whatever_its_data(self) -> None:
        later = REFUSED | {"retry_at": NOW + 1}
        assert done(only({"digest": 8}, later)) == ("NONE", 0, 0)
        assert only({"digest": 8}, later)["note"] == Note.REFUSED_FOR_NOW
        assert done(only({"digest": 8}, later | {"retry_at": NOW})) == ("UPSERT", 1, 0)
        assert done(only({}, later | {"retry_at": NOW})) == ("UPSERT", 1, 0)

    def test_one_refused_for_good_is_remembered(self) -> None:
        never = REFUSED | {"retry_at": RETRY_NEVER}
        assert done(only({"digest": 8}, never)) == ("NONE", 0, 0)
        assert only({"digest": 8}, never)["note"] == Note.REFUSED_FOR_GOOD

    def test_a_full_run_asks_again(self) -> None:
        never = REFUSED | {"retry_at": RETRY_NEVER}
        assert done(only({}, never, policy=Policy(full=True, now=NOW))) == ("UPSERT", 1, 0)

    def test_one_that_the_audience_holds_follows_its_segments_all_the_same(self) -> None:
        held = REFUSED | {"flags": int(Flag.ACCEPTED), "digest": 6, "tags": 0b101}
        assert done(only({"wanted": 0b011}, held)) == ("NONE", 0b010, 0b100)
        for_good = held | {"retry_at": RETRY_NEVER}
        assert done(only({"wanted": 0b011}, for_good)) == ("NONE", 0, 0)


class TestOwnStates:
    def test_one_created_as_pending_waits_for_its_confirmation(self) -> None:
        flags = int(Flag.ACCEPTED | Flag.ADDED | Flag.PENDING)
        row = only({"state": "pending", "digest": 8, "wanted": 0b11}, HELD | {"flags": flags})
        assert (NAMES[row["code"]], done(row)) == ("unchanged", ("NONE", 0, 0))
        assert row["note"] == Note.PENDING

    def test_one_that_has_confirmed_is_like_any_other(self) -> None:
        flags = int(Flag.ACCEPTED | Flag.ADDED | Flag.PENDING)
        assert done(only({"digest": 8}, HELD | {"flags": flags})) == ("UPSERT", 0, 0)
        assert done(only({}, HELD | {"flags": flags})) == ("NONE", 0, 0)

    @pytest.mark.parametrize("state", ["archived", None])
    def test_one_that_this_export_archived_comes_back_whole(self, state: str | None) -> None:
        # Without a state somebody else has brought it back already.
        flags = int(Flag.ACCEPTED | Flag.ADDED | Flag.ARCHIVED)
        row = only({"state": state}, HELD | {"flags": flags, "tags": 0})
        assert done(row) == ("UPSERT", 1, 0)


class TestPeopleUnderAnotherAddress:
    """A person is an address, and her CustomerId."""

    def was(self, **flags: Any) -> dict[str, Any]:
        return OURS | {"customer_id": "c1"} | flags

    def now(self, known: Rows, **rest: Any) -> dict[str, Any]:
        rows, _ = compared({"b": {"customer_id": "c1"}}, known, **rest)
        return rows["b@x.org"]

    def test_who_unsubscribed_is_not_created_under_another_one(self) -> None:
        row = self.now({"a": self.was()}, suppressed=suppressions(a="unsubscribed"))

        assert NAMES[row["code"]] == "skipped_unsubscribed"
        assert row["note"] == Note.OTHER_ADDRESS
        assert done(row) == ("NONE", 0, 0)

    def test_nor_is_who_left_long_ago(self) -> None:
        gone = self.was(flags=int(Flag.ACCEPTED | Flag.UNSUBSCRIBED), tags=0)
        rows, removals = compared({"b": {"customer_id": "c1"}}, {"a": gone})

        assert rows["b@x.org"]["note"] == Note.OTHER_ADDRESS
        assert rows["a@x.org"]["kind"] == Kind.KEPT
        assert rows["a@x.org"]["old_flags"] & Flag.UNSUBSCRIBED
        assert removals.leavers == 0

    def test_nor_who_has_both_addresses_in_the_segments(self) -> None:
        unsubscribed = {
            "customer_id": "c1",
            "code": NUMBER["skipped_unsubscribed"],
            "state": "unsubscribed",
        }
        rows, _ = compared({"a": unsubscribed, "b": {"customer_id": "c1"}}, {})

        assert rows["b@x.org"]["note"] == Note.OTHER_ADDRESS

    def test_one_that_the_audience_holds_under_both_is_updated(self) -> None:
        known = {"a": self.was(), "b": HELD | {"digest": 8}}
        row = self.now(known, suppressed=suppressions(a="unsubscribed"))

        assert done(row)[0] == "UPSERT"

    @pytest.mark.parametrize("state", ["cleaned", "pending", "archived"])
    def test_only_who_unsubscribed_is_kept_out(self, state: str) -> None:
        row = self.now({"a": self.was()}, suppressed=suppressions(a=state))

        assert done(row)[0] == "UPSERT"

    def test_profiles_without_a_customer_id_are_nobody_s(self) -> None:
        rows, _ = compared(
            {"b": {"customer_id": ""}},
            {"a": OURS | {"customer_id": ""}},
            suppressed=suppressions(a="unsubscribed"),
        )

        assert done(rows["b@x.org"])[0] == "UPSERT"


class TestLeavers:
    def test_untagging_takes_every_tag_and_does_no_more(self) -> None:
        row = left(OURS | {"tags": 0b11})
        assert (Kind(row["kind"]), done(row)) == (Kind.LEAVER, ("NONE", 0, 0b11))
        assert row["segments"] == 0

    @pytest.mark.parametrize("leavers", ["archive", "unsubscribe"])
    def test_only_whom_this_export_added_is_archived_or_unsubscribed(self, leavers: Any) -> None:
        policy = Policy(leavers=leavers, now=NOW)
        assert done(left(OURS, policy=policy)) == (leavers.upper(), 0, 1)
        assert done(left(HELD, policy=policy)) == ("NONE", 0, 1)

    def test_under_keep_leavers_stay_without_an_outcome(self) -> None:
        row = left(OURS, policy=Policy(leavers="keep", now=NOW))
        assert (Kind(row["kind"]), done(row)) == (Kind.KEPT, ("NONE", 0, 0))

    @pytest.mark.parametrize(
        "state", ["unsubscribed", "cleaned", "pending", "transactional", "archived"]
    )
    @pytest.mark.parametrize("leavers", ["archive", "unsubscribe"])
    def test_the_protected_are_never_archived_or_unsubscribed(
        self, leavers: Any, state: str
    ) -> None:
        policy = Policy(leavers=leavers, now=NOW)
        assert done(left(OURS, policy=policy, suppressed=suppressions(a=state)))[0] == "NONE"

    @pytest.mark.parametrize("leavers", ["archive", "unsubscribe"])
    def test_who_has_not_answered_this_exports_question_is_due_until_they_do(
        self, leavers: Any
    ) -> None:
        asked = OURS | {"flags": OURS["flags"] | int(Flag.PENDING)}
        policy, pending = Policy(leavers=leavers, now=NOW), suppressions(a="pending")

        row = left(asked, policy=policy, suppressed=pending)

        assert (done(row), Note(row["note"])) == (("WAIT", 0, 1), Note.PENDING)
        assert done(left(asked, policy=policy)) == (leavers.upper(), 0, 1)
        assert done(left(asked, policy=Policy(now=NOW), suppressed=pending)) == ("NONE", 0, 1)

    def test_who_lost_consent_leaves(self) -> None:
        refused = {"code": NUMBER["skipped_no_consent"]}
        frame = contacts_of([{"email": "a@x.org"} | refused])
        known = ledger_of([{"email": "a@x.org"} | OURS])
        table, _ = compare(frame, known, Policy(now=NOW), given(), suppressions(), {0: 0})
        kinds = {Kind(row["kind"]): done(row) for row in table.iter_rows(named=True)}
        assert kinds == {Kind.PROFILE: ("NONE", 0, 0), Kind.LEAVER: ("NONE", 0, 1)}

    def test_one_that_was_only_ever_refused_is_forgotten(self) -> None:
        assert compared({}, {"a": {"flags": 0, "refusal": NUMBER["rejected_fake"]}})[0] == {}

    def test_one_whose_only_call_was_lost_leaves_with_the_tags_it_may_have(self) -> None:
        row = left({"flags": int(Flag.UNCERTAIN), "tags": 0b11})
        assert done(row) == ("NONE", 0, 0b11)

    def test_one_archived_before_stays_remembered_without_an_outcome(self) -> None:
        archived = OURS | {"flags": OURS["flags"] | int(Flag.ARCHIVED), "tags": 0}
        row = left(archived, suppressed=suppressions(a="archived"))
        assert (Kind(row["kind"]), done(row)) == (Kind.KEPT, ("NONE", 0, 0))

    def test_one_archived_before_and_unsubscribed_since_is_forgotten(self) -> None:
        # Or it might come back once somebody archives it again.
        archived = OURS | {"flags": OURS["flags"] | int(Flag.ARCHIVED), "tags": 0}
        table, _ = compared({}, {"a": archived}, suppressed=suppressions(a="unsubscribed"))
        assert table == {}

    @pytest.mark.parametrize("leavers", ["archive", "unsubscribe", "untag", "keep"])
    def test_one_archived_before_that_subscribed_again_is_forgotten(self, leavers: Any) -> None:
        # Or it might come back once it has unsubscribed and somebody archives it.
        archived = OURS | {"flags": OURS["flags"] | int(Flag.ARCHIVED), "tags": 0}
        assert compared({}, {"a": archived}, policy=Policy(leavers=leavers, now=NOW))[0] == {}

    def test_an_archiving_call_that_was_lost_is_repeated_unless_it_was_done(self) -> None:
        lost = OURS | {"flags": OURS["flags"] | int(Flag.ARCHIVED | Flag.DUE), "tags": 0}
        policy = Policy(leavers="archive", now=NOW)
        assert done(left(lost, policy=policy)) == ("ARCHIVE", 0, 0)
        row = left(lost, policy=policy, suppressed=suppressions(a="archived"))
        assert (Kind(row["kind"]), done(row)) == (Kind.KEPT, ("NONE", 0, 0))


class TestOtherExports:
    def test_a_tag_that_another_export_gives_is_spared_and_left_to_it(self) -> None:
        row = left(OURS | {"tags": 0b11}, others=given(a=0b01))
        assert (done(row), row["spared"]) == (("NONE", 0, 0b10), 0b01)
        row = only({"wanted": 0b01}, HELD | {"tags": 0b11}, others=given(a=0b11))
        assert (done(row), row["spared"]) == (("NONE", 0, 0), 0b10)

    def test_a_contact_that_another_export_holds_is_not_archived(self) -> None:
        policy = Policy(leavers="archive", now=NOW)
        assert done(left(OURS, policy=policy, others=given(a=0))) == ("NONE", 0, 1)
        assert done(left(OURS, policy=policy, others=given(b=1))) == ("ARCHIVE", 0, 1)


LIMITED = Policy(removal_limit_percent=20, now=NOW)


class TestSafetyStop:
    def run(
        self, leave: int, of: int, policy: Policy | None = None, **rest: Any
    ) -> tuple[dict[str, dict[str, Any]], Removals]:
        stay = {f"s{n}": {"digest": 8} for n in range(of - leave)}
        known = {f"s{n}": OURS for n in range(of - leave)} | {f"l{n}": OURS for n in range(leave)}
        return compared(stay, known, policy or LIMITED, **rest)

    @pytest.mark.parametrize(
        ("leave", "of", "stopped"),
        [
            (24, 48, False),
            (25, 125, False),
            (25, 124, True),
            (26, 125, True),
            (25, 25, True),
            # A small list may change by large shares, but not go nearly all.
            (19, 19, True),
            (24, 47, True),
            (1, 2, False),
            (1, 1, True),
        ],
    )
    def test_more_than_the_limit_stops_from_twenty_five_on_or_where_most_would_go(
        self, leave: int, of: int, stopped: bool
    ) -> None:
        table, removals = self.run(leave, of)
        assert (removals.leavers, removals.of) == (leave, of)
        assert bool(removals.withheld) == stopped
        assert sum(row["remove"] != 0 for row in table.values()) == (0 if stopped else leave)

    def test_what_is_withheld_says_so_and_all_else_is_sent(self) -> None:
        table, removals = self.run(30, 60)
        assert removals.withheld == "30 of 60 contacts would leave"
        leaver, stayer = table["l0@x.org"], table["s0@x.org"]
        assert (NAMES[leaver["code"]], leaver["note"]) == ("unchanged", Note.REMOVAL_WITHHELD)
        assert done(leaver) == ("NONE", 0, 0)
        assert done(stayer) == ("UPSERT", 0, 0)

    def test_archiving_is_withheld_too(self) -> None:
        table, _ = self.run(30, 60, replace(LIMITED, leavers="archive"))
        assert {row["action"] for row in table.values()} == {Action.NONE, Action.UPSERT}

    def test_allowing_removals_overrides_it(self) -> None:
        policy = Policy(allow_removals=True, untrusted={0: "empty"}, now=NOW)
        table, removals = self.run(60, 60, policy)
        assert removals.withheld == ""
        assert all(row["remove"] == 1 for row in table.values())

    def test_the_limit_is_the_exports(self) -> None:
        assert self.run(30, 60, Policy(removal_limit_percent=50, now=NOW))[1].withheld == ""
        assert self.run(25, 5000, Policy(removal_limit_percent=0, now=NOW))[1].withheld != ""

    def test_a_tag_that_has_another_in_its_place_is_not_lost(self) -> None:
        known = {f"p{n}": HELD for n in range(60)}
        contacts = {f"p{n}": {"wanted": 0b10} for n in range(60)}
        policy = Policy(now=NOW, removal_limit_percent=20, replaced={0: 0b10})
        rows, removals = compared(contacts, known, policy, segment_tags={0: 1})
        assert removals.withheld == ""
        assert {done(row) for row in rows.values()} == {("NONE", 0b10, 0b01)}

    def test_it_is_changed_also_where_removals_are_withheld(self) -> None:
        known = {f"p{n}": HELD for n in range(60)}
        contacts = {f"p{n}": {"wanted": 0b10} for n in range(30)}
        policy = Policy(now=NOW, removal_limit_percent=20, replaced={0: 0b10})
        rows, removals = compared(contacts, known, policy, segment_tags={0: 1})
        assert removals.withheld
        assert done(rows[address("p0")]) == ("NONE", 0b10, 0b01)
        assert done(rows[address("p59")]) == ("NONE", 0, 0)

    def test_under_keep_there_is_nothing_to_stop(self) -> None:
        assert self.run(60, 60, Policy(leavers="keep", now=NOW))[1].withheld == ""

    def test_one_segment_that_shrinks_stops_the_removals_of_all(self) -> None:
        both, second = {"wanted": 0b11}, {"wanted": 0b01}
        contacts = {f"b{n}": both for n in range(70)} | {f"c{n}": second for n in range(30)}
        contacts |= {f"d{n}": {} for n in range(100)}
        known = {name: HELD | {"tags": 0b11} for name in contacts if name[0] != "d"}
        known |= {name: HELD for name in contacts if name[0] == "d"}
        table, removals = compared(contacts, known, LIMITED)
        assert removals.withheld == "30 of the 100 contacts of one segment would leave it"
        assert {done(row) for row in table.values()} == {("NONE", 0, 0)}
        # Sixteen of a hundred in each of two segments: neither is above the limit, both together.
        table, removals = compared(
            {f"m{n}": {"wanted": 0b100} for n in range(32)}
            | {f"o{n}": {"wanted": 1 << n % 2} for n in range(68)},
            {f"m{n}": HELD | {"tags": 1 << n % 2} for n in range(32)}
            | {f"o{n}": HELD | {"tags": 1 << n % 2} for n in range(68)},
            LIMITED,
            segment_tags={0: 0, 1: 1, 2: 2},
        )
        assert removals.withheld == "32 of 100 contacts would leave or lose a tag"

    def test_a_segment_removed_from_the_export_is_counted_as_well(self) -> None:
        contacts = {f"a{n}": {"wanted": 0b01} for n in range(200)}
        known = {f"a{n}": HELD | {"tags": 0b11 if n < 30 else 0b01} for n in range(200)}
        _, removals = compared(contacts, known, LIMITED, segment_tags={0: 0})
        assert removals.withheld == "30 of the 30 contacts of one segment would leave it"

    def test_several_profiles_of_one_contact_count_once(self) -> None:
        duplicate = {"code": NUMBER["skipped_duplicate"]}
        rows: list[dict[str, Any]] = [{"email": address(f"s{n}")} for n in range(60)]
        rows += [duplicate | {"email": address(f"s{n % 60}")} for n in range(300)]
        frame = contacts_of(rows)
        known = [{"email": address(f"{kind}{n}")} | HELD for kind in "sl" for n in range(60)]
        _, removals = compare(
            frame, ledger_of(known[:90]), LIMITED, given(), suppressions(), {0: 0}
        )
        assert (removals.of, removals.withheld) == (90, "30 of 90 contacts would leave")

    def test_those_archived_before_do_not_count(self) -> None:
        archived = OURS | {"flags": OURS["flags"] | int(Flag.ARCHIVED), "tags": 0}
        known = {f"l{n}": OURS for n in range(30)} | {f"z{n}": archived for n in range(900)}
        _, removals = compared({}, known, LIMITED)
        assert (removals.leavers, removals.of, bool(removals.withheld)) == (30, 30, True)

    def test_a_segment_that_cannot_be_trusted_loses_nobody(self) -> None:
        policy = Policy(untrusted={1: "the snapshot of s1 is empty"}, now=NOW)
        _, removals = compared({"a": {}}, {"a": HELD | {"tags": 0b11}}, policy)
        assert removals.withheld == "the snapshot of s1 is empty"

    def test_a_segment_that_cannot_be_trusted_does_not_hold_back_another(self) -> None:
        policy = Policy(untrusted={1: "the snapshot of s1 is empty"}, now=NOW)
        table, removals = compared({}, {"a": HELD}, policy)
        assert (removals.withheld, done(table["a@x.org"])) == ("", ("NONE", 0, 1))

    def test_a_leaver_without_a_tag_may_be_of_the_segment_that_cannot_be_trusted(self) -> None:
        policy = Policy(leavers="archive", untrusted={1: "the snapshot of s1 is empty"}, now=NOW)
        _, removals = compared({}, {"a": OURS | {"tags": 0}}, policy)
        assert removals.withheld == "the snapshot of s1 is empty"


def test_segments_may_share_a_tag() -> None:
    judged = pl.DataFrame({"segments": pl.Series([0b001, 0b010, 0b101, 0], dtype=pl.UInt64)})
    assert contact_rows(judged, [4, 63, 4])["wanted"].to_list() == [1 << 4, 1 << 63, 1 << 4, 0]
