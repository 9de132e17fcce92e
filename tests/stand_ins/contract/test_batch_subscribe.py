"""POST /lists/{id}: partial success, Mailchimp's sentences, and what becomes of whom."""

from typing import Any

import pytest

from local.mailchimp.control import Simulator
from tests.stand_ins.contract.api import Api, digest, member
from tests.stand_ins.contract.waiting import until

PERSON = "Person@Contoso.com"


def only_error(answer: dict[str, Any]) -> dict[str, Any]:
    """The one item in errors of an answer in which nothing else happened."""
    assert (answer["total_created"], answer["total_updated"], answer["error_count"]) == (0, 0, 1)
    error: dict[str, Any] = answer["errors"][0]
    return error


def test_contacts_are_created_and_then_updated(
    mailchimp: Simulator, api: Api, list_id: str
) -> None:
    first = api.subscribe(member(PERSON, merge_fields={"FNAME": "A", "LNAME": "B"}))
    assert (first["total_created"], first["total_updated"], first["error_count"]) == (1, 0, 0)
    again = api.subscribe(member(PERSON, merge_fields={"FNAME": "C"}))
    assert (again["total_created"], again["total_updated"], again["error_count"]) == (0, 1, 0)
    found = mailchimp.contacts(list_id)["person@contoso.com"]
    assert found.essence == ("subscribed", {"FNAME": "C", "LNAME": "B"}, frozenset())


def test_the_answer_shows_the_whole_contact(api: Api) -> None:
    shown = api.subscribe(member(PERSON, tags=["A", "B"]))["new_members"][0]
    assert shown["id"] == digest(PERSON)
    assert shown["email_address"] == PERSON
    assert shown["merge_fields"] == {"FNAME": "", "LNAME": "", "ADDRESS": "", "PHONE": ""}
    assert [tag["name"] for tag in shown["tags"]] == ["A", "B"]
    assert shown["tags_count"] == 2
    assert (shown["timestamp_signup"], shown["timestamp_opt"]) == ("", shown["last_changed"])


def test_five_hundred_contacts_make_more_than_a_megabyte(api: Api) -> None:
    members = [member(f"p{n}@contoso.com") for n in range(500)]
    response = api.call("POST", api.list, {"members": members})
    assert response.json()["total_created"] == 500
    assert len(response.content) > 1_000_000


def test_more_than_five_hundred_are_refused_whole(
    mailchimp: Simulator, api: Api, list_id: str
) -> None:
    members = [member(f"p{n}@contoso.com") for n in range(501)]
    response = api.call("POST", api.list, {"members": members})
    assert (response.status_code, response.json()["title"]) == (400, "Invalid Resource")
    assert mailchimp.contacts(list_id) == {}


def test_all_may_fail_with_http_200(api: Api) -> None:
    answer = api.subscribe(member("bad"), member("a@example.com"), member(""))
    assert [error["error_code"] for error in answer["errors"]] == ["ERROR_GENERIC"] * 3
    assert [error["error"] for error in answer["errors"]] == [
        "Please provide a valid email address.",
        "a@example.com looks fake or invalid, please enter a real email address.",
        "Please provide a valid email address.",
    ]
    assert set(answer["errors"][0]) == {"email_address", "error", "error_code"}


def test_a_known_contact_is_an_error_unless_updates_are_asked_for(api: Api) -> None:
    api.subscribe(member(PERSON))
    error = only_error(api.subscribe(member(PERSON), update=False))
    assert error == {
        "email_address": PERSON,
        "error": f"{PERSON} is already a list member, do you want to update? please provide "
        "update_existing:true in the request body",
        "error_code": "ERROR_CONTACT_EXISTS",
    }


def test_too_many_signups_are_refused_by_prefix(mailchimp: Simulator, api: Api) -> None:
    error = only_error(api.subscribe(member("toomany.lists@contoso.com")))
    assert "has signed up to a lot of lists very recently" in error["error"]
    mailchimp.set(too_many_prefix="")
    assert api.subscribe(member("toomany.lists@contoso.com"))["total_created"] == 1


def test_fake_addresses_are_a_matter_of_switches(mailchimp: Simulator, api: Api) -> None:
    mailchimp.set(fake_domains=["contoso.com"], fake_addresses=["one@fabrikam.com"])
    answer = api.subscribe(
        member("a@contoso.com"), member("ONE@fabrikam.com"), member("two@fabrikam.com")
    )
    assert (answer["error_count"], answer["total_created"]) == (2, 1)


def test_people_deleted_for_good_cannot_be_imported(
    mailchimp: Simulator, api: Api, list_id: str
) -> None:
    api.subscribe(member(PERSON))
    mailchimp.forget(list_id, PERSON)
    error = only_error(api.subscribe(member(PERSON)))
    assert error["error"] == (
        f"{PERSON} was permanently deleted and cannot be re-imported. "
        "The contact must re-subscribe to get back on the list."
    )
    mailchimp.resubscribe_by_form(list_id, PERSON)
    assert api.subscribe(member(PERSON))["total_updated"] == 1


class TestDuplicates:
    """The same address twice in a call, in whatever casing."""

    TWICE = (
        member("person@contoso.com", merge_fields={"FNAME": "First"}),
        member("PERSON@contoso.com", merge_fields={"FNAME": "Second"}),
    )

    def test_the_second_is_an_error(self, api: Api) -> None:
        answer = api.subscribe(*self.TWICE)
        assert (answer["total_created"], answer["error_count"]) == (1, 1)
        assert answer["new_members"][0]["merge_fields"]["FNAME"] == "First"

    def test_the_second_is_ignored_if_the_caller_says_so(self, api: Api) -> None:
        answer = api.subscribe(*self.TWICE, skip_duplicate_check="true")
        assert (answer["total_created"], answer["total_updated"]) == (1, 0)
        assert answer["error_count"] == 0
        assert answer["new_members"][0]["merge_fields"]["FNAME"] == "First"

    def test_the_whole_call_is_refused_if_so_switched(self, mailchimp: Simulator, api: Api) -> None:
        mailchimp.set(duplicates="request_error")
        response = api.call("POST", api.list, {"members": list(self.TWICE)})
        assert response.status_code == 400


class TestInlineTags:
    """Undocumented, and therefore in every variant."""

    def test_they_are_added_to_what_a_contact_has(
        self, mailchimp: Simulator, api: Api, list_id: str
    ) -> None:
        api.subscribe(member(PERSON, tags=["A"]))
        api.subscribe(member(PERSON, tags=["B"]), sync_tags=False)
        assert mailchimp.contacts(list_id)[PERSON.lower()].tags == {"A", "B"}

    def test_they_count_for_new_contacts_alone(
        self, mailchimp: Simulator, api: Api, list_id: str
    ) -> None:
        mailchimp.set(inline_tags="new_only")
        api.subscribe(member(PERSON, tags=["A"]))
        shown = api.subscribe(member(PERSON, tags=["B"]))["updated_members"][0]
        assert [tag["name"] for tag in shown["tags"]] == ["A"]
        assert mailchimp.contacts(list_id)[PERSON.lower()].tags == {"A"}

    def test_they_come_late(self, mailchimp: Simulator, api: Api, list_id: str) -> None:
        mailchimp.set(inline_tags="late", inline_tags_late_seconds=0.3)
        shown = api.subscribe(member(PERSON, tags=["A"]))["new_members"][0]
        assert shown["tags"] == []
        until(lambda: mailchimp.contacts(list_id)[PERSON.lower()].tags == {"A"})

    @pytest.mark.parametrize(("tags", "left"), [({"tags": ["B"]}, {"B"}), ({}, set())])
    def test_sync_tags_wipes_what_marketers_gave(
        self, mailchimp: Simulator, api: Api, list_id: str, tags: dict[str, Any], left: set[str]
    ) -> None:
        mailchimp.put_contacts(list_id, [{"email": PERSON, "tags": ["Marketer's"]}])
        api.subscribe(member(PERSON, **tags), sync_tags=True)
        assert mailchimp.contacts(list_id)[PERSON.lower()].tags == left

    def test_only_fifty_are_listed(self, mailchimp: Simulator, api: Api) -> None:
        shown = api.subscribe(member(PERSON, tags=[f"tag {n}" for n in range(60)]))
        assert len(shown["new_members"][0]["tags"]) == 50
        assert shown["new_members"][0]["tags_count"] == 60
        mailchimp.set(tags_listed_max=10)
        assert len(api.get(api.contact(PERSON))["tags"]) == 10


class TestAnswers:
    """How contacts show in answers."""

    def test_addresses_are_answered_as_stored(self, api: Api) -> None:
        api.subscribe(member(PERSON))
        shown = api.subscribe(member(" PERSON@contoso.com "))["updated_members"][0]
        assert shown["email_address"] == PERSON

    def test_addresses_are_answered_as_sent_if_so_switched(
        self, mailchimp: Simulator, api: Api
    ) -> None:
        mailchimp.set(answer_casing="sent")
        api.subscribe(member(PERSON))
        shown = api.subscribe(member("PERSON@contoso.com"))["updated_members"][0]
        assert shown["email_address"] == "PERSON@contoso.com"

    def test_a_selection_of_fields_is_ignored_unless_switched_on(
        self, mailchimp: Simulator, api: Api
    ) -> None:
        query: dict[str, Any] = {"exclude_fields": "new_members._links,updated_members._links"}
        assert "_links" in api.subscribe(member(PERSON), **query)["new_members"][0]
        mailchimp.set(filter_post_answers=True)
        assert "_links" not in api.subscribe(member(PERSON), **query)["updated_members"][0]


@pytest.mark.parametrize(
    ("broken", "field"),
    [
        ({"email_address": None, "status": "subscribed"}, "members.item:0.email_address"),
        (member(PERSON, status="archived"), "members.item:0.status"),
        (member(PERSON, merge_fields=["A"]), "members.item:0.merge_fields"),
        (member(PERSON, tags="A"), "members.item:0.tags"),
        ("nobody", "members.item:0"),
    ],
)
def test_a_member_of_a_wrong_shape_fails_the_call(api: Api, broken: Any, field: str) -> None:
    response = api.call("POST", api.list, {"members": [broken]})
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field


def test_a_member_without_status_keeps_it_or_fails(
    mailchimp: Simulator, api: Api, list_id: str
) -> None:
    mailchimp.put_contacts(list_id, [{"email": PERSON, "status": "unsubscribed"}])
    shown = api.subscribe(member(PERSON, None, merge_fields={"FNAME": "A"}))["updated_members"][0]
    assert (shown["status"], shown["merge_fields"]["FNAME"]) == ("unsubscribed", "A")
    assert only_error(api.subscribe(member("new@contoso.com", None)))["field"] == "status"
    mailchimp.set(omitted_status="subscribed")
    assert api.subscribe(member(PERSON, None))["updated_members"][0]["status"] == "subscribed"
