"""One storage emulator and one simulator for each worker: starting them takes seconds, a test none.

What a test leaves behind there is seen by nobody: each works in a container, an account or an
audience of its own.
"""

from collections.abc import Iterator

import pytest

from local.azurite import Azurite
from local.mailchimp.control import Simulator
from local.services import Services


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    with Azurite.start() as running:
        yield running


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    with Simulator.start() as running:
        yield running


@pytest.fixture(scope="session")
def services() -> Iterator[Services]:
    """Storage, a vault and the Mailchimp simulator."""
    running = Services.start(environment={})
    yield running
    running.stop()
