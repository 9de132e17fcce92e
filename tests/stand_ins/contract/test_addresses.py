"""Addresses: domains beyond ASCII, in the forms that Mailchimp may store, and their changes."""

import pytest

from local.mailchimp.control import Simulator
from tests.stand_ins.contract.api import Api, digest, member

LETTERS = "ana@bücher.de"
ASCII = "ana@xn--bcher-kva.de"
DECOMPOSED = "ana@bu\u0308cher.de"


@pytest.mark.parametrize(
    "address", [LETTERS, ASCII, DECOMPOSED, "a@пример.рф", "a@xn--e1afmkfd.xn--p1ai"]
)
def test_domains_beyond_ascii_are_taken(api: Api, address: str) -> None:
    answer = api.subscribe(member(address))
    assert answer["new_members"][0]["email_address"] == address


@pytest.mark.parametrize("address", ["änne@contoso.com", "a@b\u00a0c.de", "a@xn--.de", "a@b.c0m"])
def test_what_is_no_address_is_refused(api: Api, address: str) -> None:
    error = api.subscribe(member(address))["errors"][0]
    assert error["error"] == "Please provide a valid email address."
    assert error["email_address"] == address


def test_an_address_is_kept_as_it_was_sent_so_two_spellings_are_two_contacts(
    mailchimp: Simulator, api: Api, list_id: str
) -> None:
    answer = api.subscribe(member(LETTERS), member(ASCII), member(DECOMPOSED))
    assert answer["total_created"] == 3
    assert set(mailchimp.contacts(list_id)) == {LETTERS, ASCII, DECOMPOSED}


@pytest.mark.parametrize(("form", "stored"), [("unicode", LETTERS), ("ascii", ASCII)])
def test_it_may_be_kept_in_one_form(
    mailchimp: Simulator, api: Api, list_id: str, form: str, stored: str
) -> None:
    mailchimp.set(idn_stored=form)
    answer = api.subscribe(
        member(LETTERS), member(ASCII), member(DECOMPOSED), skip_duplicate_check="true"
    )
    assert [one["email_address"] for one in answer["new_members"]] == [stored]
    assert api.subscribe(member(DECOMPOSED))["updated_members"][0]["id"] == digest(stored)
    found = {
        spelling: api.call("GET", api.contact(spelling)).status_code
        for spelling in (LETTERS, ASCII)
    }
    assert found == {spelling: 200 if spelling == stored else 404 for spelling in found}
    tag = mailchimp.create_tag(list_id, "A")
    assert api.tag(tag, add=[DECOMPOSED])["total_added"] == 1


@pytest.mark.parametrize("variant", ["kept", "new"])
def test_the_contact_id_of_a_changed_address(
    mailchimp: Simulator, api: Api, list_id: str, variant: str
) -> None:
    mailchimp.set(contact_id_on_new_address=variant)
    before = api.subscribe(member("old@contoso.com"))["new_members"][0]["contact_id"]
    by_call = {"email_address": "new@contoso.com"}
    after = api.call("PATCH", api.contact("old@contoso.com"), by_call).json()["contact_id"]
    mailchimp.change_email(list_id, "new@contoso.com", "newest@contoso.com")
    found = api.get(f"{api.list}/members/{digest('newest@contoso.com')}")["contact_id"]
    assert (before == after == found) == (variant == "kept")
    status = api.call("GET", f"{api.list}/members/{before}").status_code
    assert status == (200 if variant == "kept" else 404)


def test_a_firewall_may_dislike_one_contact(mailchimp: Simulator, api: Api) -> None:
    mailchimp.fail_next("POST", "403_html", times=None, about="odd@contoso.com")
    body = {"members": [member("a@contoso.com"), member("Odd@contoso.com")]}
    response = api.call("POST", api.list, body)
    assert (response.status_code, response.headers["Server"]) == (403, "AkamaiGHost")
    assert api.subscribe(member("a@contoso.com"))["total_created"] == 1
