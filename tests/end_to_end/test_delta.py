"""Only what changed is sent: the exact end state, and the exact set of calls."""

from collections import Counter

from tests.end_to_end.test_protected import protect
from tests.support.place import Place, email, emails, people, person

_ENOUGH_READS = 15


def test_from_one_snapshot_to_the_next_only_the_difference_is_written(place: Place) -> None:
    protected = protect(place)
    first = len(protected)
    place.write({"VIP": people(range(60)), "News": people(range(40, 80))})
    place.save(["VIP", "News"])
    place.run()
    state = place.contacts()
    left = email(50)
    place.mailchimp.unsubscribe_by_self(place.audience, left)
    renamed = {57: person(57, FirstName="Renamed"), 58: person(58, FirstName="Renamed")}
    vip = [*range(first + 4), *range(30, 45), *range(48, 60), *range(90, 95)]
    news = [*range(first, first + 4), *range(40, 80), *range(92, 97)]
    place.write(
        {
            "VIP": [renamed.get(number) or person(number) for number in vip],
            "News": [renamed.get(number) or person(number) for number in news],
        }
    )
    place.forget_calls()

    run = place.run()

    # 25 to 29 left altogether; 45 to 47 left one segment; 21 to 24 joined one; 90 to 96 are new.
    calls = Counter({("POST list", 7 + 2): 1, ("POST tag VIP", 5 + 3): 1, ("POST tag News", 4): 1})
    if place.mailchimp.set()["inline_tags"] == "late":
        # The answer lacks the tags of those who are new: they get them by calls of their own.
        calls += Counter({("POST tag VIP", 5): 1, ("POST tag News", 5): 1})
    assert place.writes() == calls
    assert len(place.reads()) <= _ENOUGH_READS
    now = place.contacts()
    for address in protected:
        assert now.get(address) == state.get(address), address
    tags = {name: set[str]() for name in emails([*range(first, 80), *range(90, 97)])}
    for segment, numbers in (("VIP", vip), ("News", news)):
        for number in numbers:
            if number >= first:
                tags[email(number)].add(segment)
    assert {address: set(now[address].tags) for address in tags} == tags
    assert set(now) - set(protected) == set(tags)
    subscribed = {address for address in tags if now[address].status == "subscribed"}
    assert subscribed == set(tags) - {left}
    assert now[email(57)].merge_fields["FNAME"] == "Renamed"
    assert now[email(56)] == state[email(56)]
    codes = place.codes(run)
    assert codes[left] == "skipped_unsubscribed"
    counted = Counter(codes.values())
    assert counted["created"] == 7
    assert counted["updated"] == 2
    assert counted["tagged"] == 4
    assert counted["untagged"] == 8
    assert {address: codes[address] for address in protected} == protected
    assert sum(run["outcomes"].values()) == len(codes)


def test_the_same_snapshot_again_writes_nothing(place: Place) -> None:
    place.write({"VIP": people(range(600))})
    place.save(["VIP"])
    place.run()
    place.forget_calls()

    run = place.run()

    assert not place.writes()
    assert len(place.reads()) <= _ENOUGH_READS
    assert run["status"] == "succeeded", run
    assert run["counts"]["unchanged"] == 600


def test_full_sends_everybody_once_more(place: Place) -> None:
    place.write({"VIP": people(range(30))})
    place.save(["VIP"])
    place.run()
    place.mailchimp.set_value(place.audience, [email(3)], "FNAME", "Somebody")
    place.mailchimp.remove_tag(place.audience, [email(4)], "VIP")
    place.forget_calls()

    run = place.run(full=True)

    assert run["counts"]["updated"] == 30
    calls = Counter({("POST list", 30): 1})
    if place.mailchimp.set()["inline_tags"] != "applied":
        # The one who lacked the tag lacks it in the answer too, and gets it by a call of its own.
        calls["POST tag VIP", 1] = 1
    assert place.writes() == calls
    assert place.contacts()[email(3)].merge_fields["FNAME"] == "First3"
    assert place.contacts()[email(4)].tags == {"VIP"}
    assert place.run()["counts"]["unchanged"] == 30


def test_one_per_cent_of_100_000_contacts_is_all_that_is_sent(place: Place) -> None:
    """The slowest test here: the first export of so many takes some seconds."""
    count, changed = 100_000, 1_000
    everybody = people(range(count))
    place.write({"VIP": everybody})
    place.save(["VIP"])
    assert place.run()["counts"]["created"] == count

    place.forget_calls()
    run = place.run()
    assert run["counts"]["unchanged"] == count
    assert not place.writes()
    assert len(place.reads()) <= _ENOUGH_READS

    place.write({"VIP": [*people(range(changed), FirstName="New"), *everybody[changed:]]})
    place.forget_calls()
    run = place.run()
    assert run["counts"]["updated"] == changed
    assert run["counts"]["unchanged"] == count - changed
    assert place.writes() == Counter({("POST list", 500): 2})
    assert len(place.reads()) <= _ENOUGH_READS


def test_a_refused_contact_is_tried_again_only_when_its_data_changed(place: Place) -> None:
    rows = people(range(2))
    rows[0]["Email"] = "fakeaddress@contoso.com"
    place.write({"VIP": rows})
    place.save(["VIP"])
    assert place.codes(place.run())["fakeaddress@contoso.com"] == "rejected_fake"

    place.forget_calls()
    again = place.run()
    assert place.codes(again)["fakeaddress@contoso.com"] == "rejected_fake"
    assert again["status"] == "partial"
    assert not place.writes()

    rows[0]["FirstName"] = "Somebody else"
    place.write({"VIP": rows})
    place.forget_calls()
    place.run()
    assert place.writes() == Counter({("POST list", 1): 1})
