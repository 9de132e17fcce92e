"""Tags that an answer did not show are given afterwards, but to nobody who was erased meanwhile."""

from collections.abc import Iterator
from threading import Thread

import pytest

from local.mailchimp.control import CallRecord
from shared.accounts import board
from tests.support.erasing import erase_here
from tests.support.place import until
from tests.support.steps import Steps

TAG_CALL = r"POST /lists/[^/]+/segments/\d+"


@pytest.fixture
def late(steps: Steps) -> Iterator[Steps]:
    """Mailchimp gives inline tags to new contacts alone; all of them are in the audience."""
    steps.mailchimp.set(inline_tags="new_only")
    steps.mailchimp.put_contacts(steps.audience, ({"email": steps.email(n)} for n in range(3)))
    yield steps
    steps.mailchimp.clear_faults()
    steps.mailchimp.reset()


def tagged(steps: Steps) -> set[str]:
    contacts = steps.mailchimp.contacts(steps.audience)
    return {email for email, contact in contacts.items() if "VIP" in contact.tags}


def calls(steps: Steps) -> list[CallRecord]:
    account = steps.account.account_id
    return [call for call in steps.mailchimp.calls() if call.account_id == account]


def erased(steps: Steps) -> str:
    """What a lane's last look at the board said of erased people."""
    return steps.app.board.look(steps.account.account_id, board.LOOK_SECONDS).erased


def test_they_are_given_by_one_more_call(late: Steps) -> None:
    run = late.sent()
    late.finish(run)
    assert tagged(late) == {late.email(n) for n in range(3)}
    assert late.record(run)["counts"]["updated"] == 3


def test_who_is_erased_while_the_call_waits_does_not_get_it(late: Steps) -> None:
    run = late.start()
    late.plan(run)
    late.mailchimp.fail_next(TAG_CALL, "429", times=None)
    lane = Thread(target=late.lane, daemon=True)
    lane.start()
    until(lambda: any("/segments/" in call.path for call in calls(late) if call.writes))
    before = erased(late)

    erase_here(late.app, email=late.email(1))
    # The lane may know for as long what it has seen of the board.
    until(lambda: erased(late) != before)
    late.mailchimp.clear_faults()
    lane.join(90)

    assert not lane.is_alive()
    assert tagged(late) == {late.email(0), late.email(2)}


def test_a_contact_that_mailchimp_can_give_no_tag_does_not_keep_the_run_from_ending(
    steps: Steps,
) -> None:
    steps.mailchimp.set(inline_tags="new_only")
    steps.mailchimp.put_contacts(steps.audience, [{"email": steps.email(1)}])
    run = steps.start()
    steps.plan(run)
    steps.mailchimp.fail_next(TAG_CALL, "500", times=None)

    steps.lane()
    steps.finish(run)

    steps.mailchimp.clear_faults()
    steps.mailchimp.reset()
    record = steps.record(run)
    assert (record["status"], record["counts"]["failed"]) == ("partial", 1)
    assert tagged(steps) == {steps.email(0), steps.email(2)}
