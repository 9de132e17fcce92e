"""Ledger against audience: who is as promised is never named, and each change is named rightly."""

from typing import Any, NamedTuple

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.proof.compare import SEEN, Compared, Given, compare
from shared.runs.codes import NUMBER
from shared.runs.ledger import RETRY_NEVER, Flag
from tests.support.tables import address, ledger_of
from tests.support.tables import given as given_by

NEWS, CLUB = 1, 2
GIVEN = Given({0: "News", 1: "Club"}, current=NEWS | CLUB, owned=NEWS | CLUB, fields={0: "FNAME"})
# What a ledger says of a contact that has both tags and a first name, and what is seen of it.
PROMISED: dict[str, Any] = {
    "tags": NEWS | CLUB,
    "fields": 1,
    "shown": 7,
    "known": None,
    "shared": False,
}
THERE: dict[str, Any] = {"status": "subscribed", "tags": NEWS | CLUB, "whole": True, "shown": 7}
# Of a row: code, what, field, repairable.
type Named = tuple[str, str, str | None, bool]


class Case(NamedTuple):
    """What the ledger says otherwise, what is seen otherwise (None: nobody), who is named how."""

    ledger: dict[str, Any]
    seen: dict[str, Any] | None
    named: set[Named]
    given: int = 0


FLAGS = int(Flag.ACCEPTED)
REFUSED = {"refusal": NUMBER["rejected_merge_field"], "refused_digest": 3}
AS_PROMISED = (
    Case({}, {}, set()),
    Case({"known": "unsubscribed"}, {"status": "unsubscribed"}, set()),
    Case({"known": "archived"}, {"status": "archived"}, set()),
    Case({"known": "cleaned"}, {}, set()),
    Case({"flags": FLAGS | Flag.PENDING}, {"status": "pending"}, set()),
    Case({"flags": FLAGS | Flag.PENDING}, {}, set()),
    # Not held: archived by us, refused for good before anything was taken, withdrawn.
    Case({"flags": FLAGS | Flag.ARCHIVED}, {"status": "archived", "tags": 0}, set()),
    Case({"flags": FLAGS | Flag.ARCHIVED}, None, set()),
    Case({"flags": FLAGS | Flag.REFUSED}, {"tags": 0}, set()),
    Case({"flags": 0} | REFUSED, None, set()),
    Case({"flags": int(Flag.UNCERTAIN)}, None, set()),
    # What can't be known.
    Case({"shown": 0}, {"shown": 9}, set()),
    Case({"shared": True}, {"shown": 9}, set()),
    Case({}, {"shown": 0}, set()),
    Case({"fields": 0}, {"shown": 9}, set()),
    Case({}, {"whole": False, "tags": 0}, set()),
    # Another export's to keep, or of its own.
    Case({"left": CLUB}, {"tags": NEWS}, set()),
    Case({"tags": NEWS}, {}, set(), CLUB),
    Case({"flags": FLAGS | Flag.UNCERTAIN, "tags": NEWS}, {}, set()),
)
BY_HAND = (
    Case({}, None, {("by_hand", "missing", None, False)}),
    *(
        Case({}, {"status": status}, {("by_hand", "status", None, False)})
        for status in ("unsubscribed", "cleaned", "archived", "transactional", "pending")
    ),
    Case({"known": "cleaned"}, {"status": "archived"}, {("by_hand", "status", None, False)}),
    Case({}, {"tags": NEWS}, {("by_hand", "tag_missing", "Club", True)}),
    Case({"stamp": 5}, {"tags": NEWS}, {("by_hand", "tag_missing", "Club", False)}),
    Case({"tags": NEWS}, {}, {("by_hand", "tag_extra", "Club", False)}),
    Case({}, {"shown": 8}, {("by_hand", "value", None, True)}),
    Case({"stamp": 5}, {"shown": 8}, {("by_hand", "value", None, False)}),
    Case(
        {"known": "archived"},
        {"status": "archived", "tags": CLUB, "shown": 8},
        {("protected", "tag_missing", "News", False), ("protected", "value", None, False)},
    ),
    Case(REFUSED, {}, {("refused", "value", None, False)}),
    Case(REFUSED, {"shown": 8}, {("by_hand", "value", None, False)}),
    Case(
        REFUSED | {"retry_at": RETRY_NEVER},
        {"tags": NEWS},
        {("refused", "value", None, False), ("refused", "tag_missing", "Club", False)},
    ),
    Case(
        {"flags": FLAGS | Flag.UNCERTAIN},
        {"tags": NEWS, "shown": 8},
        {("unexplained", "tag_missing", "Club", True), ("unexplained", "value", None, True)},
    ),
    Case({"flags": FLAGS | Flag.UNCERTAIN}, None, {("unexplained", "missing", None, False)}),
)


def compared(
    cases: dict[str, Case], strangers: dict[str, int], of_others: dict[str, int]
) -> Compared:
    """Compare an audience in which each of the cases is there once, by name."""
    rows = [
        {"email": address(name), "customer_id": name}
        | {key: value for key, value in (PROMISED | case.ledger).items() if key not in _BESIDE}
        for name, case in cases.items()
    ]
    beside = [{key: (PROMISED | case.ledger)[key] for key in _BESIDE} for case in cases.values()]
    held = ledger_of(rows).hstack(pl.DataFrame(beside, _BESIDE))
    seen = [
        THERE | {"place": place, "email": ""} | case.seen
        for place, case in enumerate(cases.values())
        if case.seen is not None
    ]
    seen += [THERE | {"place": None, "email": address(n), "tags": t} for n, t in strangers.items()]
    others = {name: case.given for name, case in cases.items() if case.given} | of_others
    return compare(held, pl.DataFrame(seen, SEEN), given_by(**others), GIVEN)


_BESIDE = {"known": pl.String, "shared": pl.Boolean}


def named(found: Compared) -> dict[str, set[Named]]:
    rows: dict[str, set[Named]] = {}
    for email, _, *row in found.rows.iter_rows():
        rows.setdefault(email, set()).add((row[0], row[1], row[2], row[3]))
    return rows


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(AS_PROMISED + BY_HAND), max_size=30))
def test_each_change_is_named_as_what_it_is_and_nobody_else(drawn: list[Case]) -> None:
    cases = {f"p{number}": case for number, case in enumerate(drawn)}
    found = compared(cases, {"stranger": NEWS, "theirs": CLUB, "none": 0}, {"theirs": CLUB})
    expected = {address(name): case.named for name, case in cases.items() if case.named}
    stranger: set[Named] = {("foreign", "tag_extra", "News", False)}
    assert named(found) == expected | {address("stranger"): stranger}
    assert found.held - found.as_promised == len(expected)
    assert sum(one.count for one in found.differing) == found.rows.height


def test_all_of_it_at_once() -> None:
    cases = {f"p{number}": case for number, case in enumerate(AS_PROMISED + BY_HAND)}
    found = compared(cases, {}, {})
    assert named(found) == {address(n): case.named for n, case in cases.items() if case.named}
    assert found.not_compared == {"values": 3, "tags": 1}
    ids = dict(found.rows.select("email", "customer_id").iter_rows())
    assert all(address(id_) == email for email, id_ in ids.items())


def test_a_tag_that_people_made_is_missed_and_never_too_much() -> None:
    adopted = Given({0: "News", 1: "Club"}, current=3, owned=NEWS)
    held = ledger_of([{"email": address("a"), "tags": 0}, {"email": address("b"), "tags": CLUB}])
    held = held.with_columns(known=pl.lit(None, dtype=pl.String), shared=False)
    seen = [THERE | {"place": place, "email": ""} for place in (0, 1)]
    seen[0]["tags"], seen[1]["tags"] = CLUB, 0
    seen += [THERE | {"place": None, "email": address("c"), "tags": CLUB}]
    found = compare(held, pl.DataFrame(seen, SEEN), given_by(), adopted)
    assert named(found) == {address("b"): {("by_hand", "tag_missing", "Club", True)}}


def test_a_merge_field_that_is_gone_is_named_and_filled_where_a_run_makes_it_anew() -> None:
    held = ledger_of([{"email": address("a"), "fields": 1, "shown": 7}])
    held = held.with_columns(known=pl.lit(None, dtype=pl.String), shared=False)
    seen = pl.DataFrame([THERE | {"place": 0, "email": "", "tags": 0, "shown": 8}], SEEN)
    for creates in (False, True):
        gone = Given({}, fields={0: "FNAME"}, gone=1, creates=creates)
        found = compare(held, seen, given_by(), gone)
        assert named(found) == {address("a"): {("by_hand", "value", "FNAME", creates)}}
