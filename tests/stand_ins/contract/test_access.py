"""Who may come in, and what the answers' envelopes look like."""

import base64

import pytest
import requests

from local.mailchimp.control import Account, Simulator
from tests.stand_ins.contract.api import Api, member


def status(api: Api, authorization: str | None, path: str = "/ping") -> int:
    """What a call with this header is answered."""
    headers = {"Authorization": authorization} if authorization else {}
    return requests.get(api.base + path, headers=headers, timeout=30).status_code


def basic(user: str, password: str) -> str:
    """A Basic Authorization header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_basic_bearer_and_oauth_headers_are_understood(api: Api, account: Account) -> None:
    key = account.api_key
    for header in (basic("anything", key), f"Bearer {key}", f"OAuth {key}", f"apikey {key}"):
        assert status(api, header) == 200


@pytest.mark.parametrize("header", ["Bearer wrong-us21", "OAuth wrong", basic("user", "wrong")])
def test_a_bad_key_is_401(api: Api, header: str) -> None:
    assert status(api, header) == 401


def test_no_key_is_401_with_another_title(api: Api) -> None:
    answer = requests.get(api.base + "/ping", timeout=30).json()
    assert answer["title"] == "API Key Missing"


def test_a_bad_key_is_told_so_in_mailchimps_words(api: Api) -> None:
    answer = api.call("GET", "/ping", headers={"Authorization": "Bearer wrong"}).json()
    assert answer["title"] == "API Key Invalid"
    assert answer["detail"] == (
        "Your API key may be invalid, or you've attempted to access the wrong datacenter."
    )


def test_another_data_center_is_403(mailchimp: Simulator, account: Account, list_id: str) -> None:
    with Api(f"{mailchimp.url}/us6/3.0", account.api_key, list_id) as elsewhere:
        response = elsewhere.call("GET", "/ping")
    assert response.status_code == 403
    assert response.json()["title"] == "Forbidden"
    assert response.json()["detail"] == "The API key provided is linked to datacenter 'us21'"


def test_the_data_center_may_be_left_out_of_the_path(
    mailchimp: Simulator, account: Account, list_id: str
) -> None:
    with Api(f"{mailchimp.url}/3.0", account.api_key, list_id) as nowhere:
        assert nowhere.get("/")["account_id"] == account.account_id


def test_a_revoked_key_is_401_and_its_successor_comes_in(
    mailchimp: Simulator, account: Account, api: Api
) -> None:
    new = mailchimp.rotate_key(account, account.api_key)
    assert status(api, f"Bearer {account.api_key}") == 401
    assert status(api, f"Bearer {new}") == 200


def test_a_viewer_may_read_and_not_write(mailchimp: Simulator, account: Account, api: Api) -> None:
    viewer = {"Authorization": f"Bearer {mailchimp.add_key(account, role='viewer', user='v')}"}
    assert api.call("GET", api.list, headers=viewer).status_code == 200
    refused = api.call("POST", api.list, {"members": []}, headers=viewer)
    assert (refused.status_code, refused.json()["title"]) == (403, "User action not permitted")


def test_a_disabled_account_is_403(mailchimp: Simulator, account: Account, api: Api) -> None:
    mailchimp.disable_account(account)
    response = api.call("GET", "/ping")
    assert (response.status_code, response.json()["title"]) == (403, "User Disabled")


def test_another_accounts_audience_is_404(mailchimp: Simulator, api: Api) -> None:
    other = mailchimp.add_list(mailchimp.add_account("Other"), "Theirs")
    assert api.call("GET", f"/lists/{other}").status_code == 404


def test_errors_carry_mailchimps_headers(api: Api) -> None:
    response = api.call("GET", "/nothing")
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json; charset=utf-8"
    assert response.headers["X-Request-Id"] == response.json()["instance"]
    assert response.headers["Server"] == "openresty"
    assert "ProblemDetailDocument.json" in response.headers["Link"]
    assert response.headers["Link"].endswith('rel="describedBy"')
    assert response.headers["Date"]
    assert response.json()["detail"] == "The requested resource could not be found."


def test_good_answers_carry_them_too(api: Api) -> None:
    response = api.call("GET", "/ping")
    assert response.headers["X-Request-Id"]
    assert "describedBy" in response.headers["Link"]
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"


def test_the_clock_can_be_set_off(mailchimp: Simulator, api: Api) -> None:
    mailchimp.set(clock_offset_seconds=400 * 86400)
    year = api.call("GET", "/ping").headers["Date"].split()[3]
    api.subscribe(member("person@contoso.com"))
    changed = api.get(api.contact("person@contoso.com"))["last_changed"]
    assert changed.startswith(year)


def test_the_root_without_its_slash_redirects_to_plain_http(api: Api) -> None:
    response = api.call("GET", "")
    assert response.status_code == 301
    assert response.headers["Location"].startswith("http://")
    assert response.headers["Location"].endswith("/3.0/")


def test_a_wrong_method_is_405_and_says_which_are_right(api: Api) -> None:
    response = api.call("DELETE", "/ping")
    assert (response.status_code, response.headers["Allow"]) == (405, "GET")


def test_a_body_that_is_no_json_is_400(api: Api, account: Account) -> None:
    headers = {"Authorization": f"Bearer {account.api_key}"}
    response = requests.post(api.base + api.list, data=b"{", headers=headers, timeout=30)
    assert (response.status_code, response.json()["title"]) == (400, "JSON Parse Error")


def test_addresses_in_urls_are_taken_and_written_down(mailchimp: Simulator, api: Api) -> None:
    api.subscribe(member("person@contoso.com"))
    mailchimp.reset_log()
    api.get(f"{api.list}/members/Person@Contoso.com")
    api.get(api.contact("person@contoso.com"))
    assert [call.address_in_url for call in mailchimp.calls()] == [True, False]
    assert mailchimp.stats().addresses_in_urls == 1
