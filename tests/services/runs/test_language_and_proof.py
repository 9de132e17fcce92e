"""Language and proof of consent: written where they can do no harm, and nowhere else."""

from collections.abc import Iterator

import pytest

from local.mailchimp.control import ContactState
from tests.support.steps import Steps

PROOF = {
    "opted_in_at": "OptedIn",
    "opt_in_ip": "OptIp",
    "signed_up_at": "SignedUp",
    "signup_ip": "SignIp",
}
VALUES = {
    "Language": "pt-PT",
    "OptedIn": "2024-05-01 10:00",
    "OptIp": "203.0.113.7",
    "SignedUp": "2024-04-30T09:00:00+02:00",
    "SignIp": "203.0.113.8",
}


@pytest.fixture(params=["status_if_new", "no_status"])
def both(steps: Steps, request: pytest.FixtureRequest) -> Iterator[Steps]:
    """An export with both, in an account that knows `status_if_new` or does not."""
    if request.param == "no_status":
        steps.mailchimp.set(status_if_new="refused")
    steps.write({"VIP": range(3)}, **VALUES)
    steps.change(language_field="Language", proof_of_consent=PROOF)
    yield steps
    steps.mailchimp.set(status_if_new="honoured")


def contact(steps: Steps, number: int) -> ContactState:
    return steps.mailchimp.contacts(steps.audience)[steps.email(number)]


def proof_of(found: ContactState) -> tuple[str, str, str, str]:
    return found.timestamp_opt, found.ip_opt, found.timestamp_signup, found.ip_signup


SENT = ("2024-05-01T10:00:00+00:00", "203.0.113.7", "2024-04-30T07:00:00+00:00", "203.0.113.8")


def test_who_is_created_has_both_and_who_was_there_keeps_their_own(both: Steps) -> None:
    there = {
        "email": both.email(0),
        "language": "lv",
        "timestamp_opt": 1_700_000_000,
        "timestamp_signup": 1_700_000_000,
    }
    both.mailchimp.put_contacts(both.audience, [there])
    before = contact(both, 0)

    run = both.run()

    assert (run["counts"]["created"], run["counts"]["updated"]) == (2, 1)
    found = contact(both, 1)
    assert (found.language, proof_of(found)) == ("pt_PT", SENT)
    old = contact(both, 0)
    assert (old.language, proof_of(old)) == ("lv", proof_of(before))
    assert old.merge_fields["FNAME"] == "P0"
    assert both.run()["counts"]["unchanged"] == 3
    assert not run["warnings"]


def test_nobody_s_proof_is_written_when_other_values_change(both: Steps) -> None:
    both.run()
    both.write(
        {"VIP": range(3)},
        **(VALUES | {"FirstName": "Other", "OptedIn": "2025-01-01", "OptIp": "203.0.113.99"}),
    )
    assert both.run()["counts"]["updated"] == 3
    assert proof_of(contact(both, 1)) == SENT


def test_what_can_t_be_used_is_left_out_and_counted(both: Steps) -> None:
    bad = {
        "Language": "kk",
        "OptedIn": "soon",
        "OptIp": "10.0.0.1",
        "SignedUp": "2999-01-01",
        "SignIp": "home",
    }
    both.write({"VIP": range(3)}, **bad)

    run = both.run()

    assert run["counts"]["created"] == 3
    told = {(one["params"]["field"], one["params"]["reason"]) for one in run["warnings"]}
    assert told == {
        ("language_field", "language_unknown"),
        ("proof_of_consent.opted_in_at", "time_unreadable"),
        ("proof_of_consent.opt_in_ip", "ip_private"),
        ("proof_of_consent.signed_up_at", "time_in_future"),
        ("proof_of_consent.signup_ip", "ip_unreadable"),
    }
    assert {one["params"]["count"] for one in run["warnings"]} == {3}
    found = contact(both, 0)
    assert (found.language, found.ip_opt, found.ip_signup) == ("", "", "")


def test_blank_columns_send_nothing(both: Steps) -> None:
    both.write({"VIP": range(3)}, **dict.fromkeys(VALUES, ""))
    run = both.run()
    assert (run["counts"]["created"], run["warnings"]) == (3, [])
    assert contact(both, 0).language == ""


def test_who_waits_for_a_confirmation_has_them_too(both: Steps) -> None:
    both.change(status_for_new="pending")
    both.run()
    found = contact(both, 0)
    assert (found.status, found.language, found.ip_signup) == ("pending", "pt_PT", "203.0.113.8")


def test_a_time_that_was_sent_makes_nobody_this_product_s_to_archive(both: Steps) -> None:
    both.change(leavers="archive", removal_limit_percent=100)
    both.run()
    both.mailchimp.unsubscribe_by_self(both.audience, both.email(0))
    both.mailchimp.resubscribe_by_form(both.audience, both.email(0))
    both.write({"VIP": [1, 2]}, **VALUES)

    left = both.run()

    assert left["counts"]["archived"] == 0
    assert contact(both, 0).status == "subscribed"
