"""Reading contacts and audiences: pages, filters, selections, and figures that are old."""

from typing import Any

import pytest

from local.mailchimp.control import Simulator
from tests.stand_ins.contract.api import Api, member

OLD, NEW = 1_600_000_000, 1_700_000_000


@pytest.fixture
def full(mailchimp: Simulator, list_id: str) -> None:
    """Three contacts of each status, the third of them newer."""
    statuses = ("subscribed", "unsubscribed", "cleaned", "pending", "transactional", "archived")
    mailchimp.put_contacts(
        list_id,
        (
            {
                "email": f"{status}{n}@contoso.com",
                "status": status,
                "timestamp": NEW if n == 2 else OLD,
            }
            for n in range(3)
            for status in statuses
        ),
    )


def emails(answer: Any) -> list[str]:
    """The addresses of a page, in its order."""
    return [one["email_address"] for one in answer["members"]]


@pytest.mark.usefixtures("full")
class TestContacts:
    """GET /lists/{id}/members."""

    def test_all_but_archived_ones_are_listed_ten_at_a_time(self, api: Api) -> None:
        page = api.get(f"{api.list}/members")
        assert (len(page["members"]), page["total_items"]) == (10, 15)
        rest = api.get(f"{api.list}/members", count=10, offset=10)
        assert len(set(emails(page)) | set(emails(rest))) == 15

    @pytest.mark.parametrize("status", ["subscribed", "unsubscribed", "cleaned", "archived"])
    def test_they_are_listed_by_status(self, api: Api, status: str) -> None:
        page = api.get(f"{api.list}/members", status=status)
        assert {one["status"] for one in page["members"]} == {status}
        assert page["total_items"] == 3

    @pytest.mark.parametrize("query", [{"count": 1001}, {"count": "x"}, {"status": "gone"}])
    def test_what_mailchimp_does_not_allow_is_400(self, api: Api, query: dict[str, Any]) -> None:
        assert api.call("GET", f"{api.list}/members", **query).status_code == 400

    def test_they_are_listed_by_when_they_changed(self, api: Api) -> None:
        query = {"status": "unsubscribed", "since_last_changed": "2023-01-01T00:00:00+00:00"}
        path = f"{api.list}/members"
        assert emails(api.get(path, **query)) == ["unsubscribed2@contoso.com"]
        query = {"status": "unsubscribed", "before_last_changed": "2023-01-01T00:00:00+00:00"}
        assert len(emails(api.get(path, **query))) == 2

    def test_a_time_must_be_one(self, api: Api) -> None:
        path = f"{api.list}/members"
        assert api.call("GET", path, since_last_changed="yesterday").status_code == 400
        # A plus sign that is not escaped is a blank by the time it arrives.
        escaped = api.call("GET", path + "?since_last_changed=2023-01-01T00:00:00+00:00")
        assert escaped.status_code == 400

    def test_unsubscribed_since_wants_the_status(self, api: Api) -> None:
        path, since = f"{api.list}/members", "2023-01-01T00:00:00Z"
        found = api.get(path, status="unsubscribed", unsubscribed_since=since)
        assert emails(found) == ["unsubscribed2@contoso.com"]
        assert api.call("GET", path, unsubscribed_since=since).status_code == 400

    def test_they_are_sorted(self, api: Api) -> None:
        query = {"status": "cleaned", "sort_field": "last_changed", "sort_dir": "DESC"}
        assert emails(api.get(f"{api.list}/members", **query))[0] == "cleaned2@contoso.com"

    def test_only_selected_fields_are_sent(self, api: Api) -> None:
        fields = "members.email_address,members.merge_fields.FNAME,total_items"
        page = api.get(f"{api.list}/members", fields=fields, count=1)
        assert set(page) == {"members", "total_items"}
        assert set(page["members"][0]) == {"email_address", "merge_fields"}
        assert set(page["members"][0]["merge_fields"]) == {"FNAME"}

    def test_unwanted_fields_are_left_out(self, api: Api) -> None:
        page = api.get(f"{api.list}/members", exclude_fields="members._links,_links", count=1)
        assert "_links" not in page
        assert "_links" not in page["members"][0]
        assert "id" in page["members"][0]

    def test_a_count_alone_needs_no_contacts(self, api: Api) -> None:
        assert api.get(f"{api.list}/members", fields="total_items") == {"total_items": 15}

    def test_somebody_who_comes_back_leaves_their_status_list(
        self, mailchimp: Simulator, api: Api, list_id: str
    ) -> None:
        mailchimp.resubscribe_by_form(list_id, "unsubscribed0@contoso.com")
        page = api.get(f"{api.list}/members", status="unsubscribed")
        assert page["total_items"] == 2


class TestAudiences:
    """GET /lists and /lists/{id}."""

    def test_figures_are_minutes_old(self, mailchimp: Simulator, api: Api) -> None:
        assert api.get(api.list)["stats"]["member_count"] == 0
        api.subscribe(member("person@contoso.com"))
        assert api.get(api.list)["stats"]["member_count"] == 0
        mailchimp.set(stats_stale_seconds=0)
        assert api.get(api.list)["stats"]["member_count"] == 1

    @pytest.mark.usefixtures("full")
    def test_the_total_is_told_on_request(self, api: Api) -> None:
        assert "total_contacts" not in api.get(api.list)["stats"]
        stats = api.get(api.list, include_total_contacts="true")["stats"]
        assert stats["total_contacts"] == 15
        assert (stats["member_count"], stats["unsubscribe_count"]) == (3, 3)

    def test_they_are_paged_too(self, mailchimp: Simulator, account: Any, api: Api) -> None:
        for n in range(11):
            mailchimp.add_list(account, f"List {n}")
        page = api.get("/lists")
        assert (len(page["lists"]), page["total_items"]) == (10, 12)
        assert len(api.get("/lists", count=100)["lists"]) == 12
        assert api.get("/lists", fields="lists.id,lists.name", count=1).keys() == {"lists"}

    def test_an_unknown_one_is_404(self, api: Api) -> None:
        assert api.call("GET", "/lists/none").status_code == 404
        assert api.call("POST", "/lists/none", {"members": []}).status_code == 404
