"""People have one connection of their own to each account, and all together never too many."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest

from local.mailchimp.records import CallRecord
from local.services import Services
from shared.accounts.slots import NoSlotError
from shared.app import App
from shared.exports import accounts
from shared.mailchimp.errors import TimedOutError
from tests.support.steps import Steps, app_of

# A call lasts so long, so that all that may be open at once are.
_CALL_SECONDS = 0.3


@pytest.fixture
def crowd(services: Services, app_of_steps: App) -> Iterator[Steps]:
    """An export with more calls than the account has connections."""
    steps = Steps.make(services, app_of_steps, people=6000)
    _ask(steps, times=1)
    steps.mailchimp.set(base_seconds=_CALL_SECONDS)
    yield steps
    steps.mailchimp.set(base_seconds=0.0)


def test_whoever_calls_an_account_never_more_are_open_than_configured_and_one_for_people(
    crowd: Steps, services: Services
) -> None:
    run = crowd.start()
    crowd.plan(run)
    crowd.mailchimp.reset_log()
    processes = [crowd, replace(crowd, app=app_of(services))]
    with ThreadPoolExecutor(32) as callers:
        lanes = [callers.submit(one.lane) for one in processes for _ in range(8)]
        asking = [callers.submit(_ask, one) for one in processes for _ in range(2)]
        waiting = [callers.submit(_work, one) for one in processes for _ in range(2)]
        for call in (*lanes, *asking, *waiting):
            call.result()
    calls = [c for c in crowd.mailchimp.calls() if c.account_id == crowd.account.account_id]
    peoples = [call for call in calls if call.path == "/lists"]
    bulk = [call for call in calls if call.path != "/lists"]
    most = crowd.app.settings.max_connections
    assert _open_at_once(peoples) == 1
    assert 2 < _open_at_once(bulk) <= most
    assert max(call.in_flight for call in calls) <= most + 1


def test_a_call_of_a_person_who_has_gone_is_waited_out_by_the_next(crowd: Steps) -> None:
    account = crowd.account.account_id
    with crowd.app.slots.hold_for_people(account) as slot, crowd.client(timeout=0.1) as client:
        crowd.mailchimp.reset_log()
        with pytest.raises(TimedOutError):
            client.under(slot.call).audiences()
    _ask(crowd, times=1)
    assert _open_at_once(crowd.mailchimp.calls()) == 1


def test_who_finds_the_connection_in_use_for_too_long_is_told_so_and_no_lane_makes_room(
    crowd: Steps,
) -> None:
    account = crowd.account.account_id
    with (
        crowd.app.slots.hold_for_people(account),
        pytest.raises(NoSlotError),
        crowd.app.slots.hold_for_people(account, wait_seconds=0.5),
    ):
        pass
    assert crowd.app.board.look(account, max_age=0).waiting == 0


def test_a_lane_waits_out_what_somebody_who_died_had_asked_and_sends_nothing_there(
    crowd: Steps,
) -> None:
    run = crowd.start()
    crowd.plan(run)
    account = crowd.account.account_id
    with crowd.app.slots.hold_for_people(account) as slot, pytest.raises(MemoryError):
        slot.call(_dies)
    assert not crowd.app.board.look(account, max_age=0).people.clean
    before = crowd.calls(crowd.account)
    crowd.lane(slot="people")
    assert crowd.app.board.look(account, max_age=0).people.clean
    assert crowd.calls(crowd.account) == before


def _ask(steps: Steps, times: int = 3) -> None:
    """Ask as a route does, again and again; who finds too many others is told to come again."""
    for _ in range(times):
        with (
            suppress(NoSlotError),
            accounts.open_account(steps.app, steps.connection(), for_people=True) as mailchimp,
        ):
            mailchimp.client.audiences()


def _work(steps: Steps) -> None:
    """Make a call as a plan or an erasure does, which lanes make room for."""
    with steps.app.slots.hold(steps.account.account_id, 60) as slot, steps.client() as client:
        client.under(slot.call).ping()


def _dies() -> None:
    raise MemoryError


def _open_at_once(calls: Sequence[CallRecord]) -> int:
    """Return how many of these calls were open together at most."""
    changes = sorted([(c.started, 1) for c in calls] + [(c.ended, -1) for c in calls])
    most = now = 0
    for _, change in changes:
        now += change
        most = max(most, now)
    return most
