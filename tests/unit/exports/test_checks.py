"""What is found out about an export before it is saved."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.exports.checks.audience import AudienceView, check_audience, check_untended
from shared.exports.checks.columns import check_columns
from shared.exports.checks.findings import Findings
from shared.exports.checks.itself import check_filter, check_segments
from shared.exports.checks.neighbours import check_neighbours
from shared.exports.models import Export
from shared.mailchimp.answers import Audience, MergeField, Tag
from tests.support.stored import stored_export
from tests.unit.exports.test_models import EXPORT

NAMES = (
    MergeField(1, "FNAME", "First Name", "text"),
    MergeField(2, "LNAME", "Last Name", "text"),
)


def export(**changes: Any) -> Export:
    return Export.model_validate(EXPORT | changes)


def audience(
    *,
    merge_fields: Sequence[MergeField] = NAMES,
    tags: Sequence[str] = (),
    holders: int = 0,
    own_tags: Sequence[str] = (),
    double_optin: bool = False,
    marketing_permissions: bool = False,
    saved: Sequence[str] = (),
) -> AudienceView:
    return AudienceView(
        Audience("a1", "News", double_optin, marketing_permissions, 5, datetime.now(UTC)),
        merge_fields,
        [Tag(number, name, holders) for number, name in enumerate(tags)],
        frozenset(own_tags),
        saved,
    )


def fields(found: Findings) -> list[str]:
    return [problem.where for problem in found.problems]


def codes(found: Findings) -> list[str]:
    return [warning.code for warning in found.warnings]


@pytest.mark.parametrize(
    ("segments", "wrong"),
    [
        (["A", "B"], []),
        (["A", "A"], ["segments.1.name", "segments.1.tag"]),
        ([{"name": "A", "tag": "x"}, {"name": "B", "tag": "X"}], ["segments.1.tag"]),
        ([{"name": "A", "tag": "x"}, {"name": "B", "tag": " x  "}], ["segments.1.tag"]),
        ([{"name": "VIP", "tag": "x"}, {"name": "vip", "tag": "y"}], []),
        ([{"name": "Masse", "tag": "x"}, {"name": "Maße", "tag": "y"}], []),
    ],
)
def test_segments_and_tags_are_named_once(segments: list[Any], wrong: list[str]) -> None:
    found = Findings()
    check_segments(export(segments=segments), found)
    assert fields(found) == wrong


def test_a_column_that_is_there_twice_can_not_be_mapped() -> None:
    found = Findings()
    columns = {"A": ("CustomerId", "Email", "email", "Name", "Name"), "B": ("customerid", "EMAIL")}
    check_columns(export(segments=["A", "B"], email_field="Email", merge_fields={}), columns, found)
    assert fields(found) == []

    check_columns(export(segments=["A"], merge_fields={"FNAME": "Name"}), columns, found)
    check_columns(export(segments=["A"], email_field="EMAIL", merge_fields={}), columns, found)
    assert [(p.where, p.message) for p in found.problems] == [
        ("merge_fields.FNAME", "no column Name in B"),
        ("merge_fields.FNAME", "more than one column Name in A"),
        ("email_field", "more than one column EMAIL in A"),
    ]


def test_customer_ids_may_be_missing_but_not_be_there_twice() -> None:
    found = Findings()
    columns = {"A": ("Email",), "B": ("Email", "CustomerId", "CustomerId"), "C": ()}
    check_columns(export(segments=["A", "B", "C"], merge_fields={}), columns, found)
    assert fields(found) == ["segments.1.name"]
    assert codes(found) == ["customer_id_missing"]


def test_every_missing_column_is_named_with_its_segments() -> None:
    found = Findings()
    saved = export(
        merge_fields={"FNAME": "FirstName", "LNAME": "LastName"},
        consent={"field": "Consent", "values": ["1"]},
    )
    check_columns(saved, {"A": ("Email", "FirstName"), "B": ("Email", "LastName")}, found)
    assert [(p.where, p.message) for p in found.problems] == [
        ("merge_fields.FNAME", "no column FirstName in B"),
        ("merge_fields.LNAME", "no column LastName in A"),
        ("consent.field", "no column Consent in A, B"),
    ]


def test_a_merge_field_that_is_missing_must_be_asked_for() -> None:
    mapping = {"FNAME": "FirstName", "CITY": "City"}
    found = Findings()
    check_audience(export(merge_fields=mapping), audience(), found)
    assert fields(found) == ["merge_fields.CITY"]
    found = Findings()
    check_audience(export(merge_fields=mapping, create_merge_fields=True), audience(), found)
    assert fields(found) == []


def test_the_address_is_no_merge_field() -> None:
    found = Findings()
    check_audience(export(merge_fields={"EMAIL": "Email"}), audience(), found)
    assert fields(found) == ["merge_fields.EMAIL"]


def test_required_merge_fields_without_a_column_are_named() -> None:
    required = (*NAMES, MergeField(3, "CITY", "City", "text", required=True))
    found = Findings()
    check_audience(export(), audience(merge_fields=required), found)
    assert codes(found) == ["merge_field_required"]
    assert "CITY" in found.warnings[0].detail


def test_a_tag_of_somebody_else_is_left_alone_unless_it_is_adopted() -> None:
    there = audience(tags=["highvaluesegment", "Newsletter readers"])
    found = Findings()
    check_audience(export(), there, found)
    assert fields(found) == ["segments.0.tag", "segments.1.tag"]
    adopted = [{"name": "HighValueSegment", "adopt": True}, "Other"]
    found = Findings()
    check_audience(export(segments=adopted), there, found)
    assert fields(found) == []


def test_a_tag_that_this_product_made_may_be_used_again() -> None:
    there = audience(tags=["HighValueSegment"], own_tags=["HighValueSegment"])
    found = Findings()
    check_audience(export(), there, found)
    assert fields(found) == []


@pytest.mark.parametrize(
    ("double_optin", "status", "expected"),
    [
        (True, "subscribed", ["double_optin_bypassed"]),
        (True, "pending", []),
        (False, "subscribed", []),
    ],
)
def test_bypassing_double_optin_is_said(
    double_optin: bool, status: str, expected: list[str]
) -> None:
    found = Findings()
    check_audience(export(status_for_new=status), audience(double_optin=double_optin), found)
    assert codes(found) == expected


def test_marketing_permissions_that_nobody_gives_are_said() -> None:
    found = Findings()
    check_audience(export(), audience(marketing_permissions=True), found)
    assert codes(found) == ["marketing_permissions_unset"]


@pytest.mark.parametrize(
    ("column", "folder", "shared"),
    [
        ("FirstName", "CustomerInsights_1/Blob", False),
        ("GivenName", "CustomerInsights_1/Blob", True),
        ("FirstName", "CustomerInsights_2/Blob", True),
    ],
)
def test_two_exports_that_fill_one_merge_field_differently_are_named(
    column: str, folder: str, shared: bool
) -> None:
    other = stored_export("other", merge_fields={"FNAME": column}, source={"folder": folder})
    found = Findings()
    mine = export(merge_fields={"FNAME": "FirstName"})
    check_neighbours(mine, [other], found)
    assert codes(found) == (["merge_field_shared"] if shared else [])


@pytest.mark.parametrize(
    ("given", "own", "holders", "told"),
    [
        ([], ["Readers"], 12, True),
        # Others give it, or this export itself did before.
        (["readers"], ["Readers"], 12, False),
        # Nobody has it; it is somebody else's.
        ([], ["Readers"], 0, False),
        ([], [], 12, False),
    ],
)
def test_who_has_a_tag_from_an_export_that_is_gone_is_counted(
    given: list[str], own: list[str], holders: int, told: bool
) -> None:
    found = Findings()
    wanted = export(segments=[{"name": "A", "tag": "Readers"}])
    there = [stored_export("other", segments=[{"name": "B", "tag": tag} for tag in given or ["x"]])]
    view = audience(tags=["Readers"], own_tags=own, holders=holders)

    check_untended(wanted, view, there, found)

    assert [(one.code, dict(one.params)) for one in found.warnings] == (
        [("tag_holders_without_export", {"tag": "Readers", "count": holders})] if told else []
    )


def test_a_filter_names_columns_that_are_there_and_values_that_can_be_read() -> None:
    conditions = [
        {"field": "Country", "op": "in", "values": ["HR"]},
        {"field": "Born", "op": "before", "value": "01/02/2026"},
        {"field": "Age", "op": "more", "value": "a few"},
        {"field": "Age", "op": "less", "value": "12.5"},
    ]
    found = Findings()
    written = export(segments=["A"], merge_fields={}, filter={"all": conditions})
    check_filter(written, found)
    check_columns(written, {"A": ("CustomerId", "Email", "country", "Born")}, found)
    assert [(problem.where, problem.code) for problem in found.problems] == [
        ("filter.all.1.value", "value_unreadable"),
        ("filter.all.2.value", "value_unreadable"),
        ("filter.all.2.field", "column_missing"),
        ("filter.all.3.field", "column_missing"),
    ]


def test_the_name_of_a_saved_segment_is_no_name_for_a_new_tag() -> None:
    found = Findings()
    check_audience(export(segments=["gold"]), audience(saved=["Gold"]), found)
    assert [(p.where, p.code) for p in found.problems] == [("segments.0.tag", "tag_name_taken")]
    # Where both are there, Mailchimp has let them be.
    found = Findings()
    there = audience(saved=["Gold"], tags=["Gold"], own_tags=["Gold"])
    check_audience(export(segments=["gold"]), there, found)
    assert found.problems == []


@pytest.mark.parametrize(("existing", "warned"), [(28, False), (29, True)])
def test_fields_that_may_find_no_room_are_warned_of(existing: int, warned: bool) -> None:
    fields = [MergeField(n, f"F{n}", f"Field {n}", "text") for n in range(existing)]
    mapping = {"NEW1": "FirstName", "NEW2": "LastName"}
    found = Findings()
    saved = export(merge_fields=mapping, create_merge_fields=True)
    check_audience(saved, audience(merge_fields=fields), found)
    assert found.problems == []
    assert ("merge_fields_above_limit" in codes(found)) == warned


def test_a_template_names_columns_that_are_there_and_a_type_that_the_field_has() -> None:
    found = Findings()
    written = export(
        segments=["A"],
        create_merge_fields=True,
        merge_fields={
            "FNAME": {"field": "First", "type": "date"},
            "SALUTE": {"template": "Dear {First} {Nothing}", "type": "text"},
            "STORE": {"field": "Nowhere", "type": "number"},
            "SOURCE": {"value": "CI"},
        },
    )
    check_columns(written, {"A": ("CustomerId", "Email", "First")}, found)
    check_audience(written, audience(), found)
    assert [(problem.where, problem.code) for problem in found.problems] == [
        ("merge_fields.SALUTE.template", "column_missing"),
        ("merge_fields.STORE.field", "column_missing"),
        ("merge_fields.FNAME.type", "merge_field_type_differs"),
    ]
