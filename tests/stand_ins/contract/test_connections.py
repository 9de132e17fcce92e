"""Ten open calls per user; those that Mailchimp still works on count, whoever has left."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from local.mailchimp.control import Account, Simulator
from tests.stand_ins.contract.api import Api, member
from tests.stand_ins.contract.waiting import until


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """Callers at the same time."""
    with ThreadPoolExecutor(20) as pool:
        yield pool


@pytest.fixture
def open_calls(
    mailchimp: Simulator, account: Account, api: Api, threads: ThreadPoolExecutor
) -> Callable[[int], None]:
    """Opens so many calls that stay open for the test, and waits until they are."""

    def call() -> None:
        headers = {"Authorization": f"Bearer {account.api_key}"}
        with requests.Session() as session:
            session.get(api.base + "/ping", headers=headers, timeout=30)

    def start(count: int) -> None:
        mailchimp.set(base_seconds=1.0)
        for _ in range(count):
            threads.submit(call)
        until(lambda: held(mailchimp, account) == count)
        mailchimp.set(base_seconds=0.0)

    return start


def held(mailchimp: Simulator, account: Account) -> int:
    """Open calls of the account, as Mailchimp counts them."""
    return mailchimp.stats().accounts[account.account_id].in_flight


def test_the_eleventh_call_is_refused(
    mailchimp: Simulator, account: Account, api: Api, open_calls: Callable[[int], None]
) -> None:
    open_calls(10)
    response = api.call("GET", "/ping")
    assert response.status_code == 429
    assert response.headers["Content-Type"] == "application/problem+json; charset=utf-8"
    assert "Retry-After" not in response.headers
    assert response.json()["title"] == "Too Many Requests"
    assert response.json()["detail"] == (
        "You have exceeded the limit of 10 simultaneous connections."
    )
    stats = mailchimp.stats().accounts[account.account_id]
    assert (stats.max_in_flight, stats.refused) == (10, 1)


def test_the_tenth_call_is_answered(api: Api, open_calls: Callable[[int], None]) -> None:
    open_calls(9)
    assert api.call("GET", "/ping").status_code == 200


def test_keys_of_one_user_share_its_limit(
    mailchimp: Simulator, account: Account, api: Api, open_calls: Callable[[int], None]
) -> None:
    second = {"Authorization": f"Bearer {mailchimp.add_key(account)}"}
    other = {"Authorization": f"Bearer {mailchimp.add_key(account, user='other')}"}
    open_calls(10)
    assert api.call("GET", "/ping", headers=second).status_code == 429
    assert api.call("GET", "/ping", headers=other).status_code == 200


def test_the_limit_can_be_of_the_whole_account(
    mailchimp: Simulator, account: Account, api: Api, open_calls: Callable[[int], None]
) -> None:
    mailchimp.set(limit_per="account")
    other = {"Authorization": f"Bearer {mailchimp.add_key(account, user='other')}"}
    open_calls(10)
    assert api.call("GET", "/ping", headers=other).status_code == 429


def leave_early(api: Api) -> None:
    """Make a call and hang up long before its answer."""
    with pytest.raises(requests.Timeout):
        api.call("POST", api.list, {"members": [member("left@contoso.com")]}, timeout=0.1)


def test_a_call_counts_until_its_work_ends_although_the_client_has_gone(
    mailchimp: Simulator, account: Account, api: Api, list_id: str
) -> None:
    mailchimp.set(base_seconds=0.6)
    leave_early(api)
    assert held(mailchimp, account) == 1
    until(lambda: held(mailchimp, account) == 0)
    assert "left@contoso.com" in mailchimp.contacts(list_id)
    assert mailchimp.calls()[-1].disconnected


def test_a_call_stops_counting_with_its_client_if_so_switched(
    mailchimp: Simulator, account: Account, api: Api, list_id: str
) -> None:
    mailchimp.set(base_seconds=60, hold_connection_after_disconnect=False)
    leave_early(api)
    until(lambda: held(mailchimp, account) == 0)
    assert "left@contoso.com" not in mailchimp.contacts(list_id)


def test_a_call_that_timed_out_goes_on_counting(
    mailchimp: Simulator, account: Account, api: Api, list_id: str
) -> None:
    mailchimp.set(cutoff_seconds=0.05, timeout_hold_seconds=0.5, timeout_work="late")
    mailchimp.fail_next("POST /lists/", "timeout", after_work=True)
    response = api.call("POST", api.list, {"members": [member("late@contoso.com")]})
    assert (response.status_code, response.headers["Content-Type"]) == (504, "text/html")
    assert held(mailchimp, account) == 1
    assert mailchimp.contacts(list_id) == {}
    until(lambda: held(mailchimp, account) == 0)
    assert "late@contoso.com" in mailchimp.contacts(list_id)


def test_latency_grows_with_the_members(mailchimp: Simulator, api: Api) -> None:
    mailchimp.set(base_seconds=0.1, per_member_seconds=0.05)
    api.get("/ping")
    api.subscribe(*[member(f"p{n}@contoso.com") for n in range(4)])
    short, long = (call.ended - call.started for call in mailchimp.calls())
    assert short >= 0.1
    assert long >= 0.3


def test_bulk_calls_can_take_exactly_as_long_as_asked(mailchimp: Simulator, api: Api) -> None:
    mailchimp.set(base_seconds=5, bulk_seconds=0.2, work_at="before")
    api.subscribe(member("person@contoso.com"))
    call = mailchimp.calls()[-1]
    assert 0.2 <= call.ended - call.started < 5
