"""Storage for the tests of single steps, and the app on it, without a host."""

from collections.abc import Iterator

import pytest
from azure.storage.blob import BlobServiceClient

from local.azurite import Azurite
from shared.app import APP_CONTAINER, App
from tests.mailchimp.suppressions.scene import app_on


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    with Azurite.start() as running:
        yield running


@pytest.fixture
def app(azurite: Azurite) -> Iterator[App]:
    """The app with empty storage."""
    yield app_on(azurite.connection_string)
    # With all its blobs, those that are leased as well.
    with BlobServiceClient.from_connection_string(azurite.connection_string) as service:
        service.delete_container(APP_CONTAINER)
