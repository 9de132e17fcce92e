"""An export that is driven step by step, and verified."""

from collections.abc import Iterator

import pytest

from local.services import Services
from shared.app import App
from tests.support.steps import Steps, app_of


@pytest.fixture(scope="package")
def app_of_steps(services: Services) -> App:
    return app_of(services)


@pytest.fixture
def steps(services: Services, app_of_steps: App) -> Steps:
    """An export of thirty people that has run once."""
    made = Steps.make(services, app_of_steps, people=30)
    made.change(removal_limit_percent=100)
    made.run()
    return made


@pytest.fixture(autouse=True)
def _no_faults(steps: Steps) -> Iterator[None]:
    yield
    steps.mailchimp.clear_faults()
