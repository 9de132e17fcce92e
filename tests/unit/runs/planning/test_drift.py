"""What a plan's reading shows of changes by hand: each is found, and nothing is named wrongly."""

from collections.abc import Sequence

import polars as pl
import pytest

from shared.mailchimp.answers import MergeField
from shared.runs.ledger import Flag, Ledger, LedgerTag
from shared.runs.planning.drift import of_contacts
from shared.runs.planning.drift_of_names import of_deleted_tags, of_fields
from shared.runs.run_table import Kind

HELD = int(Flag.ACCEPTED)
LEDGER = Ledger(
    "account",
    "audience",
    "a",
    tags=(LedgerTag("VIP", 7, ("VIP",)), None, LedgerTag("Old", 8, ())),
    fields=("FNAME", "NICK", "GONE"),
    field_ids=(1, 2, 0),
    field_types=("text", "", "text"),
)


def rows(*known: tuple[Kind, int | None, str | None]) -> pl.DataFrame:
    return pl.DataFrame(
        [(int(kind), flags, state) for kind, flags, state in known],
        {"kind": pl.Int32, "old_flags": pl.UInt16, "state": pl.String},
        orient="row",
    )


def test_contacts_that_left_the_audience_are_counted_by_how() -> None:
    contact = Kind.CONTACT
    found = of_contacts(
        rows(
            (contact, HELD, "unsubscribed"),
            (contact, HELD | Flag.CONSENTED, "unsubscribed"),
            (contact, HELD, "archived"),
            (contact, HELD, None),
        ),
        "a",
    )

    assert [(one.code, one.count, one.exact) for one in found] == [
        ("contacts_archived", 1, False),
        ("contacts_unsubscribed", 2, True),
    ]


@pytest.mark.parametrize(
    ("kind", "flags", "state"),
    [
        (Kind.CONTACT, None, "unsubscribed"),
        (Kind.CONTACT, 0, "unsubscribed"),
        (Kind.PROFILE, HELD, "unsubscribed"),
        (Kind.CONTACT, HELD, "cleaned"),
        (Kind.CONTACT, HELD, "pending"),
        (Kind.CONTACT, HELD | Flag.ARCHIVED, "archived"),
        (Kind.CONTACT, HELD | Flag.REFUSED, "unsubscribed"),
        (Kind.CONTACT, HELD | Flag.UNSUBSCRIBED, "unsubscribed"),
        (Kind.CONTACT, HELD | Flag.UNCERTAIN, "archived"),
    ],
)
def test_whoever_is_not_held_or_may_have_left_by_this_product_is_not_counted(
    kind: Kind, flags: int | None, state: str
) -> None:
    assert of_contacts(rows((kind, flags, state)), "a") == []


def test_a_tag_is_deleted_where_a_segment_of_the_export_gave_it() -> None:
    assert of_deleted_tags(LEDGER, {7}, {"VIP"}) == []
    (found,) = of_deleted_tags(LEDGER, set(), {"VIP"})
    assert (found.code, found.subject, found.params) == ("tag_deleted", "7", {"tag": "VIP"})
    assert of_deleted_tags(LEDGER, set(), {"Other"}) == []


@pytest.mark.parametrize(
    ("there", "called", "found"),
    [
        ([("FNAME", 1, "text"), ("NICK", 2, "text")], {}, []),
        ([("FNAME", 1, "number"), ("NICK", 2, "text")], {}, ["merge_field_type_changed"]),
        ([("FIRST", 1, "text"), ("NICK", 2, "text")], {"FNAME": "FIRST"}, ["merge_field_renamed"]),
        ([("FNAME", 5, "text"), ("NICK", 2, "text")], {}, ["merge_field_deleted"]),
        ([("NICK", 2, "date")], {}, ["merge_field_deleted"]),
        ([], {}, ["merge_field_deleted", "merge_field_deleted"]),
    ],
)
def test_merge_fields_are_known_by_their_ids(
    there: Sequence[tuple[str, int, str]], called: dict[str, str], found: list[str]
) -> None:
    fields = [MergeField(id_, tag, tag, type_) for tag, id_, type_ in there]
    told = of_fields(LEDGER, fields, called, {"FNAME", "NICK", "GONE"})

    assert [one.code for one in told] == found
    assert all(
        "NICK" not in one.params.values() for one in of_fields(LEDGER, fields, called, {"FNAME"})
    )
