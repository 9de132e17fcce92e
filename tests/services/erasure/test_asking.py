"""Asking for an erasure: what is refused, and what the key has to do with it."""

import pytest

from local.stack import Stack
from shared.erased import SECRET_NAME
from tests.support.described import check_described
from tests.support.erasing import erase, removed
from tests.support.place import Place, email, people, person


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ""),
        ({"email": "ana@contoso.com", "customer_id": "1"}, ""),
        ({"email": " \t"}, "email"),
        ({"email": "a" * 65_537}, "email"),
        ({"customer_id": "  "}, "customer_id"),
        ({"email": "ana@contoso.com", "delete_in_mailchimp": "yes"}, "delete_in_mailchimp"),
        ({"email": "ana@contoso.com", "all": True}, "all"),
    ],
)
def test_what_names_nobody_is_refused(stack: Stack, body: object, field: str) -> None:
    answer = stack.api("POST", "erasures", body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert "ana" not in answer.text.replace("is not", "")


@pytest.mark.parametrize("odd", ["somebody without an at", "@contoso.com", "x" * 1000])
def test_what_a_segment_held_in_place_of_an_address_or_an_id_can_be_erased(
    stack: Stack, place: Place, n: int, odd: str
) -> None:
    odd_id = f"{n}-" + "i" * 1000
    rows = [person(n), person(n + 1, Email=f"{odd}{n}"), person(n + 2, CustomerId=odd_id)]
    place.write({"Readers": rows})
    place.save(["Readers"])
    run = place.run()
    assert len(place.outcomes(run)) == 3
    for name in ({"email": f"{odd}{n}"}, {"customer_id": odd_id}):
        assert removed(erase(stack, **name))[f"outcomes/{run['id']}"] == 1
    (left,) = place.outcomes(run)
    assert left["email"] == email(n)


def test_somebody_unknown_is_kept_out_all_the_same(stack: Stack, place: Place, n: int) -> None:
    assert removed(erase(stack, email=email(n))) == {}
    place.write({"Readers": people(range(n - 1, n + 2))})
    place.save(["Readers"])
    assert place.run()["outcomes"] == {"created": 2, "skipped_erased": 1}


def test_the_answer_says_where_to_look_and_who_asks_again_is_told_the_same(
    stack: Stack, place: Place, n: int
) -> None:
    place.write({"Readers": people(range(n, n + 3))})
    place.save(["Readers"])
    place.run()

    answer = stack.api("POST", "erasures", {"email": email(n)})
    again = stack.api("POST", "erasures", {"email": f" {email(n).upper()}"})

    assert (answer.status_code, again.status_code) == (202, 202)
    assert answer.headers["Location"] == f"/api/erasures/{answer.json()['id']}"
    for one in (answer, again):
        check_described(one)
        assert one.json()["id"] == answer.json()["id"]
    told = stack.api("GET", answer.headers["Location"].removeprefix("/api/"))
    check_described(told)
    assert told.json()["asked_at"] == answer.json()["asked_at"]
    other = stack.ask("POST", "erasures", {"email": email(n), "delete_in_mailchimp": True})
    assert other["id"] != answer.json()["id"]
    unknown = stack.api("GET", f"erasures/{'0' * 32}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")


def test_nobody_is_sent_while_the_key_is_another(stack: Stack, place: Place, n: int) -> None:
    stack.ask("POST", "erasures", {"email": email(n)})
    key = stack.vault.secrets()[SECRET_NAME]
    place.write({"Readers": people(range(n - 1, n + 2))})
    place.save(["Readers"])
    stack.vault.set(SECRET_NAME, "00" * 32)
    try:
        # A host remembers a secret for a minute: this one begins anew.
        stack.kill_host()
        stack.add_host()
        run = place.run()
        assert (run["status"], run["error"]["code"]) == ("failed", "secret_unreadable")
        assert not place.contacts()
        refused = stack.api("POST", "erasures", {"email": email(n + 1)})
        assert (refused.status_code, refused.json()["code"]) == (409, "erasure_key_unreadable")
        stack.vault.remove(SECRET_NAME)
        refused = stack.api("POST", "erasures", {"email": email(n + 1)})
        assert (refused.status_code, refused.json()["code"]) == (409, "erasure_key_unreadable")
    finally:
        stack.vault.set(SECRET_NAME, key)
        stack.kill_host()
        stack.add_host()
    assert place.run()["outcomes"] == {"created": 2, "skipped_erased": 1}
