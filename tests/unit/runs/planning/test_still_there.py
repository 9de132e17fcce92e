"""Leavers whose CustomerId a snapshot still has, under another address or none."""

import polars as pl
import pytest

from shared.runs.codes import NUMBER
from shared.runs.ledger import Flag
from shared.runs.planning import difference
from shared.runs.planning.difference.policy import Policy
from shared.runs.planning.still_there import as_still, profiles_of
from shared.runs.run_table import Action, Kind, Note, Still
from tests.support.tables import OURS, address, contacts_of, given, ledger_of, suppressions

INVALID = NUMBER["skipped_invalid_email"]


def leavers(policy: Policy, *profiles: tuple[str, str, int | None]) -> dict[str, dict[str, int]]:
    """What is decided on a, b and c, whose CustomerIds 1, 2 and 3 other profiles may have."""
    known = ledger_of(
        OURS | {"email": address(name), "customer_id": str(n)} for n, name in enumerate("abc", 1)
    )
    rows = contacts_of(
        {"email": address(name), "customer_id": id_, "code": code} for name, id_, code in profiles
    )
    rows, gone = difference.join_ledger(rows, known.drop("customer_id").with_row_index("place"))
    gone = gone.with_columns(customer_id=known["customer_id"].gather(gone["place"]))
    gone = difference.with_answers(gone, None)
    gone = as_still(gone, profiles_of(rows, gone["customer_id"]))
    rows = difference.with_elsewhere(rows, gone, suppressions())
    table, _ = difference.decide(rows, gone, policy, given(), suppressions(), {0: 0})
    mine = table.filter(pl.col("kind").is_in([int(Kind.LEAVER), int(Kind.KEPT)]))
    return {row["email"][0]: row for row in mine.iter_rows(named=True)}


@pytest.mark.parametrize(
    ("policy", "actions"),
    [
        (Policy(leavers="unsubscribe"), (Action.ARCHIVE, Action.NONE, Action.UNSUBSCRIBE)),
        (Policy(leavers="archive"), (Action.ARCHIVE, Action.NONE, Action.ARCHIVE)),
        (Policy(leavers="untag"), (Action.NONE, Action.NONE, Action.NONE)),
    ],
)
def test_who_has_another_address_is_archived_at_most_and_who_has_none_is_untagged(
    policy: Policy, actions: tuple[Action, ...]
) -> None:
    found = leavers(policy, ("new", "1", None), ("nonsense", "2", INVALID))

    assert tuple(found[name]["action"] for name in "abc") == actions
    assert [found[name]["note"] for name in "abc"] == [0, int(Note.WITHOUT_ADDRESS), 0]
    assert {row["remove"] for row in found.values()} == {1}


def test_of_several_profiles_with_a_customer_id_the_mildest_counts() -> None:
    gone = pl.DataFrame(
        {"email": [address("a")], "customer_id": ["1"], "still": [int(Still.NO)]},
        schema_overrides={"still": pl.UInt8},
    )
    found = pl.DataFrame(
        {"email": [address("b"), ""], "customer_id": ["1", "1"], "blank": [False, True]}
    )
    assert as_still(gone, found)["still"].to_list() == [int(Still.WITHOUT_ADDRESS)]
    assert as_still(gone, found[:1])["still"].to_list() == [int(Still.OTHER_ADDRESS)]


def test_a_row_under_the_same_address_and_a_blank_customer_id_say_nothing() -> None:
    found = leavers(
        Policy(leavers="unsubscribe"),
        ("a", "1", NUMBER["skipped_no_consent"]),
        ("new", "", None),
    )
    assert found["a"]["action"] == int(Action.UNSUBSCRIBE)
    assert found["a"]["old_flags"] & int(Flag.ADDED)
