"""One simulator for all tests here; each test has an account and an audience of its own."""

from collections.abc import Iterator

import pytest

from local.mailchimp.control import Account, Simulator
from tests.stand_ins.contract.api import Api


@pytest.fixture(scope="package")
def running() -> Iterator[Simulator]:
    """The process, for as long as the tests need it."""
    with Simulator.start() as simulator:
        yield simulator


@pytest.fixture
def mailchimp(running: Simulator) -> Iterator[Simulator]:
    """The simulator with its defaults."""
    running.reset()
    yield running
    running.reset()


@pytest.fixture
def account(mailchimp: Simulator) -> Account:
    """A fresh account at us21."""
    return mailchimp.add_account("Test account")


@pytest.fixture
def list_id(mailchimp: Simulator, account: Account) -> str:
    """An empty audience with Mailchimp's four default merge fields."""
    return mailchimp.add_list(account, "Newsletter")


@pytest.fixture
def api(mailchimp: Simulator, account: Account, list_id: str) -> Iterator[Api]:
    """Calls with the account's key; `subscribe` and others go to its audience."""
    with Api(mailchimp.api_url_template.format(dc=account.dc), account.api_key, list_id) as found:
        yield found
