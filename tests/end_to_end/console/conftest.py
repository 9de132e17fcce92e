"""The console in a real browser, before the real app: nothing of the API is made up."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser

from local.scenario import Scenario, furnish, set_up
from local.stack import Stack
from tests.support.browser import Console, launched

# The simulator's sign-in page lets any client in.
SETTINGS = {
    "MAILCHIMP_CLIENT_ID": "segment-export",
    "MAILCHIMP_CLIENT_SECRET_NAME": "mailchimp-oauth-client",
    "AzureFunctionsJobHost__extensions__queues__maxPollingInterval": "00:00:00.3",
}
PROFILES = 600


@dataclass
class Furnished:
    """A running product, and what Customer Insights and Mailchimp hold."""

    stack: Stack
    scenario: Scenario

    @property
    def url(self) -> str:
        """The address of the app."""
        return self.stack.hosts[0].url

    @property
    def master(self) -> str:
        """The key of an administrator."""
        return self.stack.keys.master


def furnished() -> Furnished:
    """Start a product without a connection or an export."""
    stack = Stack.start(environment={}, settings=SETTINGS)
    try:
        stack.vault.set(SETTINGS["MAILCHIMP_CLIENT_SECRET_NAME"], "a client secret")
        scenario = furnish(stack, profiles=PROFILES)
        stack.mailchimp.set(oauth_consent="page")
    except BaseException:
        stack.stop()
        raise
    return Furnished(stack, scenario)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with launched() as running:
        yield running


@pytest.fixture(scope="package")
def app() -> Iterator[Furnished]:
    """A product with a connection and an export that has run."""
    product = furnished()
    with product.stack:
        set_up(product.stack, product.scenario)
        run = product.stack.ask("POST", "exports/weekly-news/runs")
        product.stack.ended(run["id"])
        yield product


@pytest.fixture
def console(app: Furnished, browser: Browser) -> Iterator[Console]:
    """The console, signed in with the key of an administrator, in English."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    opened = Console(context, app.url)
    opened.open("")
    opened.sign_in(app.master)
    yield opened
    opened.watched.check()
    context.close()
