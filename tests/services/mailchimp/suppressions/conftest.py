"""Azurite for the tables, and an audience of its own for every test."""

from collections.abc import Iterator

import pytest

from local.azurite import Azurite
from local.mailchimp.control import Simulator
from shared.app import App
from tests.support.scene import Scene, app_on


@pytest.fixture(scope="package")
def app(azurite: Azurite) -> App:
    return app_on(azurite.connection_string)


@pytest.fixture
def scene(app: App, simulator: Simulator) -> Iterator[Scene]:
    account = simulator.add_account("Contoso")
    simulator.reset()
    simulator.reset_log()
    yield Scene(app, simulator, account, simulator.add_list(account, "Newsletter"))
    simulator.reset()
