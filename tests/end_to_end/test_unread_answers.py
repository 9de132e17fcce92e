"""Answers that look whole and can't be read: a lane sees that only after its next call has left."""

from tests.support.place import Place, people

# Enough for several calls of one lane after the other.
_COUNT = 9_000


def test_contacts_of_an_unreadable_answer_are_sent_again_and_stay_the_exports_own(
    place: Place,
) -> None:
    place.write({"VIP": people(range(_COUNT))})
    place.save(["VIP"], leavers="archive")
    calls = f"POST /lists/{place.audience}$"
    # First and last calls of chunks.
    place.mailchimp.fail_next(calls, "garbled_answer", times=4)
    place.mailchimp.fail_next(calls, "garbled_answer", times=2, after=12)

    run = place.run()

    assert run["status"] == "succeeded", run
    codes = place.codes(run)
    assert len(codes) == _COUNT
    assert set(codes.values()) == {"created", "updated"}
    assert set(place.statuses().values()) == {"subscribed"}
    assert all(tags == {"VIP"} for tags in place.tags_of().values())
    # Nobody was there before, so an updated contact is one that was sent twice.
    again = sorted(address for address, code in codes.items() if code == "updated")
    assert len(again) >= 500
    leaving = set(again[:30])
    place.write(
        {"VIP": [row for row in people(range(_COUNT)) if str(row["Email"]).lower() not in leaving]}
    )

    second = place.run()

    assert second["status"] == "succeeded", second
    assert {address for address, code in place.codes(second).items() if code == "archived"} == (
        leaving
    )
    assert {address for address, status in place.statuses().items() if status == "archived"} == (
        leaving
    )
