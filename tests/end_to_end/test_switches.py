"""The same story with every way in which Mailchimp may be meant to behave."""

from collections.abc import Iterator
from typing import Any

import pytest

from local.mailchimp.control import CallRecord
from local.stack import Stack
from tests.support.place import Place, email, emails, make_place, people

# Those that have nothing to do with each other share a story.
SWITCHES: dict[str, dict[str, Any]] = {
    "tags with new contacts only, addresses as they were sent, work before the wait": {
        "inline_tags": "new_only",
        "answer_casing": "sent",
        "work_at": "before",
        "bulk_seconds": 0.1,
    },
    "late tags, connections that end with their client, another clock": {
        "inline_tags": "late",
        "inline_tags_late_seconds": 0.3,
        "hold_connection_after_disconnect": False,
        "clock_offset_seconds": 120.0,
    },
    "few tags listed, unknown addresses told, duplicates refuse the call": {
        "tags_listed_max": 2,
        "unknown_in_segment": "errors",
        "duplicates": "request_error",
    },
    "repeated tags left out, who comes back is new, totals are fresh": {
        "repeated_tag_answer": "left_out",
        "archived_answer": "new",
        "stats_stale_seconds": 0.0,
    },
    "bad values dropped, long text cut, small answers, no status is subscribed": {
        "bad_merge_values": "dropped_silently",
        "long_text": "cut",
        "omitted_status": "subscribed",
        "small_answers": True,
        "filter_post_answers": True,
    },
    "status_if_new is ignored": {"status_if_new": "ignored"},
    "status_if_new is taken for the status": {"status_if_new": "as_status"},
    "status_if_new is refused, and an update without a status writes one": {
        "status_if_new": "refused",
        "omitted_status": "subscribed",
    },
    "a contact without a status is refused": {
        "status_if_new": "item_error",
        "omitted_status": "item_error",
    },
    "every status has to be named": {"status_if_new": "refused", "omitted_status": "refused"},
    "who is archived counts as new": {
        "archived_for_status_if_new": "new",
        "archived_for_create_only": "new",
        "archived_for_no_status": "new",
    },
    "nothing shows of who comes back, or has another address": {
        "times_on_return": "kept",
        "source_on_return": "kept",
        "contact_id_on_new_address": "new",
        "idn_stored": "ascii",
    },
    "answers have the status that was sent, tags are ignored": {
        "answer_status": "sent",
        "inline_tags": "ignored",
    },
    "answers have no status, and nothing is refused to who left": {
        "answer_status": "left_out",
        "compliance": "ignored",
    },
}


def check_statuses_written(calls: list[CallRecord], switches: dict[str, Any]) -> None:
    """No call writes a status to a contact that exists, except to unsubscribe or to ask."""
    for call in calls:
        if not call.writes or not isinstance(call.body, dict):
            continue
        if members := call.body.get("members"):
            assert call.body["sync_tags"] is False
            with_status = [member for member in members if "status" in member]
            assert not with_status or call.body["update_existing"] is False
            if any("status_if_new" in member for member in members):
                assert switches["status_if_new"] == "honoured"
        else:
            assert call.body.get("status") in (None, "pending", "unsubscribed")
            assert "status_if_new" not in call.body


@pytest.fixture(params=list(SWITCHES.values()), ids=list(SWITCHES))
def place(stack: Stack, request: pytest.FixtureRequest) -> Iterator[Place]:
    """A corner for one test, of an account that behaves in one way from its first call on."""
    stack.mailchimp.set(**request.param)
    made = make_place(stack)
    yield made
    made.leave()
    stack.mailchimp.reset()


def test_an_audience_ends_as_the_segments_say(place: Place) -> None:
    # Every body is kept from here on.
    place.mailchimp.set(record_bodies=True)
    place.put(
        {"email": email(0).upper(), "tags": ["Press", "A", "B", "C"]},
        {"email": email(1).title()},
        {"email": email(50), "tags": ["Press"]},
    )
    place.mailchimp.unsubscribe_by_admin(place.audience, email(1))
    place.write({"VIP": people(range(8)), "News": people(range(4, 12))})
    place.save(["VIP", "News"], leavers="archive")

    first = place.run()
    assert first["status"] == "succeeded", first
    place.write(
        {
            "VIP": [*people(range(6, 8)), *people(range(20, 22)), *people(range(3))],
            "News": people(range(4, 12), FirstName="New"),
        }
    )
    second = place.run()
    assert second["status"] == "succeeded", second
    place.write({"VIP": people([*range(8), 20, 21]), "News": people(range(4, 12))})
    third = place.run()
    assert third["status"] == "succeeded", third
    assert place.statuses()[email(3)] == "pending"
    place.mailchimp.confirm(place.audience, email(3))
    assert place.run()["status"] == "succeeded"
    check_statuses_written(place.calls(), place.mailchimp.set())

    tags, statuses = place.tags_of(), place.statuses()
    assert tags[email(0)] == {"Press", "A", "B", "C", "VIP"}
    assert tags[email(50)] == {"Press"}
    assert all(tags[email(number)] == {"VIP"} for number in (2, 3, 20, 21))
    assert all(tags[email(number)] == {"VIP", "News"} for number in range(4, 8))
    assert all(tags[email(number)] == {"News"} for number in range(8, 12))
    assert statuses.pop(email(1)) == "unsubscribed"
    assert set(statuses) == emails([0, *range(2, 12), 20, 21, 50])
    assert set(statuses.values()) == {"subscribed"}
    assert place.contacts()[email(9)].merge_fields["FNAME"] == "First9"

    place.forget_calls()
    last = place.run()
    assert last["status"] == "succeeded", last
    assert not place.writes()
