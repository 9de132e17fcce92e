"""Whom a run would create, when those are too many, and what becomes of them then."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.exports.models import GrowthLimit
from shared.runs.codes import NUMBER
from shared.runs.ledger import Flag
from shared.runs.planning.difference.growth import most_of, new_contacts, withhold, without
from shared.runs.planning.difference.policy import Policy
from shared.runs.run_table import Action, Kind
from tests.support.tables import (
    NOW,
    address,
    by_email,
    compare,
    contacts_of,
    ledger_of,
    suppressions,
)
from tests.support.tables import given as given_by_others

FLAGS = [None, 0, Flag.ACCEPTED, Flag.UNCERTAIN, Flag.ACCEPTED | Flag.ARCHIVED, Flag.ARCHIVED]


@st.composite
def tables(draw: st.DrawFn) -> pl.DataFrame:
    """The table of a run: contacts whom a ledger knows in different ways, and leavers."""
    people = range(draw(st.integers(0, 12)))
    flags = {n: draw(st.sampled_from(FLAGS)) for n in people}
    there = {n: draw(st.booleans()) for n in people}
    code = {n: draw(st.sampled_from([None, NUMBER["skipped_no_consent"]])) for n in people}
    archived = {str(n): "archived" for n in people if (flags[n] or 0) & Flag.ARCHIVED}
    contacts = contacts_of(
        {
            "email": address(str(n)),
            "customer_id": str(n),
            "code": code[n],
            "state": archived.get(str(n)),
            "digest": draw(st.integers(6, 8)),
        }
        for n in people
        if there[n]
    )
    known = ledger_of(
        {"email": address(str(n)), "customer_id": str(n), "flags": int(of), "tags": 1, "digest": 7}
        for n, of in flags.items()
        if of is not None
    )
    table, _ = compare(
        contacts,
        known,
        Policy(now=NOW),
        given_by_others(),
        suppressions(**archived),
        {0: 0},
    )
    return table


@given(tables())
@settings(max_examples=60, deadline=None)
def test_only_who_is_sent_and_was_never_accepted_is_withheld_and_nothing_else_changes(
    table: pl.DataFrame,
) -> None:
    new = new_contacts(table)
    before = table.rows(named=True)
    after = withhold(table, new).rows(named=True)

    for old, now in zip(before, after, strict=True):
        flags = old["old_flags"] or 0
        creates = (
            (old["kind"], old["code"]) == (int(Kind.CONTACT), None)
            and old["action"] == int(Action.UPSERT)
            and not flags & (Flag.ACCEPTED | Flag.ARCHIVED)
        )
        assert creates == (old["email"] in set(new) and old["kind"] == int(Kind.CONTACT))
        if creates:
            assert (now["code"], now["action"], now["add"]) == (
                NUMBER["skipped_growth_limit"],
                int(Action.NONE),
                0,
            )
            assert now["remove"] == old["remove"]
        else:
            assert now == old


def test_who_came_back_or_is_protected_is_no_addition() -> None:
    contacts = contacts_of(
        {"email": address(name), "customer_id": name, "state": state}
        for name, state in (("new", None), ("archived", "archived"))
    )
    known = ledger_of(
        [{"email": address("archived"), "flags": int(Flag.ACCEPTED | Flag.ARCHIVED), "moved_to": 1}]
    )
    table, _ = compare(
        contacts,
        known,
        Policy(now=NOW),
        given_by_others(),
        suppressions(archived="archived"),
        {0: 0},
    )
    rows = by_email(table)

    assert rows[address("archived")]["action"] == int(Action.UPSERT)
    assert new_contacts(table).to_list() == [address("new")]


def test_whom_the_audience_is_known_to_hold_is_no_addition() -> None:
    emails = pl.Series(["a", "b", "c", "d"])
    known = [pl.Series(["b", "x"]), pl.Series([], dtype=pl.String), pl.Series(["d"])]
    assert without(emails, known).to_list() == ["a", "c"]


@pytest.mark.parametrize(
    ("limit", "billable", "most"),
    [
        ({"contacts": 0}, 1000, 0),
        ({"contacts": 7}, 0, 7),
        ({"percent": 10}, 999, 99),
        ({"percent": 0}, 999, 0),
        ({"percent": 0.5}, 1000, 5),
        ({"percent": 150}, 10, 15),
        ({"percent": 10}, 0, 0),
    ],
)
def test_a_limit_is_a_number_or_a_share_rounded_down(
    limit: dict[str, float], billable: int, most: int
) -> None:
    assert most_of(GrowthLimit.model_validate(limit), billable) == most
