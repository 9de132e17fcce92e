"""What may be written about connections and exports."""

from typing import Any

import pytest
from pydantic import ValidationError

from shared.exports.connection_models import Connection
from shared.exports.models import Export, StoredExport

STAMPS = ("created_by", "created_at", "updated_by", "updated_at")
EXPORT: dict[str, Any] = {
    "name": "weekly-news",
    "connection": "newsletter",
    "audience_id": "a1b2c3d4e5",
    "source": {"container": "dynamics365customerinsights", "folder": "CustomerInsights_1/Blob"},
    "segments": ["HighValueSegment", {"name": "Readers", "tag": "Newsletter readers"}],
    "email_field": "Email",
}


def fields(**changes: Any) -> set[str]:
    """Where an export with these changes is wrong."""
    with pytest.raises(ValidationError) as caught:
        Export.model_validate(EXPORT | changes)
    return {str(error["loc"][0]) for error in caught.value.errors()}


def test_what_may_be_left_out_has_its_default() -> None:
    export = Export.model_validate(EXPORT)
    assert export.model_dump() | {"segments": None, "source": None} == {
        **EXPORT,
        "segments": None,
        "source": None,
        "display_name": "weekly-news",
        "merge_fields": {},
        "create_merge_fields": False,
        "interests": {},
        "marketing_permissions": {},
        "language_field": None,
        "proof_of_consent": None,
        "consent": None,
        "filter": None,
        "status_for_new": "subscribed",
        "leavers": "untag",
        "removal_limit_percent": 20,
        "growth_limit": None,
        "stale_after_hours": 72,
        "schedule": {
            "active": True,
            "kind": "refresh",
            "cron": [],
            "time_zone": "UTC",
            "after": None,
        },
        "purpose": None,
        "legal_basis": None,
    }


def test_a_segment_may_be_its_bare_name_and_is_then_its_own_tag() -> None:
    export = Export.model_validate(EXPORT)
    assert export.tags == ("HighValueSegment", "Newsletter readers")
    assert export.segment_names == ("HighValueSegment", "Readers")
    assert not export.segments[0].adopt


def test_each_column_that_is_read_is_named_once() -> None:
    export = Export.model_validate(
        EXPORT
        | {
            "merge_fields": {"FNAME": "FirstName", "NICK": "FirstName", "MAIL": "Email"},
            "consent": {"field": "Consent", "values": ["1"]},
        }
    )
    assert export.columns == ("Email", "FirstName", "Consent")


def test_what_was_stored_can_be_written_again() -> None:
    stored = Export.model_validate(EXPORT).model_dump(mode="json")
    read_only = {"uid": "1", "created_by": "x", "created_at": "y", "updated_by": "x"}
    again = stored | read_only | {"updated_at": "y", "warnings": [{"code": "c", "detail": "d"}]}
    assert Export.model_validate(again).model_dump(mode="json") == stored


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"name": "Weekly news"}, {"name"}),
        ({"name": "-a"}, {"name"}),
        ({"name": "a\n", "display_name": "A"}, {"name"}),
        ({"name": "a" * 64}, {"name"}),
        ({"audience_id": "a/b"}, {"audience_id"}),
        ({"segments": []}, {"segments"}),
        ({"segments": ["A"] * 65}, {"segments"}),
        ({"segments": ["A/B"]}, {"segments"}),
        ({"segments": [{"name": "A", "colour": "red"}]}, {"segments"}),
        ({"segments": [{"name": "A", "tag": " "}]}, {"segments"}),
        ({"source": {"folder": "../elsewhere"}}, {"source"}),
        ({"source": {"folder": "/"}}, {"source"}),
        ({"email_field": 7}, {"email_field"}),
        ({"email_field": ""}, {"email_field"}),
        ({"merge_fields": {"": "FirstName"}}, {"merge_fields"}),
        ({"merge_fields": ["FNAME"]}, {"merge_fields"}),
        ({"create_merge_fields": "yes"}, {"create_merge_fields"}),
        ({"consent": {"field": "Consent", "values": []}}, {"consent"}),
        ({"status_for_new": "cleaned"}, {"status_for_new"}),
        ({"leavers": "delete"}, {"leavers"}),
        ({"removal_limit_percent": 101}, {"removal_limit_percent"}),
        ({"removal_limit_percent": True}, {"removal_limit_percent"}),
        ({"growth_limit": 10}, {"growth_limit"}),
        ({"growth_limit": {}}, {"growth_limit"}),
        ({"growth_limit": {"contacts": 5, "percent": 5}}, {"growth_limit"}),
        ({"growth_limit": {"contacts": -1}}, {"growth_limit"}),
        ({"growth_limit": {"percent": 1001}}, {"growth_limit"}),
        ({"stale_after_hours": 0}, {"stale_after_hours"}),
        ({"stale_after_hours": float("nan")}, {"stale_after_hours"}),
        ({"schedule": {"kind": "cron"}}, {"schedule"}),
        ({"schedule": {"kind": "cron", "cron": ["0 6 * * 1"], "time_zone": "Mars"}}, {"schedule"}),
        ({"schedule": {"kind": "cron", "cron": ["daily"]}}, {"schedule"}),
        ({"colour": "red"}, {"colour"}),
        ({"leavers": "x", "colour": "red", "segments": []}, {"leavers", "colour", "segments"}),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], wrong: set[str]) -> None:
    assert fields(**changes) == wrong


@pytest.mark.parametrize("limit", [{"contacts": 0}, {"percent": 12.5}])
def test_a_growth_limit_is_given_back_as_it_was_written(limit: dict[str, float]) -> None:
    export = Export.model_validate(EXPORT | {"growth_limit": limit})
    assert export.model_dump(mode="json")["growth_limit"] == limit


def test_an_export_may_be_without_a_connection_but_must_say_so() -> None:
    assert Export.model_validate(EXPORT | {"connection": None}).connection is None
    without = {key: value for key, value in EXPORT.items() if key != "connection"}
    with pytest.raises(ValidationError):
        Export.model_validate(without)


def test_a_connection_has_a_secret_of_its_name() -> None:
    connection = Connection.model_validate({"name": "newsletter"})
    assert connection.secret_name == "mailchimp-newsletter"
    assert connection.display_name == "newsletter"
    assert connection.shared_with == "administrators"
    assert connection.consent is None


@pytest.mark.parametrize("secret", ["other-secret", "mailchimp-", "mailchimp-A", "mailchimp-a/b"])
def test_a_connection_reaches_for_no_other_secrets(secret: str) -> None:
    with pytest.raises(ValidationError):
        Connection.model_validate({"name": "newsletter", "secret_name": secret})


def test_the_values_of_consent_are_bounded_in_number_and_length() -> None:
    def with_values(values: list[str]) -> dict[str, Any]:
        return {"consent": {"field": "Newsletter", "values": values}}

    Export.model_validate(EXPORT | with_values(["v" * 256] * 100))
    assert fields(**with_values(["yes"] * 101)) == {"consent"}
    assert fields(**with_values(["v" * 257])) == {"consent"}


def test_an_export_that_was_stored_with_more_values_is_read_on() -> None:
    values = [str(number) for number in range(101)]
    written = {"uid": "u", "scheduled_since": "s", **dict.fromkeys(STAMPS, "x")}
    stored = EXPORT | written | {"consent": {"field": "Newsletter", "values": values}}
    kept = StoredExport.model_validate(stored)
    assert kept.consent is not None
    assert kept.consent.values == values


@pytest.mark.parametrize(
    "condition",
    [
        {"op": "in"},
        {"op": "in", "values": []},
        {"op": "in", "values": [" "]},
        {"op": "in", "values": ["HR"], "value": "HR"},
        {"op": "before"},
        {"op": "less", "values": ["1"]},
        {"op": "blank", "value": "x"},
        {"op": "like", "value": "x"},
    ],
)
def test_a_condition_that_says_nothing_clear_is_refused(condition: dict[str, Any]) -> None:
    assert fields(filter={"all": [{"field": "Country", **condition}]}) == {"filter"}


def test_a_condition_is_shown_as_it_was_written() -> None:
    written = {"all": [{"field": "Country", "op": "in", "values": ["HR"]}]}
    assert Export.model_validate(EXPORT | {"filter": written}).model_dump()["filter"] == written


def test_what_fills_a_merge_field_is_shown_as_it_was_written_and_its_columns_are_read() -> None:
    written = {
        "FNAME": "First",
        "STORE": {"field": "StoreNo", "type": "text"},
        "SALUTE": {"template": "Dear {First} {Last} {{!}}"},
        "SOURCE": {"value": "CI"},
    }
    export = Export.model_validate(EXPORT | {"merge_fields": written})
    assert export.model_dump()["merge_fields"] == written
    assert Export.model_validate(export.model_dump(exclude_none=True)) == export
    assert export.columns == ("Email", "First", "StoreNo", "Last")


@pytest.mark.parametrize(
    "source",
    [
        {"template": "Dear {First"},
        {"template": "} {First}"},
        {"template": "Dear"},
        {"template": "{}"},
        {"value": " "},
        {"field": "First", "type": "address"},
        {"field": "First", "template": "{First}"},
        {},
        "",
        7,
    ],
)
def test_what_can_fill_no_merge_field_is_refused(source: Any) -> None:
    assert fields(merge_fields={"FNAME": source}) == {"merge_fields"}


@pytest.mark.parametrize("folder", ["Kunden Größe+é/Export", "100%25 sure", "a=b!$'()*,;:@~"])
def test_folders_and_segments_are_called_as_storage_lets_them_be(folder: str) -> None:
    source = {"container": "dynamics365customerinsights", "folder": folder}
    export = Export.model_validate(EXPORT | {"source": source, "segments": ["a=b!$'()*,;:@~"]})
    assert export.source.folder == folder
    assert export.segment_names == ("a=b!$'()*,;:@~",)


def test_tags_may_hold_commas_marks_and_emoji() -> None:
    tags = ["Gold, Silver", "R&D <b>", "🎁"]
    segments = [{"name": f"S{n}", "tag": tag} for n, tag in enumerate(tags)]
    assert list(Export.model_validate(EXPORT | {"segments": segments}).tags) == tags
