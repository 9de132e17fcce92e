"""Histories of single people between two exports, each of which an earlier design got wrong.

Those that need the same days share them: each person is in a history of its own.
"""

from collections.abc import Iterator

import pytest

from local.services import Services
from shared.app import App
from tests.support.days import Days, who
from tests.support.steps import Steps

CONSENT = {"field": "Consent", "values": ["yes"], "withdrawn": "archive"}
WITHDRAWS, LEAVES, BY_FORM, SEEN, INVALID, CHANGED = 1, 2, 3, 4, 5, 6
# The new addresses of two of them.
SEEN_ANEW, CHANGED_TO = 14, 16


@pytest.fixture(scope="module")
def before_club() -> dict[str, str]:
    """What was found before the other export had run, filled by `days`."""
    return {}


@pytest.fixture(scope="module")
def days(services: Services, app_of_steps: App, before_club: dict[str, str]) -> Iterator[Days]:
    """Three days of two exports that archive whom they lose, or who withdraws."""
    steps = Steps.make(services, app_of_steps)
    days = Days.begin(steps, leavers="archive", consent=CONSENT)
    mailchimp, audience = steps.mailchimp, steps.audience
    days.renew(vip=range(1, 7), club=[WITHDRAWS])
    days.run()
    # Left and came back before anybody looked; left to be seen; another address.
    mailchimp.unsubscribe_by_self(audience, [steps.email(BY_FORM), steps.email(SEEN)])
    mailchimp.resubscribe_by_form(audience, steps.email(BY_FORM))
    mailchimp.change_email(audience, steps.email(CHANGED), steps.email(CHANGED_TO))

    no = who(WITHDRAWS, consent="no")
    bad = who(INVALID, email="nonsense")
    days.renew(vip=[no, who(BY_FORM, name="New"), SEEN, bad, CHANGED], club=[no, CHANGED])
    days.run(days.vip, days.vip)
    before_club["leaves"] = days.status(LEAVES)
    days.run(days.club, days.vip)
    mailchimp.archive(audience, steps.email(SEEN))
    mailchimp.resubscribe_by_form(audience, steps.email(CHANGED))
    mailchimp.archive(audience, steps.email(CHANGED))

    seen, changed = who(SEEN, SEEN_ANEW), who(CHANGED, name="New")
    days.renew(vip=[no, seen, bad, changed], club=[no, who(CHANGED)])
    days.run(days.vip, days.club, days.vip)
    yield days
    mailchimp.reset()


def test_who_withdraws_from_two_exports_that_run_daily_is_archived(days: Days) -> None:
    assert (days.status(WITHDRAWS), days.tags(WITHDRAWS)) == ("archived", set())


def test_who_leaves_waits_through_every_run_of_one_export_for_one_of_the_other(
    days: Days, before_club: dict[str, str]
) -> None:
    assert before_club["leaves"] == "subscribed"
    assert days.status(LEAVES) == "archived"


def test_who_left_and_came_back_by_the_form_unseen_is_only_untagged_when_she_leaves(
    days: Days,
) -> None:
    assert (days.status(BY_FORM), days.tags(BY_FORM)) == ("subscribed", set())


def test_who_was_seen_unsubscribed_and_then_archived_comes_back_under_no_new_address(
    days: Days,
) -> None:
    assert (days.status(SEEN), days.status(SEEN_ANEW)) == ("archived", "missing")


def test_whose_address_becomes_invalid_loses_the_tag_alone(days: Days) -> None:
    assert (days.status(INVALID), days.tags(INVALID)) == ("subscribed", set())


def test_an_old_address_that_was_signed_up_and_archived_by_people_stays_so(days: Days) -> None:
    assert (days.status(CHANGED), days.status(CHANGED_TO)) == ("archived", "subscribed")


def test_whom_an_export_kept_stays_and_whom_it_untagged_for_a_withdrawal_leaves_with_her_row(
    steps: Steps,
) -> None:
    kept, untagged = 1, 2
    consent = CONSENT | {"withdrawn": "untag"}
    days = Days.begin(steps, club={"leavers": "archive", "consent": consent}, leavers="keep")
    days.renew(vip=[kept], club=[untagged])
    days.run()
    days.renew(vip=[], club=[who(untagged, consent="no")])
    days.run()
    assert (days.status(untagged), days.tags(untagged)) == ("subscribed", set())

    # Archiving comes too late for the one; with her row the other is a leaver.
    days.vip.change(leavers="archive")
    days.renew(vip=[], club=[])
    days.run(days.vip, days.club, days.vip)

    assert (days.status(kept), days.status(untagged)) == ("subscribed", "archived")


def test_a_keeping_export_stops_no_withdrawal(steps: Steps) -> None:
    days = Days.begin(steps, club={"leavers": "archive", "consent": CONSENT}, leavers="keep")
    days.renew(vip=[1], club=[1])
    days.run()
    days.renew(vip=[1], club=[who(1, consent="no")])

    days.run(days.club, days.vip, days.club)

    assert days.status(1) == "archived"


def test_who_was_invited_left_and_signed_up_by_the_form_stays_who_confirms_then_leaves(
    steps: Steps,
) -> None:
    by_form, stays_silent = 1, 2
    days = Days.begin(steps, leavers="archive", status_for_new="pending")
    mailchimp, audience = steps.mailchimp, steps.audience
    days.renew(vip=[by_form, stays_silent], club=[])
    days.run()
    assert days.status(by_form) == "pending"
    mailchimp.confirm(audience, steps.email(by_form))
    mailchimp.unsubscribe_by_self(audience, steps.email(by_form))
    mailchimp.resubscribe_by_form(audience, steps.email(by_form))

    days.renew(vip=[], club=[])
    days.run(days.vip, days.club, days.vip)

    assert (days.status(by_form), days.status(stays_silent)) == ("subscribed", "pending")

    mailchimp.confirm(audience, steps.email(stays_silent))
    days.run()

    assert (days.status(by_form), days.status(stays_silent)) == ("subscribed", "archived")


def test_who_unsubscribed_under_a_later_address_is_not_brought_back_under_the_first(
    steps: Steps,
) -> None:
    days = Days.begin(steps, leavers="archive")
    days.renew(vip=[1], club=[])
    days.run()
    days.renew(vip=[who(1, 11)], club=[])
    days.run()
    days.run()
    assert (days.status(1), days.status(11)) == ("archived", "subscribed")
    steps.mailchimp.unsubscribe_by_self(steps.audience, steps.email(11))

    days.renew(vip=[1], club=[])
    days.run()
    days.run()

    assert (days.status(1), days.status(11)) == ("archived", "unsubscribed")
