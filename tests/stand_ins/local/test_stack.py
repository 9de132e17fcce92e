"""The whole product on this machine, as the demo and the end-to-end tests start it."""

from collections.abc import Iterator

import pytest

from local.process import StartError
from local.scenario import FOLDER, furnish
from local.services import Services
from local.stack import AppError, Stack


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack.start(environment={}, hosts=2) as stack:
        yield stack


def test_every_service_answers(stack: Stack) -> None:
    assert stack.ask("GET", "health")["status"] == "ok"


def test_hosts_share_their_keys_and_differ_in_their_addresses(stack: Stack) -> None:
    one, other = stack.hosts

    assert one.url != other.url
    assert {host.call("GET", "/api/terms").status_code for host in (one, other)} == {200}


def test_a_caller_without_a_key_is_refused(stack: Stack) -> None:
    assert stack.api("GET", "exports", key="guessed").status_code == 401
    with pytest.raises(AppError, match="401"):
        stack.ask("GET", "exports", key="guessed")


def test_the_function_key_does_not_open_what_administrators_do(stack: Stack) -> None:
    connection = {"name": "mine"}

    answer = stack.api("PUT", "connections/mine", connection, key=stack.keys.function)

    assert answer.status_code == 401


def test_a_killed_host_leaves_the_others_at_work(stack: Stack) -> None:
    host = stack.add_host()
    stack.kill_host(host)

    assert not host.running
    assert stack.ask("GET", "health")["status"] == "ok"


def test_a_token_ends_in_the_vault(stack: Stack) -> None:
    account = stack.mailchimp.add_account("Contoso")
    stack.ask("PUT", "connections/stack", {"name": "stack", "consent": {"accepted": True}})
    stack.ask("PUT", "connections/stack/token", {"api_key": account.api_key})

    assert account.api_key in stack.vault.secrets()["mailchimp-stack"]


def test_the_sample_lies_in_the_segment_container(stack: Stack) -> None:
    scenario = furnish(stack, profiles=200)

    names = [blob.name for blob in stack.segment_container().list_blobs(f"{FOLDER}/")]
    assert len(names) == 5
    assert f"{FOLDER}/model.json" in names
    assert scenario.profiles == 200
    assert len(stack.mailchimp.contacts(scenario.audience_id)) == 101


def test_everything_also_runs_on_the_apps_identity_over_tls() -> None:
    with Stack.start(environment={}, identity=True) as stack:
        assert stack.azurite.blob_url.startswith("https://")
        assert not any("AccountKey" in value for value in stack.settings.values())
        assert stack.ask("GET", "health")["status"] == "ok"


def test_services_named_in_the_environment_are_not_started() -> None:
    real = {
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
        "SegmentStorage": "UseDevelopmentStorage=true",
        "KEY_VAULT_URL": "https://contoso.vault.azure.net",
        "MAILCHIMP_API_URL": "https://{dc}.api.mailchimp.com/3.0",
    }

    services = Services.start(environment=real)

    try:
        assert (services.azurite, services.vault, services.mailchimp) == (None, None, None)
        assert services.settings == {}
    finally:
        services.stop()


def test_a_real_identity_and_the_local_vault_exclude_each_other() -> None:
    with pytest.raises(StartError, match="KEY_VAULT_URL"):
        Services.start(environment={"SegmentStorage__accountName": "contoso"})
