"""Merge fields: what each type takes, what is required, and how they are made."""

from typing import Any

import pytest

from local.mailchimp.control import Account, Simulator
from tests.stand_ins.contract.api import Api, member

PERSON = "person@contoso.com"
FIELDS: list[dict[str, object]] = [
    {"tag": "TEXT", "type": "text"},
    {"tag": "NUMBER", "type": "number"},
    {"tag": "ADDRESS", "type": "address"},
    {"tag": "PHONE", "type": "phone"},
    {"tag": "USPHONE", "type": "phone", "options": {"phone_format": "US"}},
    {"tag": "DATE", "type": "date"},
    {"tag": "URL", "type": "url"},
    {"tag": "IMAGE", "type": "imageurl"},
    {"tag": "CHOICE", "type": "dropdown", "options": {"choices": ["red", "blue"]}},
    {"tag": "BIRTHDAY", "type": "birthday"},
    {"tag": "DAYMONTH", "type": "birthday", "options": {"date_format": "DD/MM"}},
    {"tag": "ZIP", "type": "zip"},
]
HOME = {"addr1": "1 Main Street", "city": "Glendale", "state": "AZ", "zip": "85301"}


@pytest.fixture
def typed(mailchimp: Simulator, account: Account) -> Any:
    """Calls to an audience with a field of every type."""
    list_id = mailchimp.add_list(account, "Typed", merge_fields=FIELDS)
    with Api(mailchimp.api_url_template.format(dc="us21"), account.api_key, list_id) as api:
        yield api


@pytest.mark.parametrize(
    ("tag", "value", "stored"),
    [
        ("TEXT", " Žofia ", "Žofia"),
        ("TEXT", 12, "12"),
        ("NUMBER", "12", 12),
        ("NUMBER", 1.5, 1.5),
        ("NUMBER", "", ""),
        ("ADDRESS", HOME, HOME | {"addr2": "", "country": "US"}),
        ("PHONE", "+385 1 555", "+385 1 555"),
        ("USPHONE", "801-555-0100", "801-555-0100"),
        ("DATE", "2026-02-28", "2026-02-28"),
        ("DATE", "02/28/2026", "2026-02-28"),
        ("URL", "https://contoso.com/a", "https://contoso.com/a"),
        ("CHOICE", "red", "red"),
        ("BIRTHDAY", "2/29", "02/29"),
        ("DAYMONTH", "2/29", "02/29"),
        ("ZIP", "85301", "85301"),
    ],
)
def test_a_value_that_fits_is_stored(typed: Api, tag: str, value: Any, stored: Any) -> None:
    answer = typed.subscribe(member(PERSON, merge_fields={tag: value}))
    assert answer["new_members"][0]["merge_fields"][tag] == stored


BAD: list[tuple[str, Any]] = [
    ("TEXT", None),
    ("TEXT", ["a"]),
    ("TEXT", "x" * 256),
    ("TEXT", "ž" * 128),
    ("NUMBER", "12 pieces"),
    ("NUMBER", True),
    ("NUMBER", "inf"),
    ("ADDRESS", "1 Main Street"),
    ("ADDRESS", HOME | {"zip": ""}),
    ("USPHONE", "555"),
    ("DATE", "1971-09-29T00:00:00.000Z"),
    ("DATE", "2026-02-30"),
    ("URL", "contoso.com"),
    ("IMAGE", "x"),
    ("CHOICE", "green"),
    ("BIRTHDAY", "13/01"),
    ("DAYMONTH", "29/02"),
    ("ZIP", "ABC"),
]


@pytest.mark.parametrize(("tag", "value"), BAD)
def test_a_value_that_does_not_fit_refuses_the_contact_and_names_the_field(
    typed: Api, tag: str, value: Any
) -> None:
    answer = typed.subscribe(
        member(PERSON, merge_fields={tag: value}), skip_merge_validation="true"
    )
    assert answer["total_created"] == 0
    error = answer["errors"][0]
    assert (error["error_code"], error["field"]) == ("ERROR_GENERIC", tag)
    assert error["field_message"]


@pytest.mark.parametrize(("tag", "value"), BAD)
def test_it_may_be_dropped_silently_instead(
    mailchimp: Simulator, typed: Api, tag: str, value: Any
) -> None:
    mailchimp.set(bad_merge_values="dropped_silently")
    answer = typed.subscribe(
        member(PERSON, merge_fields={tag: value}), skip_merge_validation="true"
    )
    assert answer["new_members"][0]["merge_fields"][tag] == ""
    answer = typed.subscribe(member(PERSON, merge_fields={tag: value}))
    assert answer["error_count"] == 1


def test_a_single_call_names_the_field_in_mailchimps_words(typed: Api) -> None:
    body = member(PERSON, merge_fields={"NUMBER": "many"})
    problem = typed.call("POST", f"{typed.list}/members", body).json()
    assert problem["title"] == "Invalid Resource"
    assert problem["detail"] == "Your merge fields were invalid."
    assert problem["errors"] == [{"field": "NUMBER", "message": "Please enter a number"}]


def test_long_text_may_be_cut_at_a_character(mailchimp: Simulator, typed: Api) -> None:
    mailchimp.set(long_text="cut")
    answer = typed.subscribe(member(PERSON, merge_fields={"TEXT": "ž" * 200}))
    assert answer["new_members"][0]["merge_fields"]["TEXT"] == "ž" * 127


def test_unknown_keys_are_ignored(typed: Api) -> None:
    answer = typed.subscribe(member(PERSON, merge_fields={"NOPE": "x", "TEXT": "y"}))
    assert "NOPE" not in answer["new_members"][0]["merge_fields"]


def test_a_blank_value_clears_and_an_absent_one_stays(typed: Api) -> None:
    typed.subscribe(member(PERSON, merge_fields={"TEXT": "a", "ZIP": "85301"}))
    shown = typed.subscribe(member(PERSON, merge_fields={"TEXT": ""}))["updated_members"][0]
    assert (shown["merge_fields"]["TEXT"], shown["merge_fields"]["ZIP"]) == ("", "85301")


class TestRequired:
    """Fields that a marketer made required."""

    @pytest.fixture
    def strict(self, mailchimp: Simulator, account: Account) -> Any:
        fields: list[dict[str, object]] = [
            {"tag": "FNAME", "required": True},
            {"tag": "NUMBER", "type": "number"},
        ]
        list_id = mailchimp.add_list(account, "Strict", merge_fields=fields)
        with Api(mailchimp.api_url_template.format(dc="us21"), account.api_key, list_id) as api:
            yield api

    def test_a_missing_value_refuses_the_contact(self, strict: Api) -> None:
        error = strict.subscribe(member(PERSON))["errors"][0]
        assert (error["field"], error["field_message"]) == ("FNAME", "Please enter a value")

    def test_unless_the_caller_skips_the_validation(self, strict: Api) -> None:
        answer = strict.subscribe(member(PERSON), skip_merge_validation="true")
        assert answer["total_created"] == 1

    def test_a_value_from_before_is_enough(self, strict: Api) -> None:
        strict.subscribe(member(PERSON, merge_fields={"FNAME": "A"}))
        assert strict.subscribe(member(PERSON))["total_updated"] == 1


class TestMaking:
    """Creating and changing merge fields."""

    def test_only_ten_are_listed_unless_more_are_asked_for(self, typed: Api) -> None:
        path = f"{typed.list}/merge-fields"
        assert len(typed.get(path)["merge_fields"]) == 10
        assert len(typed.get(path, count=1000)["merge_fields"]) == len(FIELDS)
        assert typed.get(path)["total_items"] == len(FIELDS)

    def test_a_new_one_is_blank_for_all_and_can_be_written(self, api: Api) -> None:
        api.subscribe(member(PERSON))
        body = {"name": "Favourite colour", "type": "text", "tag": "COLOUR", "public": False}
        made = api.call("POST", f"{api.list}/merge-fields", body).json()
        assert (made["merge_id"], made["tag"], made["public"]) == (5, "COLOUR", False)
        assert api.get(api.contact(PERSON))["merge_fields"]["COLOUR"] == ""
        api.subscribe(member(PERSON, merge_fields={"COLOUR": "red"}))
        assert api.get(api.contact(PERSON))["merge_fields"]["COLOUR"] == "red"

    def test_a_tag_is_made_up_when_none_is_given(self, api: Api) -> None:
        made = api.call("POST", f"{api.list}/merge-fields", {"name": "A", "type": "text"}).json()
        assert made["tag"] == "MMERGE5"

    @pytest.mark.parametrize("tag", ["ELEVENCHARS", "A B", "EMAIL"])
    def test_a_bad_tag_is_refused(self, api: Api, tag: str) -> None:
        body = {"name": "A", "type": "text", "tag": tag}
        assert api.call("POST", f"{api.list}/merge-fields", body).status_code == 400

    def test_a_used_tag_is_refused(self, api: Api) -> None:
        body = {"name": "A", "type": "text", "tag": "FNAME"}
        problem = api.call("POST", f"{api.list}/merge-fields", body).json()
        assert problem["detail"] == (
            'A Merge Field with the tag "FNAME" already exists for this list.'
        )

    def test_there_is_a_most(self, mailchimp: Simulator, api: Api) -> None:
        mailchimp.set(merge_field_limit=4)
        response = api.call("POST", f"{api.list}/merge-fields", {"name": "A", "type": "text"})
        assert (response.status_code, response.json()["title"]) == (400, "Merge Max Limit Exceeded")

    def test_one_that_is_deleted_takes_its_values_with_it(
        self, mailchimp: Simulator, api: Api, list_id: str
    ) -> None:
        api.subscribe(member(PERSON, merge_fields={"FNAME": "A", "LNAME": "B"}))
        assert api.call("DELETE", f"{api.list}/merge-fields/1").status_code == 204
        assert mailchimp.contacts(list_id)[PERSON].merge_fields == {
            "LNAME": "B",
            "ADDRESS": "",
            "PHONE": "",
        }

    def test_it_can_become_required_and_get_another_tag(self, api: Api) -> None:
        api.subscribe(member(PERSON, merge_fields={"FNAME": "A"}))
        path = f"{api.list}/merge-fields/1"
        changed = api.call("PATCH", path, {"tag": "FIRST", "required": True}).json()
        assert (changed["tag"], changed["required"]) == ("FIRST", True)
        assert api.get(api.contact(PERSON))["merge_fields"]["FIRST"] == "A"


def test_a_birthday_may_be_read_as_its_field_shows_it(mailchimp: Simulator, typed: Api) -> None:
    mailchimp.set(birthday_input="as_shown")
    answer = typed.subscribe(member(PERSON, merge_fields={"DAYMONTH": "29/02"}))
    assert answer["new_members"][0]["merge_fields"]["DAYMONTH"] == "29/02"
    assert typed.subscribe(member(PERSON, merge_fields={"DAYMONTH": "02/29"}))["error_count"] == 1


def test_a_field_made_anew_by_people_is_another_one_without_values(
    mailchimp: Simulator, account: Account
) -> None:
    list_id = mailchimp.add_list(account, "News")
    with Api(mailchimp.api_url_template.format(dc="us21"), account.api_key, list_id) as api:
        api.subscribe(member(PERSON, merge_fields={"FNAME": "A"}))
        last = mailchimp.create_field(list_id, "LAST")
        mailchimp.delete_field(list_id, "LAST")
        mailchimp.delete_field(list_id, "FNAME")
        assert mailchimp.create_field(list_id, "FNAME") > last
        assert api.get(api.contact(PERSON))["merge_fields"]["FNAME"] == ""
        mailchimp.rename_field(list_id, "FNAME", "FIRST")
        answer = api.subscribe(member(PERSON, merge_fields={"FNAME": "B"}))
        (updated,) = answer["updated_members"]
        assert "FNAME" not in updated["merge_fields"]
        assert updated["merge_fields"]["FIRST"] == ""
