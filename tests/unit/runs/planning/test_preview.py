"""What a preview tells: how much would be done, and enough of people to recognise them."""

from dataclasses import asdict
from types import SimpleNamespace
from typing import Any, cast

import polars as pl
import pytest

from shared.http.answers.runs import PreviewPlan
from shared.runs.codes import NUMBER
from shared.runs.counts import NOTHING_WITHHELD
from shared.runs.ledger import Flag
from shared.runs.planning.build import Built
from shared.runs.planning.difference.policy import Policy
from shared.runs.planning.preview import describe
from shared.runs.preview_plan import mask
from shared.runs.run_table import Note
from tests.support.tables import NOW, address, compare, contacts_of, given, ledger_of, suppressions


@pytest.mark.parametrize(
    ("email", "shown"),
    [
        ("john.smith@contoso.com", "j***@c***.com"),
        ("a@b.co.uk", "a***@b***.uk"),
        ("ann@müller.example.org", "a***@m***.org"),
    ],
)
def test_an_address_is_masked(email: str, shown: str) -> None:
    assert mask(email) == shown


def preview(note: Note | None = None) -> dict[str, Any]:
    """Preview a run that does some of everything; with a note of every row."""
    held = {"digest": 7, "tags": 1, "flags": int(Flag.ACCEPTED | Flag.ADDED)}
    contacts: dict[str, dict[str, Any]] = {f"new{n}": {} for n in range(7)}
    contacts |= {"changed": {"digest": 8}, "tagged": {"wanted": 0b11}, "moved": {"wanted": 0b10}}
    contacts |= {"same": {}, "skipped": {"code": NUMBER["skipped_cleaned"], "state": "cleaned"}}
    known = dict.fromkeys(("changed", "tagged", "moved", "same", "gone1", "gone2"), held)
    table, removals = compare(
        contacts_of({"email": address(name)} | row for name, row in contacts.items()),
        ledger_of({"email": address(name)} | row for name, row in known.items()),
        Policy(leavers="archive", now=NOW),
        given(),
        suppressions(skipped="cleaned"),
        {0: 0, 1: 1},
    )
    plan = SimpleNamespace(
        status_for_new="subscribed",
        profiles=20,
        contacts=12,
        removals_withheld=removals.withheld,
        withheld=NOTHING_WITHHELD,
        billing=None,
        interests=(),
    )
    table = table.with_row_index("row").with_row_index("profile")
    if note is not None:
        table = table.with_columns(note=pl.lit(int(note)))
    built = Built(cast(Any, plan), table, erased=cast(Any, None), read_at="")
    setup = SimpleNamespace(state=SimpleNamespace(audience=SimpleNamespace(contacts=1000)))
    return asdict(describe(built, cast(Any, setup), lanes=8))


def test_its_counts_are_those_of_the_plan() -> None:
    assert preview()["counts"] == {
        "profiles": 20,
        "contacts": 12,
        "to_upsert": 8,
        "to_tag": 2,
        "to_untag": 3,
        "to_archive": 2,
        "to_unsubscribe": 0,
        "unchanged": 1,
        "skipped": 1,
        "withdrawn": 0,
    }


def test_it_counts_whose_consent_was_withdrawn() -> None:
    found = preview(Note.CONSENT_WITHDRAWN)["counts"]
    assert found["withdrawn"] == 14
    assert found["to_archive"] == 2


def test_it_is_as_the_api_describes_it() -> None:
    PreviewPlan.model_validate(preview())


def test_it_tells_calls_and_growth() -> None:
    found = preview()
    # One for the upserts, one for each of two tags, two for each leaver, who is read first.
    assert (found["calls"], found["new_to_export"], found["audience_contacts"]) == (7, 7, 1000)
    assert found["removals_withheld"] is None


def test_it_shows_five_masked_contacts_of_each_kind() -> None:
    samples = preview()["samples"]
    assert {name: len(rows) for name, rows in samples.items()} == {
        "to_upsert": 5,
        "to_tag": 2,
        "to_untag": 3,
        "to_archive": 2,
        "to_unsubscribe": 0,
        "unchanged": 1,
        "skipped": 1,
    }
    assert samples["unchanged"] == [{"email": "s***@x***.org", "customer_id": "1"}]
    assert all("***@" in row["email"] for rows in samples.values() for row in rows)
