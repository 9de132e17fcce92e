"""What a bulk call does with a contact's status: every variant of what is unproven."""

from typing import Any

import pytest

from local.mailchimp.control import ContactState, Simulator
from tests.stand_ins.contract.api import Api, member

NEW = "new@contoso.com"
KNOWN = "known@contoso.com"


def if_new(email: str, status: str = "subscribed", **more: Any) -> dict[str, Any]:
    """A member that says no status but for new contacts."""
    return member(email, None, status_if_new=status, **more)


@pytest.fixture
def state(mailchimp: Simulator, list_id: str) -> Any:
    """A contact's state as it is now."""

    def look(email: str = KNOWN) -> ContactState:
        return mailchimp.contacts(list_id)[email]

    return look


@pytest.fixture(autouse=True)
def known(mailchimp: Simulator, list_id: str) -> None:
    """A marketer has unsubscribed one contact."""
    mailchimp.put_contacts(list_id, [{"email": KNOWN, "status": "unsubscribed"}])


class TestStatusIfNew:
    """status_if_new in POST /lists/{id}."""

    def test_it_counts_for_new_contacts_alone(self, api: Api, state: Any) -> None:
        answer = api.subscribe(if_new(NEW), if_new(KNOWN, merge_fields={"FNAME": "A"}))
        assert (answer["total_created"], answer["total_updated"]) == (1, 1)
        assert state(NEW).status == "subscribed"
        assert state().essence == ("unsubscribed", {"FNAME": "A"}, frozenset())

    def test_it_is_the_only_status_of_a_new_contact_that_may_not_be_updated(
        self, api: Api, state: Any
    ) -> None:
        answer = api.subscribe(if_new(NEW, "pending"), if_new(KNOWN), update=False)
        assert state(NEW).status == "pending"
        assert answer["errors"][0]["error_code"] == "ERROR_CONTACT_EXISTS"

    def test_it_may_be_ignored_as_if_there_were_no_status(
        self, mailchimp: Simulator, api: Api, state: Any
    ) -> None:
        mailchimp.set(status_if_new="ignored")
        answer = api.subscribe(if_new(NEW), if_new(KNOWN))
        assert (answer["total_created"], answer["total_updated"]) == (0, 1)
        assert answer["errors"][0]["field"] == "status"
        assert state().status == "unsubscribed"

    def test_it_may_be_taken_for_the_status(
        self, mailchimp: Simulator, api: Api, state: Any
    ) -> None:
        mailchimp.set(status_if_new="as_status")
        api.subscribe(if_new(KNOWN))
        assert state().status == "subscribed"

    def test_the_whole_call_may_be_refused_for_it(
        self, mailchimp: Simulator, api: Api, list_id: str
    ) -> None:
        mailchimp.set(status_if_new="refused")
        body = {"members": [member("other@contoso.com"), if_new(NEW)]}
        response = api.call("POST", api.list, body)
        assert response.status_code == 400
        assert response.json()["errors"][0]["field"] == "members.item:1.status"
        assert set(mailchimp.contacts(list_id)) == {KNOWN}

    def test_each_contact_may_be_refused_for_it(self, mailchimp: Simulator, api: Api) -> None:
        mailchimp.set(status_if_new="item_error")
        answer = api.subscribe(if_new(NEW), if_new(KNOWN), member("other@contoso.com"))
        assert [error["field"] for error in answer["errors"]] == ["status", "status"]
        assert answer["total_created"] == 1


class TestNoStatus:
    """Members with neither status nor status_if_new."""

    def test_the_whole_call_may_be_refused(self, mailchimp: Simulator, api: Api) -> None:
        mailchimp.set(omitted_status="refused")
        response = api.call("POST", api.list, {"members": [member(KNOWN, None)]})
        assert response.status_code == 400
        assert response.json()["errors"][0]["field"] == "members.item:0.status"

    def test_each_contact_may_be_refused(self, mailchimp: Simulator, api: Api, state: Any) -> None:
        mailchimp.set(omitted_status="item_error")
        answer = api.subscribe(member(KNOWN, None, merge_fields={"FNAME": "A"}))
        assert answer["errors"][0]["field"] == "status"
        assert state().merge_fields["FNAME"] == ""


class TestArchived:
    """Whether an archived contact counts as new, for each kind of call by itself."""

    @pytest.fixture(autouse=True)
    def archived(self, mailchimp: Simulator, list_id: str) -> None:
        """The known contact is archived now."""
        mailchimp.put_contacts(list_id, [{"email": KNOWN, "status": "archived", "tags": ["A"]}])

    def test_it_is_known_and_stays_archived(self, api: Api, state: Any) -> None:
        assert api.subscribe(if_new(KNOWN))["total_updated"] == 1
        assert api.subscribe(member(KNOWN, None))["total_updated"] == 1
        code = api.subscribe(member(KNOWN), update=False)["errors"][0]["error_code"]
        assert code == "ERROR_CONTACT_EXISTS"
        assert state().status == "archived"

    @pytest.mark.parametrize(
        ("switch", "sent", "update"),
        [
            ("archived_for_status_if_new", if_new(KNOWN), True),
            ("archived_for_create_only", member(KNOWN), False),
            ("archived_for_create_only", if_new(KNOWN), False),
            ("archived_for_no_status", member(KNOWN, None), True),
        ],
    )
    def test_it_may_be_new_and_come_back(
        self, mailchimp: Simulator, api: Api, state: Any, switch: str, sent: Any, update: bool
    ) -> None:
        mailchimp.set(**{switch: "new"})
        answer = api.subscribe(sent, update=update)
        assert answer["new_members"][0]["status"] == "subscribed"
        assert (state().status, state().tags) == ("subscribed", {"A"})

    def test_as_a_new_one_it_is_still_no_one_to_subscribe_who_left(
        self, mailchimp: Simulator, api: Api, list_id: str, state: Any
    ) -> None:
        mailchimp.set(archived_for_status_if_new="new")
        mailchimp.unsubscribe_by_self(list_id, KNOWN)
        assert api.subscribe(if_new(KNOWN))["error_count"] == 1
        assert state().status == "archived"
        mailchimp.set(compliance="not_after_archiving")
        assert api.subscribe(if_new(KNOWN))["total_created"] == 1

    def test_what_shows_when_it_unsubscribes(
        self, mailchimp: Simulator, list_id: str, state: Any
    ) -> None:
        for variant, shown in {
            "hidden": ("archived", False),
            "last_changed": ("archived", True),
            "shows": ("unsubscribed", True),
        }.items():
            long_ago = {"email": KNOWN, "status": "archived", "timestamp": 1_600_000_000}
            mailchimp.put_contacts(list_id, [long_ago])
            mailchimp.set(unsubscribed_while_archived=variant)
            mailchimp.unsubscribe_by_self(list_id, KNOWN)
            assert (state().status, state().last_changed > "2021") == shown
            assert state().compliance == "unsubscribed"


def test_mailchimp_may_subscribe_whoever_it_is_told_to(
    mailchimp: Simulator, api: Api, list_id: str, state: Any
) -> None:
    mailchimp.put_contacts(
        list_id, [{"email": KNOWN, "status": "unsubscribed", "compliance": True}]
    )
    assert api.subscribe(member(KNOWN))["error_count"] == 1
    mailchimp.set(compliance="ignored")
    assert api.subscribe(member(KNOWN))["total_updated"] == 1
    assert state().status == "subscribed"


def test_the_status_in_an_answer_may_be_what_was_sent_or_left_out(
    mailchimp: Simulator, api: Api, state: Any
) -> None:
    mailchimp.set(answer_status="sent")
    assert api.subscribe(if_new(KNOWN))["updated_members"][0]["status"] == "subscribed"
    mailchimp.set(answer_status="left_out")
    assert "status" not in api.subscribe(if_new(KNOWN))["updated_members"][0]
    assert state().status == "unsubscribed"


class TestComingBack:
    """Mailchimp's times, and where a contact came from."""

    @pytest.fixture(params=["form", "call", "confirmation"])
    def come_back(self, request: Any, mailchimp: Simulator, api: Api, list_id: str) -> Any:
        """Somebody who signed up long ago comes back in one of three ways."""
        before = "pending" if request.param == "confirmation" else "unsubscribed"
        at = {"timestamp_opt": 1_600_000_000, "timestamp_signup": 1_600_000_000, "source": "Shop"}

        def come() -> None:
            mailchimp.put_contacts(list_id, [{"email": KNOWN, "status": before, **at}])
            match request.param:
                case "form":
                    mailchimp.resubscribe_by_form(list_id, KNOWN)
                case "call":
                    api.subscribe(member(KNOWN))
                case "confirmation":
                    mailchimp.confirm(list_id, KNOWN)

        return come

    def test_times_move_unless_switched(
        self, mailchimp: Simulator, come_back: Any, state: Any
    ) -> None:
        come_back()
        assert state().timestamp_opt > "2021"
        mailchimp.set(times_on_return="kept")
        come_back()
        assert (state().status, state().timestamp_opt[:4]) == ("subscribed", "2020")
        assert state().last_changed > "2021"

    def test_the_source_moves_unless_switched(
        self, mailchimp: Simulator, come_back: Any, state: Any, request: Any
    ) -> None:
        mailchimp.set(source_on_return="kept")
        come_back()
        assert state().source == "Shop"
        mailchimp.set(source_on_return="moved", api_source="Segment export")
        come_back()
        expected = {
            "form": "Hosted Signup Form",
            "call": "Segment export",
            "confirmation": "Shop",
        }
        assert state().source == expected[request.node.callspec.params["come_back"]]

    def test_a_contact_that_a_call_created_has_the_callers_source(
        self, mailchimp: Simulator, api: Api, state: Any
    ) -> None:
        api.subscribe(member(NEW))
        assert state(NEW).source == "API - Generic"
        mailchimp.set(api_source="Segment export")
        api.subscribe(member("other@contoso.com"))
        assert state("other@contoso.com").source == "Segment export"
        assert api.get(api.contact("other@contoso.com"))["source"] == "Segment export"
