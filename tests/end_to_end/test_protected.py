"""Nobody who must not be touched is touched, however their address is spelled."""

from collections.abc import Iterable

from tests.support.place import Place, email, people, person, until

_STATES = {
    "unsubscribed_by_self": "skipped_unsubscribed",
    "unsubscribed_by_admin": "skipped_unsubscribed",
    "cleaned": "skipped_cleaned",
    "pending": "skipped_pending",
    "transactional": "skipped_transactional",
    "archived": "skipped_archived",
    "forgotten": "rejected_forgotten",
}


def spell(number: int, style: int) -> str:
    """An address with capitals in different places."""
    plain = email(number)
    return (plain, plain.upper(), plain.title())[style % 3]


def protect(place: Place, first: int = 0, each: int = 3) -> dict[str, str]:
    """Put contacts of every protected state into the audience; address to expected code."""
    expected: dict[str, str] = {}
    number = first
    for state, code in _STATES.items():
        numbers = range(number, number + each)
        number += each
        stored = [spell(n, n) for n in numbers]
        put_in_state(place, state, stored)
        expected |= {email(n): code for n in numbers}
    return expected


def put_in_state(place: Place, state: str, stored: Iterable[str]) -> None:
    addresses, audience = list(stored), place.audience
    if state in ("pending", "transactional"):
        place.put(*({"email": one, "status": state} for one in addresses))
        return
    place.put(*({"email": one, "tags": ["Press"]} for one in addresses))
    match state:
        case "unsubscribed_by_self":
            place.mailchimp.unsubscribe_by_self(audience, addresses)
        case "unsubscribed_by_admin":
            place.mailchimp.unsubscribe_by_admin(audience, addresses)
        case "cleaned":
            place.mailchimp.bounce(audience, addresses)
        case "archived":
            place.mailchimp.archive(audience, addresses)
        case "forgotten":
            place.mailchimp.forget(audience, addresses)


def test_an_audience_full_of_protected_contacts_is_the_same_afterwards(place: Place) -> None:
    expected = protect(place)
    before = place.contacts()
    rows = people(range(len(expected)))
    for number, row in enumerate(rows):
        row["Email"] = f" {spell(number, number + 1)} "
    place.write({"VIP": [*rows, person(500)]})
    place.save(["VIP"])

    run = place.run()

    assert place.codes(run) == {**expected, email(500): "created"}
    after = place.contacts()
    assert after.pop(email(500)).tags == {"VIP"}
    assert after == before
    assert run["status"] == "partial", run
    assert run["error"] is None
    assert run["counts"]["skipped"] == 18
    assert run["counts"]["rejected"] == 3


def test_whoever_leaves_while_their_batch_is_under_way_stays_so_and_the_answer_shows_it(
    place: Place,
) -> None:
    place.write({"VIP": people(range(3))})
    place.put({"email": email(1).upper()})
    place.save(["VIP"])
    # They leave before Mailchimp does what the call asks for.
    place.mailchimp.set(bulk_seconds=2.0, work_at="after")
    run = place.start()
    until(lambda: any(call.members for call in place.calls()), what="the batch")

    place.mailchimp.unsubscribe_by_self(place.audience, email(1))
    run = place.ended(run)

    assert place.codes(run)[email(1)] == "skipped_unsubscribed"
    assert place.contacts()[email(1)].status == "unsubscribed"


def test_the_second_run_asks_nothing_of_those_who_were_refused(place: Place) -> None:
    expected = protect(place, each=1)
    place.write({"VIP": people(range(len(expected)))})
    place.save(["VIP"])
    place.run()
    before = place.contacts()
    place.forget_calls()

    run = place.run()

    assert place.codes(run) == expected
    assert place.contacts() == before
    assert not place.writes()


def test_somebody_who_came_back_by_a_form_is_sent_again(place: Place) -> None:
    place.write({"VIP": people(range(2))})
    place.put({"email": email(0).upper()})
    place.mailchimp.unsubscribe_by_self(place.audience, email(0))
    place.save(["VIP"])
    assert place.codes(place.run())[email(0)] == "skipped_unsubscribed"

    place.mailchimp.resubscribe_by_form(place.audience, email(0))
    run = place.run()

    assert place.codes(run) == {email(0): "updated", email(1): "unchanged"}
    contact = place.contacts()[email(0)]
    assert (contact.status, set(contact.tags)) == ("subscribed", {"VIP"})


def test_a_contact_that_unsubscribes_between_runs_stays_so(place: Place) -> None:
    place.write({"VIP": people(range(3))})
    place.save(["VIP"])
    place.run()
    place.mailchimp.unsubscribe_by_admin(place.audience, email(1))
    place.write({"VIP": people(range(3), FirstName="New")})

    run = place.run()

    assert place.codes(run)[email(1)] == "skipped_unsubscribed"
    contact = place.contacts()[email(1)]
    assert (contact.status, contact.merge_fields["FNAME"]) == ("unsubscribed", "First1")
    assert place.contacts()[email(2)].merge_fields["FNAME"] == "New"
