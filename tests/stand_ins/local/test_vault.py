"""The stand-in vault, judged by Azure's own clients."""

from collections.abc import Iterator

import pytest
from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from local.azurite import Azurite
from local.certificates import Certificates
from local.vault import Vault


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.create(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def vault(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vault]:
    with Vault.start(certificates) as vault:
        for name, value in vault.environment.items():
            monkeypatch.setenv(name, value)
        yield vault


@pytest.fixture
def client(vault: Vault) -> SecretClient:
    return SecretClient(
        vault.url, DefaultAzureCredential(), verify_challenge_resource=False, retry_total=0
    )


def test_the_unmodified_clients_write_and_read_secrets(client: SecretClient, vault: Vault) -> None:
    first = client.set_secret("mailchimp-news", "one", content_type="text/plain")
    second = client.set_secret("mailchimp-news", "two")

    assert client.get_secret("mailchimp-news").value == "two"
    assert client.get_secret("mailchimp-news", first.properties.version).value == "one"
    assert first.properties.version != second.properties.version
    assert vault.secrets() == {"mailchimp-news": "two"}
    assert vault.identity.resources == ["https://vault.azure.net"]


def test_lists_names_over_pages_and_versions_without_values(client: SecretClient) -> None:
    names = [f"secret-{number:02}" for number in range(60)]
    for name in names:
        client.set_secret(name, "value")
    client.set_secret("secret-00", "newer")

    assert [item.name for item in client.list_properties_of_secrets()] == names
    assert len(list(client.list_properties_of_secret_versions("secret-00"))) == 2


def test_an_unknown_secret_is_not_found(client: SecretClient) -> None:
    with pytest.raises(ResourceNotFoundError, match="SecretNotFound"):
        client.get_secret("nowhere")


def test_a_disabled_secret_is_refused(client: SecretClient, vault: Vault) -> None:
    client.set_secret("off", "value")
    client.update_secret_properties("off", enabled=False)
    vault.set("also-off", "value", enabled=False)

    for name in ("off", "also-off"):
        with pytest.raises(HttpResponseError) as refused:
            client.get_secret(name)
        assert refused.value.status_code == 403


def test_a_deleted_name_can_be_recovered_or_purged_but_not_reused(client: SecretClient) -> None:
    client.set_secret("old", "value")
    client.begin_delete_secret("old").wait()

    with pytest.raises(ResourceNotFoundError):
        client.get_secret("old")
    with pytest.raises(ResourceExistsError, match="deleted but recoverable"):
        client.set_secret("old", "other")
    client.begin_recover_deleted_secret("old").wait()
    assert client.get_secret("old").value == "value"

    client.begin_delete_secret("old").wait()
    client.purge_deleted_secret("old")
    assert client.set_secret("old", "other").value == "other"


def test_a_denied_secret_is_forbidden_until_it_is_allowed(
    client: SecretClient, vault: Vault
) -> None:
    vault.set("mine", "value")
    vault.deny("mine")

    with pytest.raises(HttpResponseError) as refused:
        client.get_secret("mine")
    assert refused.value.status_code == 403

    vault.allow("mine")
    assert client.get_secret("mine").value == "value"


def test_a_paused_vault_can_not_be_reached(client: SecretClient, vault: Vault) -> None:
    vault.set("mine", "value")
    vault.pause()
    with pytest.raises(AzureError):
        client.get_secret("mine")

    vault.resume()
    assert client.get_secret("mine").value == "value"


def test_a_caller_without_the_identity_header_gets_no_token(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_HEADER", "guessed")
    client = SecretClient(
        vault.url, DefaultAzureCredential(), verify_challenge_resource=False, retry_total=0
    )

    with pytest.raises(AzureError):
        client.get_secret("mine")
    assert {status for _, _, status in vault.requests} <= {401}


def test_the_same_identity_opens_storage_over_tls(vault: Vault, certificates: Certificates) -> None:
    assert vault.url.startswith("https://")
    with Azurite.start(tls=certificates, oauth=True) as azurite:
        credential = DefaultAzureCredential()
        container = BlobServiceClient(azurite.blob_url, credential).create_container("things")
        container.upload_blob("a", b"text")
        queues = QueueServiceClient(azurite.queue_url, credential=credential)
        queues.create_queue("messages").send_message("hello")

        assert container.download_blob("a").readall() == b"text"
