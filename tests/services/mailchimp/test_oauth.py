from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from local.mailchimp.control import Simulator
from shared.mailchimp import oauth
from shared.mailchimp.client import MailchimpClient
from shared.mailchimp.errors import RefusedError, UnauthorizedError, UnavailableError
from shared.platform.settings import Settings, StorageAccount
from tests.services.mailchimp.conftest import Mailchimp

REDIRECT = "https://export.contoso.com/api/oauth/callback"


@pytest.fixture(scope="module")
def settings(simulator: Simulator) -> Settings:
    simulator.add_oauth_client("app-1", "s3cret", [REDIRECT])
    return Settings(
        app_storage=StorageAccount(),
        segment_storage=StorageAccount(),
        key_vault_url="",
        mailchimp_api_url=simulator.api_url_template,
        mailchimp_login_url=simulator.login_url,
        mailchimp_client_id="app-1",
    )


def code_of(settings: Settings) -> str:
    """Consent as a person does, and return the code that comes back."""
    url = oauth.authorize_url(settings, "the state", REDIRECT)
    back = urlsplit(requests.get(url, allow_redirects=False, timeout=10).headers["Location"])
    query = parse_qs(back.query)
    assert query["state"] == ["the state"]
    return query["code"][0]


def test_consent_gives_a_token_that_works(mailchimp: Mailchimp, settings: Settings) -> None:
    mailchimp.simulator.set_oauth_account(mailchimp.account)
    access_token = oauth.exchange_code(settings, code_of(settings), "s3cret", REDIRECT)
    found = oauth.metadata(settings, access_token)
    assert (found.account_name, found.token.data_center) == ("Contoso", "us21")
    with MailchimpClient(settings.mailchimp_api_url, found.token, 10) as client:
        assert client.account().account_id == mailchimp.account.account_id


def test_a_code_is_good_once(mailchimp: Mailchimp, settings: Settings) -> None:
    mailchimp.simulator.set_oauth_account(mailchimp.account)
    code = code_of(settings)
    oauth.exchange_code(settings, code, "s3cret", REDIRECT)
    with pytest.raises(RefusedError) as caught:
        oauth.exchange_code(settings, code, "s3cret", REDIRECT)
    assert "used" in caught.value.detail


def test_a_wrong_client_secret_is_told_from_a_wrong_code(
    mailchimp: Mailchimp, settings: Settings
) -> None:
    mailchimp.simulator.set_oauth_account(mailchimp.account)
    with pytest.raises(UnauthorizedError):
        oauth.exchange_code(settings, code_of(settings), "wrong", REDIRECT)


def test_an_unknown_token_is_seen_through_its_200(settings: Settings) -> None:
    with pytest.raises(UnauthorizedError):
        oauth.metadata(settings, "no-such-token")


def test_a_data_centre_that_is_none_gets_no_token(
    simulator: Simulator, mailchimp: Mailchimp, settings: Settings
) -> None:
    account = simulator.add_account("Evil", dc="us1.evil.example")
    assert mailchimp.account != account
    with pytest.raises(UnauthorizedError) as caught:
        oauth.metadata(settings, account.api_key)
    assert account.api_key not in f"{caught.value} {caught.value.detail}"


def test_a_login_page_that_is_down_can_be_tried_again(settings: Settings) -> None:
    down = replace(settings, mailchimp_login_url="http://127.0.0.1:9")
    with pytest.raises(UnavailableError):
        oauth.metadata(down, "token")
