"""The states of a contact, and who can move it from one to another."""

from typing import Any

import pytest

from local.mailchimp.control import Account, ContactState, Simulator
from tests.stand_ins.contract.api import Api, member

PERSON = "person@contoso.com"


@pytest.fixture
def state(mailchimp: Simulator, list_id: str) -> Any:
    """The person's state as it is now."""

    def look() -> ContactState:
        return mailchimp.contacts(list_id)[PERSON]

    return look


def put(mailchimp: Simulator, list_id: str, status: str, **more: Any) -> None:
    """Let the person be in a state since long ago."""
    contact = {"email": PERSON, "status": status, "timestamp": 1_600_000_000} | more
    mailchimp.put_contacts(list_id, [contact])


class TestTheDanger:
    """update_existing with status subscribed: Mailchimp does what it is told."""

    @pytest.mark.parametrize("status", ["unsubscribed", "pending", "transactional", "archived"])
    def test_it_subscribes_whoever_did_not_leave_by_themselves(
        self, mailchimp: Simulator, api: Api, list_id: str, state: Any, status: str
    ) -> None:
        put(mailchimp, list_id, status)
        answer = api.subscribe(member(PERSON))
        assert (answer["total_updated"], answer["error_count"]) == (1, 0)
        assert state().status == "subscribed"
        assert state().timestamp_opt > "2021"

    def test_it_unsubscribes_and_comes_back(self, api: Api, state: Any) -> None:
        api.subscribe(member(PERSON))
        api.subscribe(member(PERSON, "unsubscribed"))
        assert (state().status, state().compliance) == ("unsubscribed", "")
        api.subscribe(member(PERSON))
        assert state().status == "subscribed"

    def test_an_archived_one_may_be_answered_as_new(
        self, mailchimp: Simulator, api: Api, list_id: str
    ) -> None:
        mailchimp.set(archived_answer="new")
        put(mailchimp, list_id, "archived")
        assert api.subscribe(member(PERSON))["total_created"] == 1


class TestCompliance:
    """Those who left by themselves, and addresses that bounced."""

    @pytest.fixture(params=["left", "bounced", "left, then archived"])
    def protected(self, request: Any, mailchimp: Simulator, api: Api, list_id: str) -> None:
        api.subscribe(member(PERSON))
        if request.param == "bounced":
            mailchimp.bounce(list_id, PERSON)
        else:
            mailchimp.unsubscribe_by_self(list_id, PERSON)
        if request.param == "left, then archived":
            mailchimp.archive(list_id, PERSON)

    @pytest.mark.usefixtures("protected")
    def test_they_are_an_error_in_a_bulk_call_and_stay_as_they_are(
        self, api: Api, state: Any
    ) -> None:
        before = state()
        answer = api.subscribe(member(PERSON, merge_fields={"FNAME": "New"}, tags=["A"]))
        assert answer["errors"] == [
            {
                "email_address": PERSON,
                "error": f"{PERSON} is already a list member in compliance state due to "
                "unsubscribe, bounce, or compliance review and cannot be subscribed.",
                "error_code": "ERROR_GENERIC",
            }
        ]
        assert state() == before

    @pytest.mark.usefixtures("protected")
    def test_they_are_a_problem_in_a_single_call(self, api: Api) -> None:
        body = member(PERSON, status_if_new="subscribed")
        response = api.call("PUT", api.contact(PERSON), body)
        assert response.status_code == 400
        problem = response.json()
        assert problem["title"] == "Member In Compliance State"
        assert "type" not in problem
        assert problem["detail"] == (
            f"{PERSON} is in a compliance state due to unsubscribe, bounce, or compliance review "
            "and cannot be subscribed."
        )

    @pytest.mark.usefixtures("protected")
    def test_a_form_brings_them_back(self, mailchimp: Simulator, api: Api, list_id: str) -> None:
        mailchimp.resubscribe_by_form(list_id, PERSON)
        assert api.subscribe(member(PERSON))["total_updated"] == 1

    def test_the_sentence_has_changed_over_the_years(
        self, mailchimp: Simulator, api: Api, list_id: str
    ) -> None:
        mailchimp.set(compliance_sentence="{email} is in a compliance state.")
        put(mailchimp, list_id, "unsubscribed", compliance=True)
        assert api.subscribe(member(PERSON))["errors"][0]["error"].endswith("compliance state.")

    def test_values_of_one_who_left_can_be_changed_without_touching_the_status(
        self, mailchimp: Simulator, api: Api, list_id: str, state: Any
    ) -> None:
        put(mailchimp, list_id, "unsubscribed", compliance=True)
        body = {"merge_fields": {"FNAME": "New"}}
        assert api.call("PATCH", api.contact(PERSON), body).status_code == 200
        assert state().essence == ("unsubscribed", {"FNAME": "New"}, frozenset())

    def test_one_who_left_can_be_asked_again(
        self, mailchimp: Simulator, api: Api, list_id: str, state: Any
    ) -> None:
        put(mailchimp, list_id, "unsubscribed", compliance=True)
        assert api.subscribe(member(PERSON, "pending"))["total_updated"] == 1
        mailchimp.confirm(list_id, PERSON)
        assert state().status == "subscribed"


class TestPending:
    """Double opt-in."""

    def test_a_pending_one_has_signed_up_and_not_opted_in(self, api: Api) -> None:
        shown = api.subscribe(member(PERSON, "pending"))["new_members"][0]
        assert shown["status"] == "pending"
        assert (shown["timestamp_opt"], shown["timestamp_signup"]) == ("", shown["last_changed"])

    def test_it_is_no_active_subscriber_until_it_confirms(
        self, mailchimp: Simulator, api: Api, list_id: str
    ) -> None:
        api.subscribe(member(PERSON, "pending", tags=["A"]))
        segment = f"{api.list}/segments/{mailchimp.tags(list_id)['A']}"
        assert api.get(segment)["member_count"] == 0
        mailchimp.confirm(list_id, PERSON)
        assert api.get(segment)["member_count"] == 1

    def test_a_double_optin_audience_says_so_and_is_bypassed(
        self, mailchimp: Simulator, account: Account, list_id: str
    ) -> None:
        del list_id
        double = mailchimp.add_list(account, "Double", double_optin=True)
        base = mailchimp.api_url_template.format(dc=account.dc)
        with Api(base, account.api_key, double) as api:
            assert api.get(api.list)["double_optin"] is True
            answer = api.subscribe(member(PERSON))
            assert answer["new_members"][0]["status"] == "subscribed"
            mailchimp.set(double_optin_enforced=True)
            answer = api.subscribe(member("other@contoso.com"))
            assert answer["new_members"][0]["status"] == "pending"


class TestArchive:
    """DELETE archives."""

    def test_it_hides_the_contact_and_keeps_it(self, api: Api, state: Any) -> None:
        api.subscribe(member(PERSON, tags=["A"]))
        assert api.call("DELETE", api.contact(PERSON)).status_code == 204
        assert api.get(f"{api.list}/members")["total_items"] == 0
        assert api.get(f"{api.list}/members", status="archived")["total_items"] == 1
        assert api.get(api.contact(PERSON))["status"] == "archived"
        assert state().tags == {"A"}

    @pytest.mark.parametrize("status", ["archived", "cleaned", "pending"])
    def test_it_is_405_when_nothing_is_left_to_archive(
        self, mailchimp: Simulator, api: Api, list_id: str, status: str
    ) -> None:
        put(mailchimp, list_id, status)
        response = api.call("DELETE", api.contact(PERSON))
        assert (response.status_code, response.headers["Allow"]) == (405, "GET, PUT")
        assert response.json()["detail"] == (
            "This list member cannot be removed. Can not archive a contact that is bounced, "
            "pending or archived"
        )

    def test_it_is_404_for_a_stranger(self, api: Api) -> None:
        assert api.call("DELETE", api.contact(PERSON)).status_code == 404

    def test_put_without_status_leaves_an_archived_one_archived(
        self, mailchimp: Simulator, api: Api, list_id: str, state: Any
    ) -> None:
        put(mailchimp, list_id, "archived")
        body = {"email_address": PERSON, "status_if_new": "subscribed"}
        assert api.call("PUT", api.contact(PERSON), body).status_code == 200
        assert state().status == "archived"


class TestDeletion:
    """delete-permanent."""

    def test_it_erases_and_blocks_the_address(
        self, mailchimp: Simulator, api: Api, list_id: str
    ) -> None:
        api.subscribe(member(PERSON, tags=["A"]))
        action = api.contact(PERSON) + "/actions/delete-permanent"
        assert api.call("POST", action).status_code == 204
        assert mailchimp.contacts(list_id) == {}
        assert api.call("GET", api.contact(PERSON)).status_code == 404
        response = api.call("POST", f"{api.list}/members", member(PERSON))
        assert response.json()["title"] == "Forgotten Email Not Subscribed"
        assert "type" not in response.json()


class TestSingleCalls:
    """POST, PUT and PATCH of one contact."""

    def test_post_refuses_a_known_one_in_mailchimps_words(self, api: Api) -> None:
        api.subscribe(member(PERSON))
        response = api.call("POST", f"{api.list}/members", member(PERSON))
        assert response.status_code == 400
        assert response.json()["title"] == "Member Exists"
        assert response.json()["detail"] == (
            f"{PERSON} is already a list member. Use PUT to insert or update list members."
        )

    def test_put_uses_status_if_new_for_new_ones_alone(
        self, mailchimp: Simulator, api: Api, list_id: str, state: Any
    ) -> None:
        body = {"email_address": PERSON, "status_if_new": "subscribed"}
        api.call("PUT", api.contact(PERSON), body)
        assert state().status == "subscribed"
        mailchimp.unsubscribe_by_admin(list_id, PERSON)
        api.call("PUT", api.contact(PERSON), body)
        assert state().status == "unsubscribed"

    def test_put_takes_tags_for_new_ones_alone(self, api: Api, state: Any) -> None:
        body = {"email_address": PERSON, "status_if_new": "subscribed"}
        api.call("PUT", api.contact(PERSON), body | {"tags": ["A"]})
        api.call("PUT", api.contact(PERSON), body | {"tags": ["B"]})
        assert state().tags == {"A"}

    def test_patch_is_404_for_a_stranger(self, api: Api) -> None:
        response = api.call("PATCH", api.contact(PERSON), {"status": "unsubscribed"})
        assert response.status_code == 404

    def test_archived_is_no_status_to_ask_for(self, api: Api) -> None:
        api.subscribe(member(PERSON))
        response = api.call("PATCH", api.contact(PERSON), {"status": "archived"})
        assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "status")

    def test_a_contact_is_found_by_hash_address_and_contact_id(self, api: Api) -> None:
        shown = api.subscribe(member(PERSON))["new_members"][0]
        for reference in (
            shown["id"],
            shown["id"].upper(),
            "PERSON@contoso.com",
            shown["contact_id"],
        ):
            assert api.get(f"{api.list}/members/{reference}")["id"] == shown["id"]

    def test_a_changed_address_keeps_the_contact_id(
        self, mailchimp: Simulator, api: Api, list_id: str
    ) -> None:
        before = api.subscribe(member(PERSON))["new_members"][0]
        mailchimp.change_email(list_id, PERSON, "other@contoso.com")
        after = api.get(f"{api.list}/members/{before['contact_id']}")
        assert after["email_address"] == "other@contoso.com"
        assert after["id"] != before["id"]
        assert api.call("GET", api.contact(PERSON)).status_code == 404

    def test_a_change_of_nothing_leaves_last_changed(
        self, mailchimp: Simulator, api: Api, list_id: str, state: Any
    ) -> None:
        put(mailchimp, list_id, "subscribed", merge_fields={"FNAME": "A"})
        api.subscribe(member(PERSON, merge_fields={"FNAME": "A"}))
        assert state().last_changed.startswith("2020")
        api.subscribe(member(PERSON, merge_fields={"FNAME": "B"}))
        assert not state().last_changed.startswith("2020")
        assert state().timestamp_opt.startswith("2020")
