import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mailchimp.answers import MergeField
from shared.mailchimp.inference import infer_type
from shared.mailchimp.merge_fields import (
    FieldPlan,
    Resolution,
    resolve_mapping,
)

FNAME = MergeField(1, "FNAME", "First Name", "text")
ADDRESS = MergeField(3, "ADDRESS", "Address", "address")


def created(resolution: Resolution, present: list[MergeField]) -> list[MergeField]:
    """Return the audience's fields once what lacked was created."""
    new = [MergeField(99, item.tag, item.name, item.type) for item in resolution.missing]
    return [*present, *new]


def columns(resolution: Resolution) -> dict[str, str]:
    return {plan.tag: plan.column for plan in resolution.plans}


def test_tags_are_found_whatever_their_case() -> None:
    resolution = resolve_mapping({"fname": "FirstName"}, [FNAME])
    assert resolution == Resolution(plans=(FieldPlan("FNAME", "FirstName"),))


def test_what_the_audience_lacks_is_named_with_a_fitting_type() -> None:
    resolution = resolve_mapping(
        {"POINTS": "LoyaltyPoints", "BORN": "DateOfBirth"},
        [FNAME],
        {"LoyaltyPoints": "int64"},
        {"DateOfBirth": ["1971-09-29T00:00:00.000Z", "", None]},
    )
    assert [(item.tag, item.name, item.type) for item in resolution.missing] == [
        ("BORN", "DateOfBirth", "text"),
        ("POINTS", "LoyaltyPoints", "number"),
    ]
    assert columns(resolution) == {"BORN": "DateOfBirth", "POINTS": "LoyaltyPoints"}


def test_long_tags_are_cut_without_meeting() -> None:
    mapping = {"LOYALTYPOINTS": "a", "LOYALTYPOINTSYEAR": "b", "LOYALTYPOI": "c"}
    resolution = resolve_mapping(mapping, [])
    assert columns(resolution) == {"LOYALTYPOI": "c", "LOYALTYPO2": "a", "LOYALTYPO3": "b"}


def test_a_cut_tag_never_takes_somebody_else_s_field() -> None:
    theirs = MergeField(7, "LOYALTYPOI", "Loyalty points of the shop", "text")
    resolution = resolve_mapping({"LOYALTYPOINTS": "Points"}, [theirs])
    assert columns(resolution) == {"LOYALTYPO2": "Points"}


def test_required_fields_that_nothing_fills_are_named() -> None:
    fields = [FNAME, MergeField(2, "LNAME", "Last Name", "text", required=True)]
    assert resolve_mapping({"FNAME": "a"}, fields).required_unmapped == ("LNAME",)
    assert resolve_mapping({"LNAME": "a"}, fields).required_unmapped == ()


def test_an_address_is_mapped_by_its_parts() -> None:
    parts = {"addr1": "Street", "city": "City", "state": "State", "zip": "PostCode"}
    resolution = resolve_mapping({f"ADDRESS.{name}": parts[name] for name in parts}, [ADDRESS])
    assert resolution.plans == (FieldPlan("ADDRESS", "", "address", {}, parts),)
    assert resolution.problems == ()
    assert resolve_mapping({f"HOME.{n}": parts[n] for n in parts}, []).missing[0].type == "address"


@pytest.mark.parametrize(
    ("mapping", "key"),
    [
        ({"EMAIL": "Email"}, "EMAIL"),
        ({"...": "x"}, "..."),
        ({"fname": "a", "FNAME": "b"}, "fname"),
        ({"ADDRESS": "Street"}, "ADDRESS"),
        ({"ADDRESS.addr1": "Street"}, "ADDRESS"),
        ({"FNAME.city": "City"}, "FNAME"),
        ({"HOME": "a", "HOME.city": "b"}, "HOME"),
    ],
)
def test_mappings_that_can_t_work_are_explained(mapping: dict[str, str], key: str) -> None:
    assert [found for found, _ in resolve_mapping(mapping, [FNAME, ADDRESS]).problems] == [key]


KEYS = st.one_of(
    st.text(st.characters(codec="ascii", categories=["Lu", "Nd"]), min_size=1, max_size=14),
    st.text("LOYALTY", min_size=8, max_size=14),
    st.text(min_size=1, max_size=20),
)
FIELDS = st.lists(
    st.builds(
        MergeField,
        st.just(1),
        st.text("LOYALTY", min_size=1, max_size=10),
        st.text("LOYALTY", min_size=8, max_size=14),
        st.just("text"),
    ),
    unique_by=lambda item: item.tag,
    max_size=6,
)


@given(st.dictionaries(KEYS, st.just("column"), max_size=8), FIELDS, st.randoms())
def test_a_mapping_means_the_same_in_any_order_and_once_its_fields_exist(
    mapping: dict[str, str], fields: list[MergeField], dice: random.Random
) -> None:
    numbered = {key: f"column {number}" for number, key in enumerate(mapping)}
    resolution = resolve_mapping(numbered, fields)
    shuffled = list(numbered.items())
    dice.shuffle(shuffled)
    assert resolve_mapping(dict(shuffled), fields) == resolution
    again = resolve_mapping(numbered, created(resolution, fields))
    assert again.missing == ()
    assert columns(again) == columns(resolution)
    tags = [plan.tag for plan in resolution.plans]
    assert len(set(tags)) == len(tags)
    assert all(len(tag) <= 10 for tag in tags)
    assert not {item.tag for item in resolution.missing} & {item.tag for item in fields}


@pytest.mark.parametrize(
    ("column", "data_type", "samples", "expected"),
    [
        ("Points", "int64", ["12", "7"], "number"),
        ("Revenue", "decimal", [], "number"),
        ("PostCode", "int64", ["85301"], "text"),
        ("Points", "int64", ["007"], "text"),
        ("Joined", "dateTimeOffset", [], "date"),
        ("Joined", "dateTime", ["yesterday"], "text"),
        ("Active", "boolean", ["true"], "text"),
        ("Points", "string", ["12", " 7.5 ", None, ""], "text"),
        ("Points", "string", ["12", "many"], "text"),
        ("Joined", None, ["2017-03-19", "2017-03-19T00:00:00.000Z"], "text"),
        ("Telephone", None, ["801-555-0100", "+385 1 2345 678"], "text"),
        ("Other", None, ["8015550100"], "text"),
        ("CustomerId", None, ["12345"], "text"),
        ("Anything", None, [], "text"),
        ("FirstName", "string", ["Anna"], "text"),
    ],
)
def test_the_type_of_a_new_field_suits_its_column(
    column: str, data_type: str | None, samples: list[str | None], expected: str
) -> None:
    assert infer_type(column, data_type, samples) == expected
