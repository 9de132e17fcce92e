"""Storage for the tests of single steps, and the app on it, without a host."""

from collections.abc import Iterator

import pytest
from azure.storage.blob import BlobServiceClient

from local.azurite import Azurite
from local.services import Services
from shared.app import App
from shared.bootstrap import APP_CONTAINER
from tests.support.scene import app_on
from tests.support.steps import Steps, app_of


@pytest.fixture
def app(azurite: Azurite) -> Iterator[App]:
    """The app with empty storage."""
    yield app_on(azurite.connection_string)
    # With all its blobs, those that are leased as well.
    with BlobServiceClient.from_connection_string(azurite.connection_string) as service:
        service.delete_container(APP_CONTAINER)


@pytest.fixture(scope="package")
def app_of_steps(services: Services) -> App:
    return app_of(services)


@pytest.fixture
def steps(services: Services, app_of_steps: App) -> Iterator[Steps]:
    """An export to be driven step by step."""
    yield Steps.make(services, app_of_steps)
    assert services.vault is not None
    services.vault.resume()
