"""An account in a Mailchimp simulator, and a client of the app's for it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from local.mailchimp.control import Account, Simulator
from shared.mailchimp.client import MailchimpClient
from shared.mailchimp.tokens import parse_token


@dataclass(frozen=True)
class Mailchimp:
    """A simulator, an account of it with an empty audience, and the app's client."""

    simulator: Simulator
    account: Account
    list_id: str
    client: MailchimpClient

    def client_with(self, text: str, timeout: float = 10) -> MailchimpClient:
        """Return a client with another token."""
        url = self.simulator.api_url_template
        return MailchimpClient(url, parse_token(text), timeout)


@pytest.fixture
def mailchimp(simulator: Simulator) -> Iterator[Mailchimp]:
    account = simulator.add_account("Contoso")
    list_id = simulator.add_list(account, "Newsletter")
    token = parse_token(account.api_key)
    with MailchimpClient(simulator.api_url_template, token, 10) as client:
        yield Mailchimp(simulator, account, list_id, client)
    simulator.clear_faults()
