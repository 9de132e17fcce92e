"""An account whose Mailchimp user serves this app alone: nine lanes, ten while nobody asks."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from local.services import Services
from shared.accounts.allowance import Allowance
from shared.accounts.board import SlotView
from shared.exports import store
from shared.exports.exclusive import Allowances
from shared.platform.settings import Settings
from shared.runs.sending.turn import LONG_CALL_SECONDS, must_make_room
from tests.support.steps import Steps, app_of

USUAL, ALL = Allowance(8), Allowance(9, shares=True)


def say_exclusive(steps: Steps, *, exclusive: bool) -> None:
    store.change_connection(
        steps.app.blobs,
        steps.name,
        lambda found: found.model_copy(update={"exclusive_user": exclusive}),
    )


def allowance(steps: Steps, **settings: str) -> Allowance:
    """What an app that has just started gives the account."""
    environment = {**steps.services.settings, **settings}
    allowances = Allowances(steps.app.blobs, Settings.from_environment(environment))
    return allowances.of(steps.account.account_id)


@pytest.fixture
def alone(services: Services) -> Steps:
    """An export whose connection's user serves this app alone."""
    steps = Steps.make(services, app_of(services), people=3)
    _learn(steps)
    say_exclusive(steps, exclusive=True)
    return replace(steps, app=app_of(services))


def _learn(steps: Steps) -> None:
    """Have the connection know its account, as one that was signed in does."""
    known = {"account_id": steps.account.account_id, "data_center": "us21"}
    store.change_connection(
        steps.app.blobs, steps.name, lambda found: found.model_copy(update=known)
    )


def test_all_ten_are_used_while_nobody_asks(alone: Steps) -> None:
    run = alone.start()
    alone.plan(run)
    account, slots = alone.account.account_id, alone.app.slots
    others = [slots.take(account) for _ in range(9)]
    assert all(others)
    assert slots.take(account) is None
    alone.lane()
    assert len(alone.contacts()) == 3
    assert alone.app.board.look(account, 0).people == SlotView(leased=False, clean=True, run="")
    for slot in others:
        assert slot is not None
        slot.release()


def test_the_tenth_is_a_persons_as_soon_as_one_asks(alone: Steps) -> None:
    account, slots = alone.account.account_id, alone.app.slots
    lane = slots.borrow(account)
    assert lane is not None
    assert not must_make_room(lane, alone.app.board.look(account, 0))
    with ThreadPoolExecutor(1) as person:

        def ask() -> int:
            with slots.hold_for_people(account) as slot:
                return slot.number

        asking = person.submit(ask)
        while not must_make_room(lane, alone.app.board.look(account, 0)):
            assert not asking.done()
        assert slots.borrow(account) is None
        lane.release()
        assert asking.result() == lane.number
    assert alone.app.board.look(account, 0).people_waiting == 0


def test_a_lane_whose_calls_take_long_gives_the_tenth_back(alone: Steps) -> None:
    lane = alone.app.slots.borrow(alone.account.account_id)
    assert lane is not None
    lane.longest = LONG_CALL_SECONDS
    assert must_make_room(lane, alone.app.board.look(lane.account, 0))
    lane.release()


def test_nine_are_lanes_only_where_every_connection_to_the_account_says_so(steps: Steps) -> None:
    _learn(steps)
    assert allowance(steps) == USUAL
    say_exclusive(steps, exclusive=True)
    assert allowance(steps) == ALL
    other = steps.connection().model_copy(
        update={"name": f"{steps.name}-2", "exclusive_user": False}
    )
    store.save_connection(steps.app.blobs, other, None)
    assert allowance(steps) == USUAL


def test_a_number_that_somebody_has_set_counts_more(steps: Steps) -> None:
    _learn(steps)
    say_exclusive(steps, exclusive=True)
    assert allowance(steps, MAILCHIMP_MAX_CONNECTIONS="3") == Allowance(3)
    assert allowance(steps, MAILCHIMP_MAX_CONNECTIONS="10") == Allowance(9)


def test_no_lane_borrows_the_slot_for_people_of_an_account_that_others_use(steps: Steps) -> None:
    assert steps.app.slots.borrow(steps.account.account_id) is None
