from datetime import UTC, datetime, timedelta

import pytest

from shared.mailchimp.client import member_hash
from shared.mailchimp.errors import (
    AudienceNotFoundError,
    BlockedError,
    DeniedError,
    RefusedError,
    RetryError,
    StopError,
    ThrottledError,
    TimedOutError,
    UnauthorizedError,
    UnavailableError,
)
from tests.services.mailchimp.conftest import Mailchimp


def person(email: str, **more: object) -> dict[str, object]:
    return {"email_address": email, "status": "subscribed", **more}


def test_the_account_is_that_of_the_token(mailchimp: Mailchimp) -> None:
    mailchimp.client.ping()
    account = mailchimp.client.account()
    assert account.account_id == mailchimp.account.account_id
    assert (account.name, account.role, account.data_center) == ("Contoso", "owner", "us21")
    assert abs(account.date - datetime.now(UTC)) < timedelta(minutes=1)


def test_audiences_are_listed_beyond_the_first_ten(mailchimp: Mailchimp) -> None:
    for number in range(12):
        mailchimp.simulator.add_list(mailchimp.account, f"List {number}", double_optin=number == 3)
    audiences = {audience.name: audience for audience in mailchimp.client.audiences()}
    assert len(audiences) == 13
    assert audiences["List 3"].double_optin
    assert mailchimp.client.audience(mailchimp.list_id).name == "Newsletter"


@pytest.mark.parametrize("list_id", ["0000000000", "../lists", ""])
def test_an_audience_that_is_not_there_stops_the_run(mailchimp: Mailchimp, list_id: str) -> None:
    with pytest.raises(AudienceNotFoundError):
        mailchimp.client.audience(list_id)
    with pytest.raises(AudienceNotFoundError):
        mailchimp.client.subscribe(list_id, [person("anna@contoso.com")])


def test_merge_fields_are_all_read_and_created_ones_are_not_public(mailchimp: Mailchimp) -> None:
    for number in range(12):
        created = mailchimp.client.create_merge_field(
            mailchimp.list_id, f"FIELD{number}", f"Field {number}", "number"
        )
        assert (created.tag, created.type, created.public) == (f"FIELD{number}", "number", False)
    tags = [field.tag for field in mailchimp.client.merge_fields(mailchimp.list_id)]
    assert len(tags) == 16
    assert {"FNAME", "FIELD11"} <= set(tags)


def test_tags_are_read_page_by_page(mailchimp: Mailchimp) -> None:
    for number in range(1001):
        mailchimp.simulator.create_tag(mailchimp.list_id, f"Tag {number}")
    mailchimp.simulator.create_tag(mailchimp.list_id, "Saved", kind="saved")
    tags = mailchimp.client.tags(mailchimp.list_id)
    assert len({tag.id for tag in tags}) == len(tags) == 1001


def test_a_tag_is_created_without_contacts_and_keeps_them_when_renamed(
    mailchimp: Mailchimp,
) -> None:
    tag = mailchimp.client.create_tag(mailchimp.list_id, "Gold")
    mailchimp.client.subscribe(mailchimp.list_id, [person("anna@contoso.com", tags=["Gold"])])
    renamed = mailchimp.client.rename_tag(mailchimp.list_id, tag.id, "Golden")
    assert renamed.id == tag.id
    contact = mailchimp.simulator.contacts(mailchimp.list_id)["anna@contoso.com"]
    assert set(contact.tags) == {"Golden"}


def test_contacts_are_created_updated_and_refused_in_one_call(mailchimp: Mailchimp) -> None:
    mailchimp.simulator.put_contacts(
        mailchimp.list_id, [{"email": "Berta@contoso.com", "tags": ["Theirs"]}]
    )
    answer = mailchimp.client.subscribe(
        mailchimp.list_id,
        [
            person("anna@contoso.com", merge_fields={"FNAME": "Anna"}),
            person("berta@contoso.com", tags=["Ours"]),
            person("carl@example.com"),
        ],
    )()
    assert [member["email_address"] for member in answer.new] == ["anna@contoso.com"]
    assert [member["email_address"].lower() for member in answer.updated] == ["berta@contoso.com"]
    assert [(error.email, error.error_code) for error in answer.errors] == [
        ("carl@example.com", "ERROR_GENERIC")
    ]
    contacts = mailchimp.simulator.contacts(mailchimp.list_id)
    berta = next(contact for email, contact in contacts.items() if email.startswith("b"))
    assert set(berta.tags) == {"Theirs", "Ours"}


def test_an_existing_contact_can_be_left_as_it_is(mailchimp: Mailchimp) -> None:
    mailchimp.simulator.put_contacts(mailchimp.list_id, [{"email": "anna@contoso.com"}])
    answer = mailchimp.client.subscribe(
        mailchimp.list_id, [person("anna@contoso.com")], update_existing=False
    )()
    assert [error.error_code for error in answer.errors] == ["ERROR_CONTACT_EXISTS"]


def test_more_than_five_hundred_contacts_are_never_sent(mailchimp: Mailchimp) -> None:
    people = [person(f"p{number}@contoso.com") for number in range(501)]
    with pytest.raises(ValueError, match="500"):
        mailchimp.client.subscribe(mailchimp.list_id, people)
    with pytest.raises(ValueError, match="500"):
        mailchimp.client.change_tag(mailchimp.list_id, 1, [str(number) for number in range(501)])


def test_a_tag_is_given_and_taken_in_one_call(mailchimp: Mailchimp) -> None:
    mailchimp.simulator.put_contacts(
        mailchimp.list_id,
        [{"email": "anna@contoso.com"}, {"email": "berta@contoso.com", "tags": ["Gold"]}],
    )
    tag = next(tag for tag in mailchimp.client.tags(mailchimp.list_id) if tag.name == "Gold")
    answer = mailchimp.client.change_tag(
        mailchimp.list_id, tag.id, ["anna@contoso.com", "nobody@contoso.com"], ["berta@contoso.com"]
    )
    assert [member["email_address"] for member in answer.added] == ["anna@contoso.com"]
    assert [member["email_address"] for member in answer.removed] == ["berta@contoso.com"]


def test_a_tag_that_is_gone_refuses_the_call_only(mailchimp: Mailchimp) -> None:
    with pytest.raises(RefusedError) as caught:
        mailchimp.client.change_tag(mailchimp.list_id, 999_999, ["anna@contoso.com"])
    assert caught.value.status == 404


def test_members_come_by_status_and_page(mailchimp: Mailchimp) -> None:
    mailchimp.simulator.put_contacts(
        mailchimp.list_id,
        [
            {"email": f"p{n}@contoso.com", "status": "unsubscribed" if n % 2 else "subscribed"}
            for n in range(10)
        ],
    )
    first = mailchimp.client.members(mailchimp.list_id, status="unsubscribed", count=3)
    second = mailchimp.client.members(mailchimp.list_id, status="unsubscribed", count=3, offset=3)
    assert first.total_items == second.total_items == 5
    assert len({email for email, _, _ in first.items + second.items}) == 5
    assert {status for _, status, _ in first.items} == {"unsubscribed"}
    assert datetime.fromisoformat(first.items[0][2]).tzinfo


def test_members_come_by_the_time_of_their_change(mailchimp: Mailchimp) -> None:
    before = datetime.now(UTC) - timedelta(hours=1)
    mailchimp.simulator.put_contacts(
        mailchimp.list_id,
        [
            {"email": "old@contoso.com", "last_changed": int(before.timestamp()) - 3600},
            {"email": "new@contoso.com", "last_changed": int(before.timestamp()) + 60},
        ],
    )
    page = mailchimp.client.members(
        mailchimp.list_id, since_last_changed=before, sort="last_changed"
    )
    assert [email for email, _, _ in page.items] == ["new@contoso.com"]
    page = mailchimp.client.members(mailchimp.list_id, before_last_changed=before)
    assert [email for email, _, _ in page.items] == ["old@contoso.com"]


def test_a_contact_is_found_whatever_the_case_of_its_address(mailchimp: Mailchimp) -> None:
    mailchimp.simulator.put_contacts(mailchimp.list_id, [{"email": "Anna@Contoso.com"}])
    member = mailchimp.client.member(mailchimp.list_id, " ANNA@contoso.COM ")
    assert member is not None
    assert member["status"] == "subscribed"
    assert {"merge_fields", "tags", "timestamp_opt"} <= set(member)
    assert mailchimp.client.member(mailchimp.list_id, "nobody@contoso.com") is None


def test_archiving_tells_what_there_was_to_do(mailchimp: Mailchimp) -> None:
    mailchimp.simulator.put_contacts(
        mailchimp.list_id,
        [
            {"email": "anna@contoso.com"},
            {"email": "pending@contoso.com", "status": "pending"},
        ],
    )

    def archive(name: str) -> str:
        return mailchimp.client.archive(mailchimp.list_id, f"{name}@contoso.com")

    assert [archive(name) for name in ("anna", "anna", "pending", "nobody")] == [
        "archived",
        "already",
        "refused",
        "missing",
    ]


def test_unsubscribing_returns_the_contact(mailchimp: Mailchimp) -> None:
    mailchimp.simulator.put_contacts(mailchimp.list_id, [{"email": "anna@contoso.com"}])
    member = mailchimp.client.unsubscribe(mailchimp.list_id, "anna@contoso.com")
    assert member is not None
    assert member["status"] == "unsubscribed"
    assert mailchimp.client.unsubscribe(mailchimp.list_id, "nobody@contoso.com") is None


def test_erasing_is_for_good(mailchimp: Mailchimp) -> None:
    mailchimp.simulator.put_contacts(mailchimp.list_id, [{"email": "anna@contoso.com"}])
    assert mailchimp.client.delete_permanently(mailchimp.list_id, "anna@contoso.com")
    assert not mailchimp.client.delete_permanently(mailchimp.list_id, "nobody@contoso.com")
    answer = mailchimp.client.subscribe(mailchimp.list_id, [person("anna@contoso.com")])()
    assert len(answer.errors) == 1


def test_no_path_holds_an_address(mailchimp: Mailchimp) -> None:
    mailchimp.simulator.reset_log()
    mailchimp.client.member(mailchimp.list_id, "anna@contoso.com")
    mailchimp.client.archive(mailchimp.list_id, "anna@contoso.com")
    assert not any("anna" in str(call) for call in mailchimp.simulator.calls())
    assert member_hash("Anna@Contoso.com ") == member_hash("anna@contoso.com")


@pytest.mark.parametrize(
    ("kind", "error", "may_be_open"),
    [
        ("429", ThrottledError, False),
        ("429_bodyless", ThrottledError, False),
        ("403_bodyless", BlockedError, False),
        ("403_html", BlockedError, False),
        ("404_bodyless", BlockedError, False),
        ("500", UnavailableError, False),
        ("503", UnavailableError, False),
        ("502_html", TimedOutError, True),
        ("504_html", TimedOutError, True),
        ("reset_before", UnavailableError, True),
        ("reset_after_work", UnavailableError, True),
        ("truncated_answer", UnavailableError, True),
    ],
)
def test_an_outage_is_to_be_tried_again(
    mailchimp: Mailchimp, kind: str, error: type[RetryError], may_be_open: bool
) -> None:
    mailchimp.simulator.fail_next("POST /lists/", kind)
    with pytest.raises(error) as caught:
        mailchimp.client.subscribe(mailchimp.list_id, [person("anna@contoso.com")])
    assert caught.value.may_be_open is may_be_open
    assert "anna" not in f"{caught.value!r} {caught.value.detail}"
    answer = mailchimp.client.subscribe(mailchimp.list_id, [person("anna@contoso.com")])()
    assert len(answer.new) + len(answer.updated) == 1


def test_an_answer_that_cannot_be_read_shows_when_it_is_read(mailchimp: Mailchimp) -> None:
    mailchimp.simulator.fail_next("POST /lists/", "garbled_answer")
    read = mailchimp.client.subscribe(mailchimp.list_id, [person("anna@contoso.com")])
    with pytest.raises(UnavailableError):
        read()


@pytest.mark.parametrize(("kind", "error"), [("401", UnauthorizedError), ("403_json", DeniedError)])
def test_a_refused_token_stops_the_run(
    mailchimp: Mailchimp, kind: str, error: type[StopError]
) -> None:
    mailchimp.simulator.fail_next("GET /ping", kind)
    with pytest.raises(error):
        mailchimp.client.ping()


def test_wrong_revoked_and_misdirected_tokens_stop_the_run(mailchimp: Mailchimp) -> None:
    key = mailchimp.account.api_key
    for text in ("0" * 32 + "-us21", key.replace("us21", "us6")):
        with mailchimp.client_with(text) as client, pytest.raises(UnauthorizedError):
            client.ping()
    mailchimp.simulator.revoke_key(key)
    with pytest.raises(UnauthorizedError):
        mailchimp.client.ping()


def test_no_answer_in_time_leaves_the_call_open(mailchimp: Mailchimp) -> None:
    mailchimp.simulator.fail_next("GET /ping", "timeout")
    impatient = mailchimp.client_with(mailchimp.account.api_key, timeout=0.2)
    with impatient as client, pytest.raises(TimedOutError) as caught:
        client.ping()
    assert caught.value.may_be_open
