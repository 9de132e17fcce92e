from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mailchimp.answers import read_subscribed, read_tagged
from shared.mailchimp.errors import (
    MAX_TEXT,
    AudienceNotFoundError,
    BlockedError,
    Cause,
    DeniedError,
    MailchimpError,
    RefusedError,
    RetryError,
    StopError,
    ThrottledError,
    TimedOutError,
    UnauthorizedError,
    UnavailableError,
    classify_contact_error,
    error_of_answer,
    is_contact_exists,
    retry_after,
)

START = datetime(2026, 11, 22, tzinfo=UTC)
PROBLEM: dict[str, Any] = {"title": "A title", "detail": "anna@contoso.com is wrong"}


@pytest.mark.parametrize(
    ("status", "problem", "audience_call", "kind"),
    [
        (401, PROBLEM, False, UnauthorizedError),
        (401, None, False, UnauthorizedError),
        (403, PROBLEM, False, DeniedError),
        (403, None, True, BlockedError),
        (404, None, True, BlockedError),
        (404, PROBLEM, True, AudienceNotFoundError),
        (404, PROBLEM, False, RefusedError),
        (429, PROBLEM, False, ThrottledError),
        (429, None, False, ThrottledError),
        (400, PROBLEM, True, RefusedError),
        (405, PROBLEM, False, RefusedError),
        (414, None, False, RefusedError),
        (301, None, True, RefusedError),
        (500, PROBLEM, False, UnavailableError),
        (500, None, False, UnavailableError),
        (503, PROBLEM, False, UnavailableError),
        (502, None, False, TimedOutError),
        (504, None, False, TimedOutError),
    ],
)
def test_status_and_body_tell_what_helps(
    status: int, problem: dict[str, Any] | None, audience_call: bool, kind: type[MailchimpError]
) -> None:
    assert type(error_of_answer(status, problem, audience_call=audience_call)) is kind


def test_only_a_timeout_leaves_a_call_open() -> None:
    def open_after(status: int) -> bool:
        error = error_of_answer(status, None)
        return isinstance(error, RetryError) and error.may_be_open

    assert [status for status in (403, 404, 429, 500, 502, 503, 504) if open_after(status)] == [
        502,
        504,
    ]


@pytest.mark.parametrize(
    ("title", "detail", "cause"),
    [
        ("User Disabled", "This account has been disabled.", "account"),
        ("User Disabled", "This account has been deactivated.", "account"),
        (
            "User action not permitted",
            "User does not have access to the requested operation",
            "role",
        ),
        ("Forbidden", "Something that nobody has seen yet", "other"),
    ],
)
def test_what_mailchimp_forbids_keeps_its_cause_and_words(
    title: str, detail: str, cause: Cause
) -> None:
    error = error_of_answer(403, {"title": title, "detail": detail})
    assert isinstance(error, DeniedError)
    assert (error.cause, error.said) == (cause, detail)
    assert detail.rstrip(".") in error.reason
    assert ("new token would change nothing" in error.reason) == (cause == "account")
    assert ("Manager or higher" in error.reason) == (cause == "role")


def test_a_key_of_another_data_centre_is_told_from_an_account_that_may_nothing() -> None:
    words = "The API key provided is linked to datacenter 'us6'"
    error = error_of_answer(403, {"title": "Forbidden", "detail": words})
    assert isinstance(error, UnauthorizedError)
    assert words in error.reason


PAGE = (
    "<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>You don't have "
    'permission to access "http&#58;&#47;&#47;us21&#46;api" about anna@contoso.com<P>'
    "Reference&#32;&#35;18&#46;2d351ab8&#46;1557333295&#46;a4e16ab</BODY></HTML>"
)


def test_a_page_in_the_place_of_an_answer_leaves_its_reference_and_nothing_else() -> None:
    blocked = error_of_answer(403, None, page=PAGE)
    assert isinstance(blocked, BlockedError)
    assert blocked.page
    assert blocked.told.endswith("reference 18.2d351ab8.1557333295.a4e16ab.")
    assert "anna" not in blocked.told
    # Mailchimp has not seen the call.
    assert not blocked.may_be_done
    without = error_of_answer(404, None, page="<html>Not here</html>")
    assert "without a reference" in without.detail
    bare = error_of_answer(403, None)
    assert isinstance(bare, BlockedError)
    assert not bare.page


@given(st.text(max_size=300))
def test_no_page_breaks_what_is_said_of_it(text: str) -> None:
    assert "\n" not in error_of_answer(403, None, page=text).detail


def test_throttling_is_no_attempt_that_counts() -> None:
    assert not ThrottledError().counts
    assert UnavailableError().counts


def test_errors_that_stop_a_run_carry_its_error_code() -> None:
    errors: list[StopError] = [UnauthorizedError(), AudienceNotFoundError()]
    assert [error.code for error in errors] == ["mailchimp_unauthorized", "audience_not_found"]


@given(st.integers(300, 599), st.booleans())
def test_what_mailchimp_says_of_a_person_is_not_in_the_error_itself(
    status: int, audience_call: bool
) -> None:
    error = error_of_answer(status, PROBLEM, audience_call=audience_call)
    assert "anna" not in f"{error} {error!r} {error.args}"


def test_a_refusal_says_which_field_is_wrong() -> None:
    error = error_of_answer(
        400,
        {
            "title": "Invalid Resource",
            "detail": "Your merge fields were invalid.",
            "errors": [{"field": "LTV", "message": "Please enter a number"}, "odd"],
        },
    )
    assert isinstance(error, RefusedError)
    assert error.title == "Invalid Resource"
    assert error.errors == (("LTV", "Please enter a number"),)
    assert error.detail == "Your merge fields were invalid. LTV: Please enter a number"


CONTACT_ERRORS = [
    (
        "x@y.com is in a compliance state due to unsubscribe, bounce, or compliance review and "
        "cannot be subscribed.",
        None,
        "rejected_compliance",
    ),
    (
        "x@y.com is already a list member in compliance state due to unsubscribe, bounce, or "
        "compliance review",
        None,
        "rejected_compliance",
    ),
    ("Member In Compliance State", None, "rejected_compliance"),
    (
        "x@y.com was permanently deleted and cannot be re-imported. The contact must re-subscribe "
        "to get back on the list.",
        None,
        "rejected_forgotten",
    ),
    ("Forgotten Email Not Subscribed", None, "rejected_forgotten"),
    (
        "x@y.com looks fake or invalid, please enter a real email address.",
        None,
        "rejected_fake",
    ),
    ("Please provide a valid email address.", None, "rejected_fake"),
    ("Please provide a valid email address.", "email_address", "rejected_fake"),
    ("An email address must contain a single @.", None, "rejected_fake"),
    (
        "The domain portion of the email address is invalid (the portion after the @: y)",
        None,
        "rejected_fake",
    ),
    (
        "x@y.com has too many recent signup requests",
        None,
        "rejected_too_many_signups",
    ),
    (
        "x@y.com has signed up to a lot of lists very recently; we're not allowing more signups "
        "for now",
        None,
        "rejected_too_many_signups",
    ),
    ("Your merge fields were invalid.", None, "rejected_merge_field"),
    ("Please enter a number", "LTV", "rejected_merge_field"),
    ("Please enter a valid email address", "PARTNER", "rejected_merge_field"),
    ("Please enter a month (01-12) and a day (01-31)", None, "rejected_merge_field"),
    ("Value must be one of the choices", "COLOUR", "rejected_merge_field"),
    ("Data did not match any of the schemas described in anyOf.", None, "rejected_merge_field"),
    (
        "x@y.com is already a list member, do you want to update? please provide "
        "update_existing:true in the request body",
        None,
        "rejected_other",
    ),
    ("Something that nobody has seen yet", None, "rejected_other"),
    ("", None, "rejected_other"),
]


@pytest.mark.parametrize(("text", "field", "code"), CONTACT_ERRORS)
def test_what_mailchimp_says_of_a_contact_has_a_code(
    text: str, field: str | None, code: str
) -> None:
    assert classify_contact_error(text, "ERROR_GENERIC", field) == code
    assert classify_contact_error(text.upper(), "ERROR_GENERIC", field) == code


LOCAL_PARTS = st.from_regex(
    r"(fake|compliance|permanently|forgotten|merge\.field|[a-z.]+)+", fullmatch=True
)


@given(st.sampled_from(CONTACT_ERRORS), LOCAL_PARTS, LOCAL_PARTS)
def test_the_words_of_an_address_don_t_change_the_code(
    case: tuple[str, str | None, str], local_part: str, domain: str
) -> None:
    text, field, code = case
    text = text.replace("x@y.com", f"{local_part}@{domain}.com")
    assert classify_contact_error(text, None, field) == code


def test_a_contact_that_is_there_already_is_told_from_one_in_compliance() -> None:
    exists = "x@y.com is already a list member, do you want to update?"
    assert is_contact_exists(exists)
    assert is_contact_exists("other words", "ERROR_CONTACT_EXISTS")
    assert not is_contact_exists("x@y.com is already a list member in compliance state")
    assert not is_contact_exists("Please provide a valid email address.", "ERROR_GENERIC")


def test_refused_contacts_are_tried_again_when_it_makes_sense() -> None:
    waits = [retry_after("rejected_too_many_signups", attempts) for attempts in (1, 2, 3, 4)]
    assert waits == [timedelta(days=days) for days in (1, 2, 7, 7)]
    assert retry_after("rejected_compliance") is None
    assert retry_after("rejected_forgotten") is None
    assert retry_after("rejected_fake") == "data_changed"
    assert retry_after("rejected_merge_field") == "data_changed"
    assert retry_after("rejected_other") == timedelta(days=1)


@pytest.mark.parametrize("text", ["a" * 1_000_000, "fake" * 250_000, "a@" * 500_000])
def test_a_text_without_end_is_cut_before_it_is_looked_through(text: str) -> None:
    error = error_of_answer(
        400, {"detail": text, "errors": [{"field": text, "message": text}] * 50}
    )
    assert isinstance(error, RefusedError)
    assert len(error.detail) == MAX_TEXT
    assert {len(part) for pair in error.errors for part in pair} == {MAX_TEXT}
    # What was cut off no longer counts.
    assert classify_contact_error("b" * 1_000_000 + " permanently deleted") == "rejected_other"
    assert not is_contact_exists("c" * 1_000_000 + " compliance")


def test_texts_of_answers_are_cut() -> None:
    long = "d" * 1_000_000
    answer = read_subscribed({"errors": [{"error": long, "field_message": long}]}, START)
    assert len(answer.errors[0].error) == len(answer.errors[0].field_message or "") == MAX_TEXT
    tagged = read_tagged({"errors": [{"email_addresses": ["a@x.org"], "error": long}]}, START)
    assert len(tagged.errors[0][1]) == MAX_TEXT
