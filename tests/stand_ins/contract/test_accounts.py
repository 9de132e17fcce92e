"""What an account may do: roles, and the limit of its plan."""

import pytest

from local.mailchimp.control import Account, Simulator
from tests.stand_ins.contract.api import Api, member


@pytest.mark.parametrize(
    ("role", "may"),
    [("owner", True), ("admin", True), ("manager", True), ("author", False), ("viewer", False)],
)
def test_a_role_says_who_may_write(
    mailchimp: Simulator, account: Account, api: Api, role: str, may: bool
) -> None:
    mailchimp.change_role(account.api_key, role)
    assert api.get("/")["role"] == role
    response = api.call("POST", api.list, {"members": [member("a@contoso.com")]})
    assert response.status_code == (200 if may else 403)


class TestContactLimit:
    """The contacts that a plan has room for, over all audiences of the account."""

    @pytest.fixture(autouse=True)
    def full(self, mailchimp: Simulator, account: Account, list_id: str) -> None:
        """One more contact fits; archived and bounced ones don't count."""
        other = mailchimp.add_list(account, "Other")
        mailchimp.put_contacts(other, [{"email": "a@contoso.com"}])
        mailchimp.put_contacts(
            list_id,
            [
                {"email": "b@contoso.com", "status": "unsubscribed"},
                {"email": "c@contoso.com", "status": "archived"},
                {"email": "d@contoso.com", "status": "cleaned"},
            ],
        )
        mailchimp.set(contact_limit=3)

    def test_contacts_above_it_are_errors(self, api: Api) -> None:
        answer = api.subscribe(
            member("x@contoso.com"), member("y@contoso.com"), member("b@contoso.com")
        )
        assert (answer["total_created"], answer["total_updated"]) == (1, 1)
        assert answer["errors"] == [
            {
                "email_address": "y@contoso.com",
                "error": "Your account has reached the contact limit of its plan.",
                "error_code": "ERROR_GENERIC",
            }
        ]
        response = api.call("POST", f"{api.list}/members", member("z@contoso.com"))
        assert response.status_code == 400

    def test_the_whole_call_may_be_refused(
        self, mailchimp: Simulator, api: Api, list_id: str
    ) -> None:
        mailchimp.set(contact_limit_answer="request_error")
        body = {"members": [member("x@contoso.com"), member("y@contoso.com")]}
        assert api.call("POST", api.list, body).status_code == 400
        assert "x@contoso.com" not in mailchimp.contacts(list_id)
        assert api.subscribe(member("x@contoso.com"))["total_created"] == 1


@pytest.mark.parametrize("names", ["apart", "shared"])
def test_a_saved_segment_may_keep_its_name_from_tags(
    mailchimp: Simulator, api: Api, list_id: str, names: str
) -> None:
    mailchimp.set(segment_names=names)
    mailchimp.create_tag(list_id, "Gold", kind="saved")
    api.subscribe(member("a@contoso.com", tags=["Gold"]))
    assert mailchimp.contacts(list_id)["a@contoso.com"].tags == (
        {"Gold"} if names == "apart" else set()
    )
    response = api.call("POST", f"{api.list}/segments", {"name": "gold", "static_segment": []})
    assert response.status_code == 400
    silver = mailchimp.create_tag(list_id, "Silver", kind="saved")
    response = api.call("POST", f"{api.list}/segments", {"name": "silver", "static_segment": []})
    assert (response.status_code == 200) == (names == "apart")
    assert silver


def test_inline_tags_may_be_ignored(mailchimp: Simulator, api: Api, list_id: str) -> None:
    mailchimp.set(inline_tags="ignored")
    api.subscribe(member("a@contoso.com", tags=["A"]))
    assert mailchimp.contacts(list_id)["a@contoso.com"].tags == set()
