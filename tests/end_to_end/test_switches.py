"""The same story with every way in which Mailchimp may be meant to behave."""

from typing import Any

import pytest

from tests.support.place import Place, email, emails, people

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
}


@pytest.mark.parametrize("switches", SWITCHES.values(), ids=SWITCHES)
def test_an_audience_ends_as_the_segments_say(place: Place, switches: dict[str, Any]) -> None:
    place.mailchimp.set(**switches)
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
