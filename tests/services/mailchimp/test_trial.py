"""The trial tells a way that writes no status from one that does, and leaves nothing subscribed."""

from collections.abc import Iterator
from typing import Any

import pytest

from shared.mailchimp.trial import NoVerdictError, Verdict, make_trial, new_mark, trial_addresses
from tests.services.mailchimp.conftest import Mailchimp


@pytest.fixture(autouse=True)
def usual(mailchimp: Mailchimp) -> Iterator[None]:
    """The simulator behaves as usual before and after."""
    mailchimp.simulator.reset()
    yield
    mailchimp.simulator.reset()


def tried(mailchimp: Mailchimp, way: Any) -> Verdict | None:
    """Try one way; whatever comes of it, the trial contact is archived and nobody else was met."""
    before = mailchimp.simulator.contacts(mailchimp.list_id)
    addresses = trial_addresses(mailchimp.client.account(), new_mark())
    verdict = make_trial(mailchimp.client, mailchimp.list_id, way, addresses)
    left = mailchimp.simulator.contacts(mailchimp.list_id)
    assert set(left) - set(before) <= set(addresses)
    assert {contact.status for contact in left.values()} <= {"archived"}
    return verdict


@pytest.mark.parametrize(
    ("way", "switches", "proved"),
    [
        ("status_if_new", {}, True),
        ("status_if_new", {"status_if_new": "as_status"}, False),
        ("status_if_new", {"status_if_new": "ignored"}, False),
        ("status_if_new", {"status_if_new": "ignored", "omitted_status": "subscribed"}, False),
        ("status_if_new", {"status_if_new": "refused"}, False),
        ("status_if_new", {"status_if_new": "item_error"}, False),
        ("status_if_new", {"answer_status": "sent"}, True),
        ("status_if_new", {"answer_status": "left_out", "answer_casing": "sent"}, True),
        ("no_status", {}, True),
        ("no_status", {"status_if_new": "as_status"}, True),
        ("no_status", {"omitted_status": "subscribed"}, False),
        ("no_status", {"omitted_status": "refused"}, False),
        ("no_status", {"omitted_status": "item_error"}, False),
    ],
)
def test_a_way_is_proved_where_it_leaves_the_status_of_whoever_exists(
    mailchimp: Mailchimp, way: str, switches: dict[str, Any], proved: bool
) -> None:
    mailchimp.simulator.set(**switches)
    assert (tried(mailchimp, way) is not None) == proved


@pytest.mark.parametrize(
    ("way", "switch"),
    [
        ("status_if_new", "archived_for_status_if_new"),
        ("no_status", "archived_for_create_only"),
        ("no_status", "archived_for_no_status"),
    ],
)
def test_it_shows_what_an_archived_contact_counts_as(
    mailchimp: Mailchimp, way: str, switch: str
) -> None:
    for variant in ("known", "new"):
        mailchimp.simulator.set(**{switch: variant})
        verdict = tried(mailchimp, way)
        assert verdict is not None
        assert verdict.archived_is == variant


@pytest.mark.parametrize("way", ["status_if_new", "no_status"])
def test_it_shows_whether_a_contact_keeps_its_id_and_where_it_comes_from(
    mailchimp: Mailchimp, way: str
) -> None:
    mailchimp.simulator.set(api_source="Segment export")
    for variant in ("kept", "new"):
        mailchimp.simulator.set(contact_id_on_new_address=variant)
        verdict = tried(mailchimp, way)
        assert verdict is not None
        assert (verdict.contact_id_stays, verdict.source) == (variant == "kept", "Segment export")


def test_without_an_address_of_the_account_there_is_no_verdict(mailchimp: Mailchimp) -> None:
    mailchimp.simulator.set(account_email="")
    with pytest.raises(NoVerdictError):
        trial_addresses(mailchimp.client.account(), new_mark())


def test_an_address_that_is_not_taken_gives_no_verdict(mailchimp: Mailchimp) -> None:
    mailchimp.simulator.set(account_email="owner@example.com")
    with pytest.raises(NoVerdictError):
        tried(mailchimp, "status_if_new")


def test_each_trial_has_an_address_of_its_own(mailchimp: Mailchimp) -> None:
    account = mailchimp.client.account()
    assert not set(trial_addresses(account, new_mark())) & set(trial_addresses(account, new_mark()))
