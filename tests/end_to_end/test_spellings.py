"""One mailbox under several spellings of its domain is one contact, whatever Mailchimp stores."""

import pytest

from tests.support.place import Place, person

LETTERS, IN_DNS, DECOMPOSED = "@bücher.de", "@xn--bcher-kva.de", "@bu\u0308cher.de"


@pytest.mark.parametrize("stored", ["as_sent", "unicode", "ascii"])
def test_whoever_left_in_one_spelling_is_not_subscribed_in_another(
    place: Place, stored: str
) -> None:
    place.mailchimp.set(idn_stored=stored)
    spellings = (LETTERS, IN_DNS, DECOMPOSED)
    left = [f"left{number}{domain}" for number, domain in enumerate(spellings)]
    place.put(*({"email": address} for address in left))
    place.mailchimp.unsubscribe_by_admin(place.audience, left)
    before = place.contacts()
    wanted = [
        f"left{number}{domain}" for number, domain in enumerate(spellings[1:] + spellings[:1])
    ]
    rows = [person(number, Email=address.upper()) for number, address in enumerate(wanted)]
    rows += [person(number, Email=f"new{domain}") for number, domain in enumerate(spellings, 10)]
    place.write({"VIP": rows})
    place.save(["VIP"])

    first = place.run()

    assert first["outcomes"] == {"created": 1, "skipped_duplicate": 2, "skipped_unsubscribed": 3}
    after = place.contacts()
    assert {email: after[email] for email in before} == before
    (new,) = set(after) - set(before)
    assert after[new].status == "subscribed"

    place.forget_calls()
    again = place.run()
    assert again["outcomes"] == {"unchanged": 1, "skipped_duplicate": 2, "skipped_unsubscribed": 3}
    assert not place.writes()

    place.write({"VIP": [person(10, Email=f"new{DECOMPOSED}", FirstName="Anew")]})
    assert place.run()["outcomes"]["updated"] == 1
    assert place.contacts()[new].merge_fields["FNAME"] == "Anew"
