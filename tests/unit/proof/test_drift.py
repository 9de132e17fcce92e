"""What a verification shows of changes by hand: a table of them, and what each is told as."""

import pytest

from shared.drift.items import Seen
from shared.proof.compare import Compared
from shared.proof.drift import look_of
from shared.runs.ledger import Flag, Ledger, LedgerTag
from tests.unit.proof.test_compare import AS_PROMISED, CLUB, FLAGS, NEWS, Case, compared

OWN = Ledger(
    "account", "audience", "a", tags=(LedgerTag("News", 7, ("S",)), LedgerTag("Club", 8, ("T",)))
)
# Somebody who has all, so that no tag looks deleted.
AS_IT_IS = Case({}, {}, set())


def told(
    *cases: Case, strangers: dict[str, int] | None = None, retyped: bool = False
) -> dict[tuple[str, str], tuple[int, bool, bool]]:
    """What is told: by code and subject how many, whether exactly, and whether it can go back."""
    found: Compared = compared(
        {f"p{number}": case for number, case in enumerate((AS_IT_IS, *cases))}, strangers or {}, {}
    )
    seen: tuple[Seen, ...] = look_of(found, OWN, [], retyped=retyped).seen
    return {(s.code, s.subject): (s.count, s.exact, s.may_put_back) for s in seen}


def case(seen: dict[str, object] | None, **ledger: object) -> Case:
    return Case(ledger, seen, set())


@pytest.mark.parametrize(
    ("cases", "strangers", "expected"),
    [
        ([case({"tags": NEWS}), case({"tags": 0})], {}, {
            ("tags_taken", "7"): (1, True, True), ("tags_taken", "8"): (2, True, True),
        }),
        ([case({"tags": NEWS}, stamp=5)], {}, {("tags_taken", "8"): (1, True, False)}),
        ([case({}, tags=NEWS)], {"x": NEWS}, {
            ("tags_given", "7"): (1, True, False), ("tags_given", "8"): (1, True, False),
        }),
        ([case({"shown": 9}), case({"shown": 8})], {}, {("values_edited", "a"): (2, True, True)}),
        ([case({"status": "unsubscribed"}), case({"status": "unsubscribed"}, known="unsubscribed")],
         {}, {("contacts_unsubscribed", "a"): (2, True, False)}),
        ([case({"status": "archived", "tags": 0, "shown": 9})], {}, {
            ("contacts_archived", "a"): (1, False, False),
        }),
        ([case(None), case(None)], {}, {("contacts_deleted", "a"): (2, True, False)}),
        # Under another address she has her tags still.
        ([case(None), case(None)], {"x": NEWS | CLUB}, {
            ("contacts_deleted", "a"): (1, False, False),
        }),
        ([case({"status": "archived"})], {"x": NEWS | CLUB}, {
            ("contacts_archived", "a"): (1, False, False),
        }),
        # Mailchimp's doing, or what nobody knows for sure.
        ([case({"status": "cleaned"})], {}, {}),
        ([case({"status": "pending"}, flags=FLAGS | Flag.PENDING)], {}, {}),
        ([case({"tags": NEWS, "shown": 8}, flags=FLAGS | Flag.UNCERTAIN)], {}, {}),
        ([case(None, flags=FLAGS | Flag.UNCERTAIN)], {}, {}),
        (list(AS_PROMISED[3:]), {}, {}),
    ],
)  # fmt: skip
def test_each_change_is_told_as_what_it_is(
    cases: list[Case],
    strangers: dict[str, int],
    expected: dict[tuple[str, str], tuple[int, bool, bool]],
) -> None:
    away = {"contacts_archived", "contacts_unsubscribed"}
    found = told(*cases, strangers=strangers)
    known = {key for key in found if key[0] in away and key not in expected}
    assert {key: one for key, one in found.items() if key not in known} == expected


def test_a_tag_that_nobody_has_any_more_is_not_told_as_taken() -> None:
    found = compared({"p": case({"tags": NEWS}), "q": case({"tags": NEWS})}, {}, {})
    assert look_of(found, OWN, []).seen == ()


def test_values_are_not_told_as_edited_where_mailchimp_may_show_them_otherwise() -> None:
    assert told(case({"shown": 9}), retyped=True) == {}
