"""The record of processing says every column that an export reads, and what is not stated."""

from shared.exports.models import Export
from shared.exports.processing import categories_of
from tests.unit.exports.test_models import EXPORT


def test_every_column_is_named_once_with_what_for_and_whether_it_is_sent() -> None:
    export = Export.model_validate(
        EXPORT
        | {
            "merge_fields": {
                "FNAME": "FirstName",
                "SALUTE": {"template": "Dear {FirstName} {LastName}"},
                "SOURCE": {"value": "CI"},
            },
            "language_field": "Language",
            "consent": {"field": "Agreed", "values": ["yes"]},
            "filter": {"all": [{"field": "FirstName", "op": "not_blank"}]},
        }
    )

    found = {one.column: one for one in categories_of(export)}

    assert tuple(found) == export.columns
    assert {name: one.sent for name, one in found.items()} == {
        "Email": True,
        "FirstName": True,
        "LastName": True,
        "Language": True,
        "Agreed": False,
    }
    assert found["FirstName"].members == (
        "merge_fields.FNAME",
        "merge_fields.SALUTE.template",
        "filter.all.0.field",
    )
    assert all(one.members for one in found.values())
