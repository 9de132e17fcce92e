"""Who is sent, and which reason is given of everybody else."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.runs.codes import NAMES
from shared.runs.planning.eligibility import answers, classify
from shared.runs.run_table import Note
from tests.support.tables import suppressions

NOBODY_S = pl.DataFrame(schema={"email": pl.String, "archived": pl.Boolean, "pending": pl.Boolean})
STATES = ("unsubscribed", "cleaned", "pending", "transactional", "archived")


@dataclass(frozen=True)
class Person:
    """A profile as gather gives it."""

    email: str
    id: str = "1"
    segments: int = 1
    valid: bool = True
    consent: bool = True
    blank: bool = False
    rank: int = 0

    @property
    def refused(self) -> bool:
        return not self.consent and not self.blank

    @property
    def first(self) -> int:
        return (self.segments & -self.segments).bit_length() - 1


def frame_of(people: Sequence[Person]) -> pl.DataFrame:
    """Return profiles as gather does."""
    return pl.DataFrame(
        {
            "email": [p.email for p in people],
            "customer_id": [p.id for p in people],
            "segments": pl.Series([p.segments for p in people], dtype=pl.UInt64),
            "first": pl.Series([p.first for p in people], dtype=pl.UInt8),
            "valid": pl.Series([p.valid for p in people], dtype=pl.Boolean),
            "consent": pl.Series([p.consent for p in people], dtype=pl.Boolean),
            "refused": pl.Series([p.refused for p in people], dtype=pl.Boolean),
            "rank": pl.Series([p.rank for p in people], dtype=pl.UInt8),
        },
        schema_overrides={"email": pl.String, "customer_id": pl.String},
    )


def judged(
    people: Sequence[Person],
    suppressed: pl.DataFrame | None = None,
    *,
    archived: Sequence[str] = (),
    pending: Sequence[str] = (),
    erased: Sequence[str] | None = None,
) -> list[tuple[str | None, int]]:
    """Return each profile's reason and the mask of its segments."""
    frame = frame_of(people)
    mine = list(dict.fromkeys([*archived, *pending]))
    own = pl.DataFrame(
        {
            "email": pl.Series(mine, dtype=pl.String),
            "archived": pl.Series([email in archived for email in mine], dtype=pl.Boolean),
            "pending": pl.Series([email in pending for email in mine], dtype=pl.Boolean),
        }
    )

    def is_erased(who: pl.DataFrame) -> pl.Series:
        return who.select(
            pl.col("email").is_in(erased or []) | pl.col("customer_id").is_in(erased or [])
        ).to_series()

    found = classify(
        frame,
        suppressions() if suppressed is None else suppressed,
        own,
        None if erased is None else is_erased,
    )
    named = found.filter(found["customer_id"] != "")["email"].to_list()
    assert named == [p.email for p in people if not erased or p.id not in erased]
    return [
        (None if code is None else NAMES[code], mask)
        for code, mask in found.select("code", "segments").iter_rows()
    ]


def codes(*args: object, **kwargs: object) -> list[str | None]:
    return [code for code, _ in judged(*args, **kwargs)]  # type: ignore[arg-type] # passed on


def test_a_profile_with_an_address_and_nothing_against_it_is_sent() -> None:
    assert judged([Person("a@x.org", segments=0b101)]) == [(None, 0b101)]


def test_reasons_are_given_in_the_order_of_the_contract() -> None:
    table = suppressions(a="unsubscribed", b="unsubscribed", c="unsubscribed", d="unsubscribed")
    people = [
        Person("", "gone", valid=False, consent=False),
        Person("nonsense", "gone", valid=False, consent=False),
        Person("a@x.org", "gone", consent=False),
        Person("b@x.org", "2", consent=False),
        Person("b@x.org", "3"),
        Person("c@x.org", "4"),
        Person("c@x.org", "5"),
        Person("d@x.org", "6"),
    ]
    assert codes(people, table, erased=["gone"]) == [
        "skipped_no_email",
        "skipped_invalid_email",
        "skipped_erased",
        "skipped_no_consent",
        "skipped_no_consent",
        "skipped_unsubscribed",
        "skipped_duplicate",
        "skipped_unsubscribed",
    ]


@pytest.mark.parametrize("state", STATES)
def test_who_is_not_plainly_subscribed_is_left_out_by_name(state: str) -> None:
    assert codes([Person("a@x.org")], suppressions(a=state)) == [f"skipped_{state}"]


def test_a_blank_answer_keeps_out_its_own_profile_and_nobody_else() -> None:
    people = [Person("a@x.org", "1"), Person("a@x.org", "2", 2, consent=False, blank=True)]
    assert codes(people) == [None, "skipped_no_consent"]


def test_who_has_no_consent_is_told_with_what_her_profiles_say_and_how_new_that_is() -> None:
    people = [
        Person("no@x.org", "1", consent=False),
        Person("blank@x.org", "2", consent=False, blank=True),
        Person("old@x.org", "3", consent=False),
        Person("old@x.org", "4", rank=1),
        Person("yes@x.org", "5"),
        Person("", "6", valid=False, consent=False),
    ]
    found = answers(classify(frame_of(people), suppressions(), NOBODY_S))
    assert sorted(found.rows()) == [
        ("blank@x.org", False, True, Note.NO_CONSENT, False),
        ("no@x.org", True, True, Note.NO_CONSENT, False),
        ("old@x.org", True, False, Note.NO_CONSENT, False),
    ]


def test_one_profile_that_refuses_consent_speaks_for_its_address() -> None:
    people = [Person("a@x.org", "1"), Person("a@x.org", "2", 2, consent=False), Person("b@x.org")]
    assert codes(people) == ["skipped_no_consent", "skipped_no_consent", None]


def test_a_refusal_without_an_address_speaks_for_nobody_else() -> None:
    people = [Person("", "1", valid=False, consent=False), Person("", "2", valid=False)]
    assert codes(people) == ["skipped_no_email", "skipped_no_email"]


def test_of_one_address_the_earliest_segment_counts_then_the_customer_id() -> None:
    people = [
        Person("a@x.org", "1", 0b10),
        Person("a@x.org", "9", 0b101),
        Person("a@x.org", "5", 0b1001),
    ]
    assert judged(people) == [
        ("skipped_duplicate", 0b10),
        ("skipped_duplicate", 0b101),
        (None, 0b1111),
    ]


def test_a_duplicate_of_somebody_suppressed_is_a_duplicate() -> None:
    people = [Person("a@x.org", "2"), Person("a@x.org", "1")]
    assert codes(people, suppressions(a="cleaned")) == ["skipped_duplicate", "skipped_cleaned"]


def test_an_erased_profile_is_not_named_whatever_its_code() -> None:
    people = [Person("a@x.org", "gone"), Person("nonsense", "gone", valid=False)]
    assert codes(people, erased=["gone"]) == ["skipped_erased", "skipped_invalid_email"]


def test_an_erased_profile_gives_its_address_neither_values_nor_tags() -> None:
    people = [Person("a@x.org", "gone", 0b01), Person("a@x.org", "2", 0b10)]
    assert judged(people, erased=["gone"]) == [("skipped_erased", 0b01), (None, 0b10)]


def test_who_this_export_archived_may_come_back_unless_unsubscribed_since() -> None:
    people = [Person("a@x.org", "1"), Person("b@x.org", "2"), Person("c@x.org", "3")]
    table = suppressions(a="archived", b="unsubscribed", c="archived")
    assert codes(people, table, archived=["a@x.org", "b@x.org"]) == [
        None,
        "skipped_unsubscribed",
        "skipped_archived",
    ]


def test_who_this_export_created_as_pending_is_its_own_only_while_pending() -> None:
    people = [Person("a@x.org", "1"), Person("b@x.org", "2"), Person("c@x.org", "3")]
    table = suppressions(a="pending", b="archived", c="pending")
    assert codes(people, table, pending=["a@x.org", "b@x.org"]) == [
        None,
        "skipped_archived",
        "skipped_pending",
    ]


def test_the_tags_of_sixty_four_segments_come_together() -> None:
    people = [Person("a@x.org", f"{bit:02}", 1 << bit) for bit in range(64)]
    assert judged(people)[0] == (None, 2**64 - 1)


def by_hand(
    people: Sequence[Person], states: dict[str, str], archived: set[str], pending: set[str]
) -> list[tuple[str | None, int]]:
    """Classify with loops what classify does with tables."""
    refusing = {p.email for p in people if not p.consent and p.email}
    fit = [p for p in people if p.email and p.valid and p.email not in refusing]
    result: list[tuple[str | None, int]] = []
    for person in people:
        code, mask = None, person.segments
        same = [p for p in fit if p.email == person.email]
        if not person.email:
            code = "skipped_no_email"
        elif not person.valid:
            code = "skipped_invalid_email"
        elif person.email in refusing:
            code = "skipped_no_consent"
        elif person is not min(same, key=lambda p: (p.first, p.id)):
            code = "skipped_duplicate"
        else:
            for other in same:
                mask |= other.segments
            state = states.get(person.email)
            own = {"archived": archived, "pending": pending}.get(state or "", set())
            if state and person.email not in own:
                code = f"skipped_{state}"
        result.append((code, mask))
    return result


emails = st.sampled_from(["a@x.org", "b@x.org", "c@x.org", "", "nonsense"])
some = st.sets(st.sampled_from(["a@x.org", "b@x.org", "c@x.org"]))


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(emails, st.integers(0, 9), st.integers(1, 7), st.booleans()),
        max_size=12,
        unique_by=lambda row: (row[0], row[1]),
    ),
    st.dictionaries(st.sampled_from("abc"), st.sampled_from(STATES)),
    some,
    some,
)
def test_any_profiles_are_judged_as_by_hand(
    rows: list[tuple[str, int, int, bool]],
    states: dict[str, str],
    archived: set[str],
    pending: set[str],
) -> None:
    people = [
        Person(email, str(id_), mask, valid="@" in email, consent=consent)
        for email, id_, mask, consent in rows
    ]
    found = judged(
        people, suppressions(**states), archived=sorted(archived), pending=sorted(pending)
    )
    full = {f"{name}@x.org": state for name, state in states.items()}
    assert found == by_hand(people, full, archived, pending)
