"""A connection whose account nobody knows yet: it is learnt within one wait, and not for a run
that was cancelled meanwhile.
"""

import time
from threading import Thread

from shared.exports import accounts
from shared.runs.stopping import request_cancel
from tests.support.steps import Steps

_ANY = "unknown-us21"


def test_who_reaches_an_account_for_the_first_time_learns_it_and_goes_on_under_its_slot(
    steps: Steps,
) -> None:
    assert not steps.connection().account_id
    with accounts.open_account(steps.app, steps.connection(), for_people=True) as mailchimp:
        own = steps.account.account_id
        assert mailchimp.connection == steps.connection()
        assert steps.connection().account_id == own
        mailchimp.client.audiences()
        for account in (_ANY, own):
            assert _held(steps, account)
    assert not _held(steps, own)
    assert steps.calls(steps.account) == 2


def test_a_known_account_is_not_asked_for_again(steps: Steps) -> None:
    for _ in range(2):
        with accounts.open_account(steps.app, steps.connection(), for_people=True) as mailchimp:
            assert mailchimp.connection is not None
            assert mailchimp.connection.account_id == steps.account.account_id
    assert steps.calls(steps.account) == 1


def test_a_run_that_is_cancelled_while_it_waits_to_learn_its_account_calls_nobody(
    steps: Steps,
) -> None:
    slots = [steps.app.slots.take(_ANY) for _ in range(steps.app.settings.max_connections)]
    run = steps.start()
    plan = Thread(target=steps.plan, args=(run,), daemon=True)
    plan.start()
    _await_waiting(steps)

    request_cancel(steps.app, run, reason=None, by="test")
    for slot in slots:
        assert slot is not None
        slot.release()
    plan.join(60)

    assert not plan.is_alive()
    assert steps.calls(steps.account) == 0
    steps.finish(run)
    assert steps.record(run)["status"] == "cancelled"


def _held(steps: Steps, account: str) -> bool:
    return steps.app.board.look(account, max_age=0).people.leased


def _await_waiting(steps: Steps) -> None:
    """Wait until somebody stands in line for a slot of an account that isn't known."""
    end = time.monotonic() + 60
    while not steps.app.board.look(_ANY, max_age=0).waiting:
        assert time.monotonic() < end
        time.sleep(0.05)
