"""Mailchimp's own Python client works against the simulator, with nothing but another host."""

from typing import Any

import mailchimp_marketing
import pytest
from mailchimp_marketing.api_client import ApiClientError

from local.mailchimp.control import Account, Simulator
from tests.stand_ins.contract.api import digest, member

PERSON = "person@contoso.com"


@pytest.fixture
def client(mailchimp: Simulator, account: Account) -> Any:
    """The client with the account's API key; its host is a plain attribute."""
    found = mailchimp_marketing.Client({"api_key": account.api_key})
    found.api_client.host = f"{mailchimp.url}/server/3.0"
    return found


def test_it_says_that_all_is_well(client: Any) -> None:
    assert client.ping.get() == {"health_status": "Everything's Chimpy!"}


def test_it_reads_the_account(client: Any, account: Account) -> None:
    assert client.root.get_root()["account_id"] == account.account_id


def test_it_comes_in_with_an_oauth_token(mailchimp: Simulator, account: Account) -> None:
    token = mailchimp.add_key(account, token="token-without-data-center")
    client = mailchimp_marketing.Client({"access_token": token, "server": account.dc})
    client.api_client.host = f"{mailchimp.url}/server/3.0"
    assert client.root.get_root()["account_id"] == account.account_id


def test_it_subscribes_tags_and_reads_contacts(client: Any, list_id: str) -> None:
    made = client.lists.batch_list_members(
        list_id, {"members": [member(PERSON, tags=["A"])], "update_existing": True}
    )
    assert made["total_created"] == 1
    found = client.lists.get_list_member(list_id, digest(PERSON))
    assert (found["status"], [tag["name"] for tag in found["tags"]]) == ("subscribed", ["A"])
    segment = client.lists.create_segment(list_id, {"name": "B", "static_segment": []})
    changed = client.lists.batch_segment_members(
        {"members_to_add": [PERSON]}, list_id, segment["id"]
    )
    assert changed["total_added"] == 1
    names = [tag["name"] for tag in client.lists.get_list_member_tags(list_id, PERSON)["tags"]]
    assert names == ["A", "B"]


def test_it_archives_with_a_bare_response(client: Any, list_id: str) -> None:
    client.lists.add_list_member(list_id, member(PERSON))
    assert client.lists.delete_list_member(list_id, digest(PERSON)).status_code == 204
    with pytest.raises(ApiClientError) as caught:
        client.lists.delete_list_member(list_id, digest(PERSON))
    assert caught.value.status_code == 405


def test_it_reads_merge_fields_and_audiences(client: Any, list_id: str) -> None:
    client.lists.add_list_merge_field(list_id, {"name": "Age", "type": "number", "tag": "AGE"})
    found = client.lists.get_list_merge_fields(list_id, count=1000)
    assert [field["tag"] for field in found["merge_fields"]][-1] == "AGE"
    assert [one["id"] for one in client.lists.get_all_lists()["lists"]] == [list_id]


def test_errors_reach_it_as_text(client: Any, list_id: str) -> None:
    with pytest.raises(ApiClientError) as caught:
        client.lists.add_list_member(list_id, member("person@example.com"))
    assert caught.value.status_code == 400
    assert "looks fake or invalid" in caught.value.text
