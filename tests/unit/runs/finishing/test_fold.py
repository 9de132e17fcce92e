"""What a run's answers make of its plan: one outcome per contact, and the next ledger."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import polars as pl
import pytest

from shared.runs import ledger
from shared.runs.codes import FAILED, NAMES, NUMBER, OUTCOMES
from shared.runs.finishing.fold import (
    MAYBE_SENT,
    NOT_SENT,
    Answered,
    Folded,
    Results,
    Times,
    fold,
    parts_of,
    results_of,
)
from shared.runs.ledger import RETRY_NEVER, RETRY_WHEN_CHANGED, Flag
from shared.runs.planning.cutting import work_of
from shared.runs.planning.difference.generations import Generation, Generations
from shared.runs.planning.difference.policy import Policy
from shared.runs.unseen import named_in
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

TRIED = NOW - 600
# When a call was carried out.
CALL = (NOW - 60, NOW - 50)
# What is remembered of a contact of ours that left while leavers were archived.
LEFT = Flag.ACCEPTED | Flag.ADDED | Flag.ARCHIVE_AT_MOST
Rows = Mapping[str, Mapping[str, Any]]


def code_of(name: str) -> int:
    return {"not sent": NOT_SENT, "maybe": MAYBE_SENT}.get(name, NUMBER.get(name, FAILED))


def folded(
    contacts: Rows,
    known: Rows,
    *,
    up: str = "updated",
    up_detail: str | None = None,
    lacking: int = 0,
    by_us: bool = False,
    tag: str | None = None,
    tag_detail: str | None = None,
    one: str = "archived",
    policy: Policy | None = None,
    others: pl.DataFrame | None = None,
    suppressed: pl.DataFrame | None = None,
    pending: bool = False,
    asked: bool = False,
    let_go: bool = False,
    shown: int = 0,
) -> Folded:
    """Plan and fold a run in which every item of a kind has the same result."""
    table, _ = compare(
        contacts_of({"email": address(name)} | dict(row) for name, row in contacts.items()),
        ledger_of({"email": address(name)} | dict(row) for name, row in known.items()),
        policy or Policy(now=NOW),
        given() if others is None else others,
        suppressions() if suppressed is None else suppressed,
        {0: 0, 1: 1},
    )
    work = work_of(table.with_row_index("row").with_row_index("profile"), new_first=pending)
    ups, ops, ones = work.upserts.height, work.tag_ops.height, work.singles.height
    tags = Results(
        bytearray(code_of(tag or ("tagged" if add else "untagged")) for add in work.tag_ops["add"]),
        dict.fromkeys(range(ops), tag_detail) if tag_detail else {},
    )
    upserts = Results(
        bytearray([code_of(up)]) * ups,
        dict.fromkeys(range(ups), up_detail) if up_detail else {},
        dict.fromkeys(range(ups), lacking) if lacking else {},
        set(range(ups)) if by_us else set(),
        set(range(ups)) if asked else set(),
        set(range(ups)) if let_go else set(),
        during=[(0, ups, *CALL)],
    )
    if shown:
        upserts.note_shown(0, [shown] * ups)
    singles = Results(
        bytearray([code_of(one)]) * ones,
        let_go=set(range(ones)) if let_go else set(),
        during=[(0, ones, *CALL)] if one == "archived" else [],
    )
    return fold(
        parts_of(table.drop("state")),
        Answered(
            (work.upserts["row"], upserts),
            (work.tag_ops, tags),
            (work.singles["row"], singles),
        ),
        Times(now=NOW, since=TRIED, until=NOW),
        pending=pending,
    )


def outcome(result: Folded, name: str = "a") -> tuple[str, str]:
    row = by_email(result.outcomes)[address(name)]
    return NAMES[row["code"]], row["detail"]


def kept(result: Folded, name: str = "a") -> dict[str, Any] | None:
    """Return a contact's row in the next ledger."""
    return by_email(result.ledger).get(address(name))


def row_of(result: Folded) -> dict[str, Any]:
    row = kept(result)
    assert row is not None
    return row


def flags(result: Folded) -> Flag:
    return Flag(row_of(result)["flags"])


class TestShown:
    """What Mailchimp showed of a contact's values as it took them."""

    @pytest.mark.parametrize(
        ("up", "known", "kept_as"),
        [("updated", 5, 9), ("created", 0, 9), ("rejected_other", 5, 5), ("maybe", 5, 0)],
    )
    def test_is_kept_for_as_long_as_nothing_else_may_be_there(
        self, up: str, known: int, kept_as: int
    ) -> None:
        before = {"a": HELD | {"digest": 1, "shown": known}} if known else {}
        assert row_of(folded({"a": {}}, before, up=up, shown=9))["shown"] == kept_as

    def test_stays_where_nothing_is_sent(self) -> None:
        assert row_of(folded({"a": {}}, {"a": HELD | {"shown": 5}}))["shown"] == 5


class TestOutcomes:
    @pytest.mark.parametrize(
        ("up", "lacking", "code", "detail"),
        [
            ("created", 0, "created", ""),
            ("updated", 0, "updated", ""),
            ("updated", 1, "failed", "tag: not given"),
            ("rejected_fake", 0, "rejected_fake", ""),
            ("failed", 0, "failed", ""),
            ("not sent", 0, "failed", "not sent"),
            ("maybe", 0, "failed", "not known: Mailchimp's answer was lost"),
        ],
    )
    def test_of_a_contact_that_was_sent(
        self, up: str, lacking: int, code: str, detail: str
    ) -> None:
        assert outcome(folded({"a": {}}, {}, up=up, lacking=lacking)) == (code, detail)

    @pytest.mark.parametrize(
        ("tag", "detail", "code", "told"),
        [
            (None, None, "tagged", ""),
            ("failed", "tag News: gone", "failed", "tag News: gone"),
            ("failed", "Mailchimp did not answer", "failed", "tag: Mailchimp did not answer"),
            ("rejected_other", "Bad Request", "failed", "tag: Bad Request"),
            ("not sent", None, "failed", "not sent"),
            ("maybe", None, "failed", "tag: not known: Mailchimp's answer was lost"),
        ],
    )
    def test_of_a_contact_whose_only_change_is_a_tag(
        self, tag: str | None, detail: str | None, code: str, told: str
    ) -> None:
        result = folded({"a": {"wanted": 0b11}}, {"a": HELD}, tag=tag, tag_detail=detail)
        assert outcome(result) == (code, told)

    def test_whom_a_removal_did_not_find_is_told_so_and_forgotten(self) -> None:
        gone = "not in the audience any more"
        result = folded({}, {"a": HELD}, tag="unchanged", tag_detail=gone)
        assert outcome(result) == ("unchanged", gone)
        assert kept(result) is None

    def test_tagged_comes_before_untagged_and_both_before_unchanged(self) -> None:
        assert outcome(folded({"a": {"wanted": 0b10}}, {"a": HELD}))[0] == "tagged"
        assert outcome(folded({"a": {}}, {"a": HELD | {"tags": 0b11}}))[0] == "untagged"
        assert outcome(folded({"a": {}}, {"a": HELD}))[0] == "unchanged"

    def test_values_taken_and_a_tag_not_removed_is_a_failure_that_names_the_tag(self) -> None:
        result = folded({"a": {"digest": 8}}, {"a": HELD | {"tags": 0b11}}, tag="not sent")
        assert outcome(result) == ("failed", "tag: not sent")
        assert row_of(result)["digest"] == 8
        assert row_of(result)["tags"] == 0b11

    def test_values_refused_tell_why_whatever_became_of_the_tags(self) -> None:
        known = {"a": HELD | {"tags": 0b11}}
        result = folded(
            {"a": {"digest": 8}}, known, up="rejected_merge_field", up_detail="no date", tag="maybe"
        )
        code, detail = outcome(result)
        assert code == "rejected_merge_field"
        assert detail.startswith("no date; tag: ")

    @pytest.mark.parametrize(
        ("policy", "one", "code", "detail"),
        [
            ("untag", "", "untagged", ""),
            ("archive", "archived", "archived", ""),
            ("archive", "failed", "failed", ""),
            ("archive", "unchanged", "untagged", ""),
            ("archive", "maybe", "failed", "not known: Mailchimp's answer was lost"),
            ("unsubscribe", "unsubscribed", "unsubscribed", ""),
        ],
    )
    def test_of_a_leaver(self, policy: Any, one: str, code: str, detail: str) -> None:
        result = folded({}, {"a": OURS}, one=one, policy=Policy(leavers=policy, now=NOW))
        assert outcome(result) == (code, detail)
        assert result.outcomes["segments"].to_list() == [0]

    def test_a_leaver_of_a_cancelled_run_was_not_sent(self) -> None:
        policy = Policy(leavers="archive", now=NOW)
        result = folded({}, {"a": OURS}, tag="not sent", one="not sent", policy=policy)
        assert outcome(result) == ("failed", "not sent")

    def test_under_keep_leavers_have_no_row_and_stay_known(self) -> None:
        result = folded({}, {"a": OURS}, policy=Policy(leavers="keep", now=NOW))
        assert result.outcomes.is_empty()
        assert row_of(result)["tags"] == 1

    def test_a_withheld_removal_is_unchanged_and_says_so(self) -> None:
        policy = Policy(removal_limit_percent=20, now=NOW)
        result = folded({}, {f"l{n}": OURS for n in range(30)}, policy=policy)
        assert set(result.outcomes.select("code", "detail").rows()) == {
            (NUMBER["unchanged"], "removal withheld")
        }
        assert result.ledger["tags"].to_list() == [1] * 30

    def test_counts_add_up_to_the_rows(self) -> None:
        contacts = {"new": {}, "same": {}, "none": {"code": NUMBER["skipped_duplicate"]}}
        result = folded(contacts, {"same": HELD, "gone": HELD}, up="created")
        assert result.counts == {
            "created": 1,
            "unchanged": 1,
            "untagged": 1,
            "skipped_duplicate": 1,
        }


PARTS_UP = ("created", "updated", "rejected_fake", "failed", "not sent", "maybe")
PARTS_TAG = (None, "failed", "rejected_other", "not sent", "maybe", "unchanged")


@pytest.mark.parametrize(("up", "tag", "lacks"), list(product(PARTS_UP, PARTS_TAG, (0, 1))))
def test_any_two_parts_give_one_code_by_the_contract(up: str, tag: str | None, lacks: int) -> None:
    # A contact whose values changed, with one tag to get with them and one to lose by itself.
    accepted = up in ("created", "updated")
    lacking = 0b100 if lacks and accepted else 0
    contact = {"digest": 8, "wanted": 0b101}
    result = folded({"a": contact}, {"a": HELD | {"tags": 0b011}}, up=up, lacking=lacking, tag=tag)
    if up.startswith("rejected"):
        expected = up
    elif not accepted or lacking or tag not in (None, "unchanged"):
        expected = "failed"
    else:
        expected = up
    assert outcome(result)[0] == expected
    row = row_of(result)
    assert row["digest"] == (8 if accepted else 7)
    # What may be held is held, until it is known to be gone.
    may_get = (accepted and not lacking) or up in ("failed", "maybe")
    assert row["tags"] == 0b001 | (0b100 if may_get else 0) | (0 if tag is None else 0b010)
    uncertain = up in ("failed", "maybe") or tag == "maybe"
    assert bool(row["flags"] & Flag.UNCERTAIN) == uncertain
    tried = (TRIED, NOW) if up in ("failed", "maybe") else (0, 0)
    assert (row["tried"], row["tried_to"]) == tried


class TestNextLedger:
    def test_has_the_columns_of_its_schema(self) -> None:
        assert folded({"a": {}}, {}).ledger.schema == pl.Schema(ledger.schema())

    def test_knows_what_was_accepted_and_whether_this_export_added_it(self) -> None:
        contact = {"wanted": 0b11, "fields": 0b101}
        result = folded({"a": contact}, {}, up="created")
        assert flags(result) == Flag.ACCEPTED | Flag.ADDED
        row = row_of(result)
        assert (row["digest"], row["tags"], row["fields"]) == (7, 0b11, 0b101)
        assert flags(folded({"a": {}}, {})) == Flag.ACCEPTED

    def test_takes_an_updated_contact_for_added_when_an_earlier_call_added_it(self) -> None:
        assert flags(folded({"a": {}}, {}, by_us=True)) == Flag.ACCEPTED | Flag.ADDED

    def test_keeps_added_apart_from_the_outcome(self) -> None:
        assert Flag.ADDED in flags(folded({"a": {"digest": 8}}, {"a": OURS}))

    def test_keeps_values_and_tags_apart(self) -> None:
        result = folded({"a": {"wanted": 0b11}}, {}, up="created", lacking=0b10)
        assert (row_of(result)["digest"], row_of(result)["tags"]) == (7, 0b01)

    def test_of_a_contact_that_was_never_sent_knows_nothing(self) -> None:
        assert kept(folded({"a": {}}, {}, up="not sent")) is None
        row = row_of(folded({"a": {"digest": 8}}, {"a": OURS}, up="not sent"))
        assert (row["digest"], row["tags"], row["flags"]) == (7, 1, OURS["flags"])

    def test_does_not_forget_whom_a_lost_call_may_have_added(self) -> None:
        result = folded({"a": {}}, {}, up="maybe")
        assert flags(result) == Flag.UNCERTAIN
        assert (row_of(result)["tags"], row_of(result)["tried"]) == (1, TRIED)

    def test_keeps_the_time_of_the_first_attempt(self) -> None:
        uncertain = {"flags": int(Flag.UNCERTAIN), "tags": 1, "tried": 99, "tried_to": 100}
        row = row_of(folded({"a": {}}, {"a": uncertain}, up="maybe"))
        assert (row["tried"], row["tried_to"]) == (99, 100)
        result = folded({"a": {}}, {"a": uncertain}, up="updated")
        assert (flags(result), row_of(result)["tried"]) == (Flag.ACCEPTED, 0)

    def test_lets_an_uncertain_leaver_go_once_its_tags_are_gone(self) -> None:
        uncertain = {"flags": int(Flag.UNCERTAIN), "tags": 1, "tried": 99}
        assert kept(folded({}, {"a": uncertain})) is None
        assert row_of(folded({}, {"a": uncertain}, tag="failed"))["tags"] == 1

    def test_lets_a_leaver_go_once_nothing_is_left_to_do(self) -> None:
        assert kept(folded({}, {"a": OURS})) is None
        assert kept(folded({}, {"a": OURS}, tag="not sent")) is not None

    def test_sends_whom_a_tag_did_not_reach_whole_the_next_time(self) -> None:
        result = folded({"a": {"wanted": 0b11}}, {"a": HELD}, tag="failed")
        assert Flag.UNCERTAIN in flags(result)
        assert row_of(result)["tags"] == 0b01

    def test_remembers_whom_it_archived(self) -> None:
        policy = Policy(leavers="archive", now=NOW)
        result = folded({}, {"a": OURS}, policy=policy)
        assert flags(result) == LEFT | Flag.ARCHIVED
        assert row_of(result)["tags"] == 0

    @pytest.mark.parametrize("one", ["failed", "unchanged", "not sent"])
    def test_remembers_whom_it_still_has_to_archive(self, one: str) -> None:
        policy = Policy(leavers="archive", now=NOW)
        result = folded({}, {"a": OURS}, one=one, policy=policy)
        assert flags(result) == LEFT | Flag.DUE
        assert result.due == 1

    def test_remembers_that_a_lost_call_may_have_archived_it(self) -> None:
        policy = Policy(leavers="archive", now=NOW)
        known = flags(folded({}, {"a": OURS}, one="maybe", policy=policy))
        assert known == LEFT | Flag.DUE | Flag.ARCHIVED
        result = folded(
            {},
            {"a": OURS | {"tags": 0, "flags": int(known)}},
            policy=policy,
            suppressed=suppressions(a="archived"),
        )
        assert flags(result) == LEFT | Flag.ARCHIVED
        assert result.outcomes.is_empty()

    def test_remembers_since_when_it_waits_for_older_segments(self) -> None:
        times = enumerate([NOW, NOW - 7200])
        segments = tuple(Generation(f"s{tag}", time, tag) for tag, time in times)
        policy = Policy(leavers="archive", now=NOW, generations=Generations(segments))
        result = folded({}, {"a": OURS}, policy=policy)
        assert flags(result) == LEFT | Flag.DUE
        assert (row_of(result)["stamp"], row_of(result)["tags"]) == (NOW, 0)
        (outcome,) = result.outcomes.select("code", "detail").rows()
        assert (NAMES[outcome[0]], outcome[1]) == (
            "untagged",
            "waiting until all segments and exports of the audience are as new",
        )

    def test_who_is_in_a_segment_again_waits_no_longer(self) -> None:
        waits = OURS | {"flags": int(LEFT | Flag.DUE), "tags": 0, "stamp": NOW}
        result = folded({"a": {}}, {"a": waits})
        assert flags(result) == Flag.ACCEPTED | Flag.ADDED
        assert (row_of(result)["stamp"], result.due) == (0, 0)

    def test_forgets_whom_it_unsubscribed(self) -> None:
        policy = Policy(leavers="unsubscribe", now=NOW)
        assert kept(folded({}, {"a": OURS}, one="unsubscribed", policy=policy)) is None

    def test_takes_one_that_came_back_for_a_contact_like_any_other(self) -> None:
        archived = OURS | {"flags": OURS["flags"] | int(Flag.ARCHIVED), "tags": 0}
        result = folded({"a": {"state": "archived"}}, {"a": archived})
        assert flags(result) == Flag.ACCEPTED | Flag.ADDED
        assert row_of(result)["tags"] == 1

    @pytest.mark.parametrize("up", ["updated", "failed"])
    def test_one_that_subscribed_again_themselves_is_not_its_own_any_more(self, up: str) -> None:
        archived = OURS | {"flags": OURS["flags"] | int(Flag.ARCHIVED), "tags": 0}
        result = folded({"a": {"state": None}}, {"a": archived}, up=up)
        assert not flags(result) & (Flag.ADDED | Flag.ARCHIVED)

    def test_one_whose_archiving_was_lost_stays_its_own(self) -> None:
        lost = OURS | {"flags": OURS["flags"] | int(Flag.ARCHIVED | Flag.DUE), "tags": 0}
        result = folded({"a": {"state": None}}, {"a": lost}, up="updated")
        assert flags(result) == Flag.ACCEPTED | Flag.ADDED

    def test_one_that_it_archived_and_somebody_unsubscribed_is_not_its_own_any_more(self) -> None:
        archived = OURS | {"flags": OURS["flags"] | int(Flag.ARCHIVED), "tags": 0}
        for state in ("unsubscribed", "cleaned", "transactional", "pending"):
            skipped = {"state": state, "code": NUMBER[f"skipped_{state}"]}
            assert Flag.ARCHIVED not in flags(folded({"a": skipped}, {"a": archived}))

    @pytest.mark.parametrize("up", ["created", "maybe", "failed"])
    def test_knows_whom_it_created_as_pending_or_may_have(self, up: str) -> None:
        assert Flag.PENDING in flags(folded({"a": {}}, {}, up=up, pending=True))

    def test_an_updated_contact_is_not_pending(self) -> None:
        assert Flag.PENDING not in flags(folded({"a": {}}, {}, up="updated", pending=True))
        pending = OURS | {"flags": OURS["flags"] | int(Flag.PENDING)}
        result = folded({"a": {"digest": 8}}, {"a": pending}, pending=True)
        assert flags(result) == Flag.ACCEPTED | Flag.ADDED

    @pytest.mark.parametrize(
        ("code", "again"),
        [
            ("rejected_merge_field", RETRY_WHEN_CHANGED),
            ("rejected_fake", RETRY_WHEN_CHANGED),
            ("rejected_compliance", RETRY_NEVER),
            ("rejected_forgotten", RETRY_NEVER),
            ("rejected_too_many_signups", NOW + 86_400),
            ("rejected_other", NOW + 86_400),
        ],
    )
    def test_remembers_a_refusal_and_when_to_try_again(self, code: str, again: int) -> None:
        row = row_of(folded({"a": {"digest": 8}}, {"a": HELD}, up=code))
        assert (NAMES[row["refusal"]], row["refused_digest"], row["retry_at"]) == (code, 8, again)
        assert (row["digest"], row["flags"]) == (7, int(Flag.ACCEPTED))

    def test_keeps_a_refusal_while_it_holds_and_drops_it_when_taken(self) -> None:
        refused = {
            "flags": 0,
            "refusal": NUMBER["rejected_merge_field"],
            "refused_digest": 7,
            "retry_at": RETRY_WHEN_CHANGED,
        }
        result = folded({"a": {}}, {"a": refused})
        assert outcome(result)[0] == "rejected_merge_field"
        assert outcome(result)[1].startswith("refused in an earlier run")
        assert row_of(result)["refusal"] == NUMBER["rejected_merge_field"]
        result = folded({"a": {"digest": 8}}, {"a": refused}, up="created")
        assert row_of(result)["refusal"] is None

    def test_drops_a_refusal_once_the_contact_is_known_to_be_protected(self) -> None:
        refused = {"flags": 0, "refusal": NUMBER["rejected_compliance"], "retry_at": RETRY_NEVER}
        skipped = {"state": "unsubscribed", "code": NUMBER["skipped_unsubscribed"]}
        assert row_of(folded({"a": skipped}, {"a": refused}))["refusal"] is None

    def test_says_which_tags_it_left_to_another_export(self) -> None:
        result = folded({}, {"a": OURS | {"tags": 0b11}}, others=given(a=0b01))
        row = row_of(result)
        assert (row["tags"], row["left"]) == (0b01, 0b01)
        # As soon as the other one has let it go, too.
        row["flags"] = int(row["flags"])
        assert kept(folded({}, {"a": row})) is None

    def test_a_tag_that_a_segment_gives_again_is_not_left_any_more(self) -> None:
        known = HELD | {"tags": 0b11, "left": 0b10}
        assert row_of(folded({"a": {"wanted": 0b11}}, {"a": known}))["left"] == 0

    def test_a_profile_that_is_skipped_is_not_in_it(self) -> None:
        assert kept(folded({"a": {"code": NUMBER["skipped_no_consent"]}}, {})) is None


class TestResults:
    def test_are_collected_block_by_block_and_chunk_by_chunk(self) -> None:
        def codes(*names: str) -> str:
            return "".join(chr(65 + NUMBER[name]) for name in names)

        first = [
            {"at": 0, "n": 2, "codes": codes("created", "failed"), "details": {"1": "why"}},
            {"at": 2, "n": 1, "codes": codes("updated"), "lacking": {"0": 0b11}, "added": [0]},
            {"tag": 0, "items": [2]},
            {"tag": 1, "items": [2], "bad": {"2": "tag News: gone"}},
        ]
        second = [{"at": 0, "n": 1, "codes": codes("created"), "dropped": {"FNAME": 2}}]
        results = results_of([(3, first, 0), (4, second, 2)], 7)
        assert list(results.codes) == [
            NUMBER["created"],
            FAILED,
            NUMBER["updated"],
            NUMBER["created"],
            MAYBE_SENT,
            MAYBE_SENT,
            NOT_SENT,
        ]
        assert results.details == {1: "why", 2: "tag News: gone"}
        assert results.lacking == {2: 0b10}
        assert (results.added, results.dropped) == ({2}, {"FNAME": 2})

    def test_what_was_sent_once_more_shows_something_else_by_now(self) -> None:
        blocks: list[dict[str, Any]] = [
            {"at": 0, "n": 2, "codes": "BB", "untaken": {"A": [1]}, "shown": "BwAAAAgAAAA="},
            {"field": "A", "items": [1]},
        ]
        assert list(results_of([(3, blocks, 0)], 3).shown) == [7, 0, 0]

    def test_the_uncertain_end_with_their_chunk(self) -> None:
        lost: list[dict[str, Any]] = [
            {"at": 1, "n": 2, "codes": "BB", "untaken": {"A": [0, 1]}},
            {"field": "A", "items": [2]},
        ]
        assert results_of([(3, lost, 0)], 3).untaken == {"A": {1}}
        assert list(results_of([(2, [], 500), (1, [], 0)], 3).codes) == [
            MAYBE_SENT,
            MAYBE_SENT,
            NOT_SENT,
        ]


def test_every_code_has_a_rank_in_the_order_of_the_contract() -> None:
    rank = {outcome.code: outcome.rank for outcome in OUTCOMES}
    order = ["created", "updated", "tagged", "untagged", "unchanged"]
    assert sorted(order, key=rank.__getitem__) == order
    assert max(rank[name] for name in rank if name.startswith(("rejected", "failed"))) < 20


class TestTimes:
    """When calls of ours created, archived or asked a contact: what removals are judged by."""

    def times(self, result: Folded, name: str) -> tuple[int, int]:
        row = row_of(result)
        return row[f"{name}_from"], row[f"{name}_to"]

    def test_one_that_was_created_is_ours_since_that_call(self) -> None:
        assert self.times(folded({"a": {}}, {}, up="created"), "made") == CALL
        assert self.times(folded({"a": {}}, {}, up="updated"), "made") == (0, 0)

    def test_one_that_an_earlier_try_created_may_be_ours_since_that_one(self) -> None:
        uncertain = {"flags": int(Flag.UNCERTAIN), "tried": TRIED}
        result = folded({"a": {}}, {"a": uncertain}, by_us=True)
        assert self.times(result, "made") == (TRIED, CALL[1])

    def test_what_is_known_stays_with_a_contact_that_is_updated_or_not_sent(self) -> None:
        known = OURS | {"made_from": 5, "made_to": 6, "moved_from": 7, "moved_to": 8}
        for contact in ({}, {"digest": 8}):
            result = folded({"a": contact}, {"a": known})
            assert (self.times(result, "made"), self.times(result, "moved")) == ((5, 6), (7, 8))

    def test_archiving_has_its_time_and_one_whose_answer_was_lost_that_of_the_run(self) -> None:
        archive = Policy(now=NOW, leavers="archive")
        known = OURS | {"made_from": 5, "made_to": 6}
        done = folded({}, {"a": known}, policy=archive)
        assert (self.times(done, "made"), self.times(done, "moved")) == ((5, 6), CALL)
        lost = folded({}, {"a": known}, policy=archive, one="maybe")
        assert self.times(lost, "moved") == (TRIED, NOW)

    def test_asking_takes_the_place_of_archiving(self) -> None:
        archived = OURS | {"flags": OURS["flags"] | int(Flag.ARCHIVED), "moved_to": 8}
        result = folded({"a": {"state": "archived"}}, {"a": archived}, asked=True)
        assert self.times(result, "moved") == CALL
        assert flags(result) == Flag.ACCEPTED | Flag.ADDED | Flag.PENDING

    def test_whom_the_reading_showed_to_be_another_s_is_let_go_of(self) -> None:
        archived = OURS | {"flags": OURS["flags"] | int(Flag.ARCHIVED), "moved_to": 8}
        back = {"a": {"state": "archived"}}
        result = folded(back, {"a": archived}, up="skipped_archived", let_go=True)
        assert flags(result) == Flag.ACCEPTED
        assert self.times(result, "moved") == (0, 0)
        for leavers in ("archive", "unsubscribe"):
            policy = Policy(now=NOW, leavers=leavers)
            assert (
                kept(folded({}, {"a": OURS}, policy=policy, one="unchanged", let_go=True)) is None
            )


def test_an_invalid_address_tells_which_characters_in_it_can_t_be_seen() -> None:
    code = {"code": NUMBER["skipped_invalid_email"]}
    result = folded({"so\u00adf\u200et": code, "plain": code}, {})
    text = "the address holds characters that can't be seen: U+00AD, U+200E"
    assert outcome(result, "so\u00adf\u200et") == ("skipped_invalid_email", text)
    assert outcome(result, "plain") == ("skipped_invalid_email", "")
    assert named_in(text) == "U+00AD, U+200E"
    assert named_in("not sent") is None
