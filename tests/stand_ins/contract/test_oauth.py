"""The login pages: consent, code, token, metadata."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from local.mailchimp.control import Account, Simulator

BACK = "http://127.0.0.1:7071/api/oauth/callback"


def authorize(mailchimp: Simulator, **more: str) -> requests.Response:
    """The browser opens the authorize URL."""
    query = {"response_type": "code", "client_id": "app", "redirect_uri": BACK, "state": "s 1"}
    url = f"{mailchimp.login_url}/oauth2/authorize"
    return requests.get(url, params=query | more, timeout=30, allow_redirects=False)


def returned(response: requests.Response) -> dict[str, str]:
    """What the browser carries back to the app."""
    assert response.status_code == 302
    assert response.headers["Location"].startswith(BACK)
    query = parse_qs(urlsplit(response.headers["Location"]).query)
    return {name: values[0] for name, values in query.items()}


def exchange(mailchimp: Simulator, code: str, **more: str) -> requests.Response:
    """The app turns the code into a token."""
    form = {
        "grant_type": "authorization_code",
        "client_id": "app",
        "client_secret": "secret",
        "redirect_uri": BACK,
        "code": code,
    }
    return requests.post(f"{mailchimp.login_url}/oauth2/token", data=form | more, timeout=30)


def metadata(mailchimp: Simulator, token: str) -> Any:
    """What Mailchimp says about a token."""
    url = f"{mailchimp.login_url}/oauth2/metadata"
    response = requests.get(url, headers={"Authorization": f"OAuth {token}"}, timeout=30)
    assert response.status_code == 200
    return response.json()


def test_consent_leads_to_a_token_of_the_account(mailchimp: Simulator, account: Account) -> None:
    mailchimp.set_oauth_account(account)
    back = returned(authorize(mailchimp))
    assert back["state"] == "s 1"
    answer = exchange(mailchimp, back["code"]).json()
    assert answer["expires_in"] == 0
    known = metadata(mailchimp, answer["access_token"])
    assert (known["dc"], known["api_endpoint"]) == ("us21", "https://us21.api.mailchimp.com")
    api = mailchimp.api_url_template.format(dc=known["dc"])
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    root = requests.get(f"{api}/", headers=headers, timeout=30).json()
    assert root["account_id"] == account.account_id


def test_metadata_says_200_to_a_token_nobody_knows(mailchimp: Simulator) -> None:
    assert "api_endpoint" not in metadata(mailchimp, "invented")


def test_a_code_is_good_for_one_exchange(mailchimp: Simulator, account: Account) -> None:
    mailchimp.set_oauth_account(account)
    code = returned(authorize(mailchimp))["code"]
    assert exchange(mailchimp, code).status_code == 200
    again = exchange(mailchimp, code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("wrong", [{"redirect_uri": "http://other"}, {"client_id": "other"}])
def test_a_code_belongs_to_one_app_and_one_address(
    mailchimp: Simulator, account: Account, wrong: dict[str, str]
) -> None:
    mailchimp.set_oauth_account(account)
    code = returned(authorize(mailchimp))["code"]
    assert exchange(mailchimp, code, **wrong).status_code == 400


def test_registered_apps_are_held_to_their_secret_and_address(
    mailchimp: Simulator, account: Account
) -> None:
    mailchimp.set_oauth_account(account)
    mailchimp.add_oauth_client("app", "secret", [BACK])
    assert authorize(mailchimp, redirect_uri="http://other").status_code == 400
    assert authorize(mailchimp, client_id="other").status_code == 400
    code = returned(authorize(mailchimp))["code"]
    assert exchange(mailchimp, code, client_secret="wrong").status_code == 401
    assert exchange(mailchimp, code).status_code == 200


def test_somebody_may_say_no(mailchimp: Simulator) -> None:
    mailchimp.set(oauth_consent="deny")
    assert returned(authorize(mailchimp)) == {"error": "access_denied", "state": "s 1"}


def test_a_page_may_ask_first(mailchimp: Simulator, account: Account) -> None:
    mailchimp.set_oauth_account(account)
    mailchimp.set(oauth_consent="page")
    page = authorize(mailchimp)
    assert (page.status_code, "<form" in page.text) == (200, True)
    answer = requests.post(page.url, timeout=30, allow_redirects=False)
    assert returned(answer)["code"]
