"""What a new export could map, proposed from what its columns are called and hold."""

import pytest

from shared.exports.suggestions import Answers, suggest
from shared.mailchimp.answers import MergeField
from shared.segments.examining import ColumnFacts

ADDRESSES = ("ana@contoso.com", "ivo@contoso.com", "eva@contoso.com")
AUDIENCE = (
    MergeField(1, "FNAME", "First Name", "text"),
    MergeField(2, "LNAME", "Last Name", "text"),
    MergeField(3, "BIRTHDAY", "Birthday", "birthday"),
    MergeField(4, "ADDRESS", "Address", "address"),
    MergeField(5, "MMERGE5", "Favourite store", "text"),
)


def column(name: str, *values: str, blank: float = 0.0, kind: str | None = None) -> ColumnFacts:
    return ColumnFacts(name, kind, blank, values)


def test_the_address_is_the_column_that_is_called_so_and_holds_addresses() -> None:
    columns = [column("Contact", *ADDRESSES), column("E-Mail", *ADDRESSES, blank=0.5)]
    found = suggest(columns, ()).email_field

    assert found is not None
    assert (found.value, found.reason) == ("E-Mail", "name_and_values")


def test_of_columns_with_addresses_the_fullest_is_proposed() -> None:
    columns = [column("Work", *ADDRESSES, blank=0.5), column("Home", *ADDRESSES, blank=0.1)]
    found = suggest(columns, ()).email_field

    assert found is not None
    assert (found.value, found.reason) == ("Home", "values")


def test_a_column_that_is_called_so_and_holds_something_else_is_not_proposed() -> None:
    assert suggest([column("Email", "yes", "no")], ()).email_field is None


def test_fields_are_filled_from_columns_of_their_name_and_of_usual_names() -> None:
    columns = [
        column("FirstName", "Ana"),
        column("Surname", "Horvat"),
        column("DateOfBirth", "1990-02-01"),
        column("favourite_store", "Split"),
        column("Shoe size", "41"),
    ]
    found = suggest(columns, AUDIENCE).merge_fields

    assert {tag: (field.value, field.reason) for tag, field in found.items()} == {
        "FNAME": ("FirstName", "name"),
        "LNAME": ("Surname", "known_name"),
        "BIRTHDAY": ("DateOfBirth", "known_name"),
        "MMERGE5": ("favourite_store", "name"),
    }
    assert all(field.exists for field in found.values())


def test_an_address_is_proposed_in_parts_and_only_whole() -> None:
    needed = [column(name, "x") for name in ("Street", "City", "State", "PostalCode")]
    whole = suggest([*needed, column("Country", "HR")], AUDIENCE).merge_fields

    assert {tag: field.value for tag, field in whole.items()} == {
        "ADDRESS.addr1": "Street",
        "ADDRESS.city": "City",
        "ADDRESS.state": "State",
        "ADDRESS.zip": "PostalCode",
        "ADDRESS.country": "Country",
    }
    assert suggest(needed[:3], AUDIENCE).merge_fields == {}


def test_names_are_proposed_to_be_created_where_the_audience_has_no_field() -> None:
    found = suggest([column("FirstName", "Ana")], ()).merge_fields

    assert not found["FNAME"].exists
    assert found["FNAME"].type == "text"


@pytest.mark.parametrize(
    ("name", "values", "agreeing"),
    [
        ("NewsletterConsent", ("true", "false"), ("true",)),
        ("Privola", ("NE", "DA"), ("DA",)),
        ("EmailOptIn", ("1", "0", "yes"), ("1", "yes")),
    ],
)
def test_a_consent_is_proposed_with_the_values_that_agree(
    name: str, values: tuple[str, ...], agreeing: tuple[str, ...]
) -> None:
    found = suggest([column(name, *values)], ()).consent

    assert found is not None
    assert found.value == Answers(name, agreeing)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("ConsentDate", ("2026-01-01",)),
        ("EmailOptOut", ("true", "false")),
        ("NewsletterConsent", ("maybe",)),
        ("Colour", ("yes", "no")),
        ("NewsletterConsent", tuple(str(number) for number in range(20))),
    ],
)
def test_what_may_mean_something_else_is_no_consent(name: str, values: tuple[str, ...]) -> None:
    assert suggest([column(name, *values)], ()).consent is None
