"""The export with nothing but what it must have: an address for each contact, and a tag."""

from tests.support.place import Document, Place, email, emails, people

OPTIONAL = ("merge_fields", "schedule")


def test_an_export_with_required_members_alone_runs_by_itself(place: Place) -> None:
    place.write({"VIP": people(range(5))}, partitions=2)
    place.save(["VIP"], without=OPTIONAL)
    first = next_run(place, 1)
    place.write({"VIP": people(range(4, 7))})

    second = next_run(place, 2)

    assert (first["status"], first["counts"]["created"]) == ("succeeded", 5), first
    assert (second["status"], second["counts"]["created"]) == ("succeeded", 2), second
    assert set(place.contacts()) == emails(range(7))
    assert {who for who, tags in place.tags_of().items() if tags == {"VIP"}} == {
        email(number) for number in (4, 5, 6)
    }


def next_run(place: Place, number: int) -> Document:
    """Wait until the schedule, by default with every refresh, has started so many runs."""
    place.ticked(lambda: len(place.runs()) >= number, what="a scheduled run")
    return place.ended(place.runs()[0])
