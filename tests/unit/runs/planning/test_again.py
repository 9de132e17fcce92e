"""A run that asks some contacts again: whom it sends, and that all others stay as they are."""

from array import array
from dataclasses import replace

import polars as pl
from hypothesis import given as given_some
from hypothesis import settings
from hypothesis import strategies as st

from shared.runs.codes import NAMES, NUMBER
from shared.runs.finishing.fold import Answered, Results, Times, fold, parts_of
from shared.runs.ledger import RETRY_NEVER, RETRY_WHEN_CHANGED, Flag, Ledger, LedgerTag
from shared.runs.planning import difference, tags
from shared.runs.planning.cutting import work_of
from shared.runs.planning.difference.policy import Policy
from shared.runs.run_table import Action, Kind
from tests.support.tables import (
    NOW,
    address,
    by_email,
    contacts_of,
    given,
    ledger_of,
    suppressions,
)

FLAGS = [
    Flag(0),
    Flag.ACCEPTED,
    Flag.ACCEPTED | Flag.ADDED | Flag.CONSENTED,
    Flag.UNCERTAIN,
    Flag.ACCEPTED | Flag.ADDED | Flag.ARCHIVED,
    Flag.ACCEPTED | Flag.ADDED | Flag.DUE | Flag.ARCHIVE_AT_MOST,
    Flag.ACCEPTED | Flag.UNSUBSCRIBED | Flag.KEEP,
    Flag.ACCEPTED | Flag.PENDING | Flag.REFUSED,
]
REFUSALS = [None, NUMBER["rejected_fake"], NUMBER["rejected_merge_field"]]
CODES = [None, None, None, NUMBER["skipped_no_consent"], NUMBER["skipped_unsubscribed"]]
Drawn = tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]


@st.composite
def drawn(draw: st.DrawFn) -> Drawn:
    """Contacts of the segments, the ledger, and who failed, each of whom may be anywhere."""
    people = range(draw(st.integers(0, 10)))
    contacts = contacts_of(
        {
            "email": address(str(n)),
            "customer_id": str(n),
            "code": draw(st.sampled_from(CODES)),
            "wanted": draw(st.integers(0, 3)),
            "digest": draw(st.integers(6, 8)),
        }
        for n in people
        if draw(st.booleans())
    )
    refusal = {n: draw(st.sampled_from(REFUSALS)) for n in people}
    retry_at = st.sampled_from([RETRY_WHEN_CHANGED, RETRY_NEVER, NOW + 9])
    known = ledger_of(
        {
            "email": address(str(n)),
            "customer_id": f"was {n}",
            "flags": int(draw(st.sampled_from(FLAGS))),
            "tags": draw(st.integers(0, 3)),
            "digest": 7,
            "stamp": draw(st.integers(0, 2)),
            "made_to": n,
            "refusal": refusal[n],
            "refused_digest": 7 if refusal[n] else None,
            "retry_at": draw(retry_at) if refusal[n] else 0,
        }
        for n in people
        if draw(st.booleans())
    )
    failed = [(address(str(n)), str(n)) for n in people if draw(st.booleans())]
    schema = {"email": pl.String, "customer_id": pl.String}
    return contacts, known, pl.DataFrame(failed, schema, orient="row")


def decided(contacts: pl.DataFrame, known: pl.DataFrame, failed: pl.DataFrame) -> pl.DataFrame:
    """The table of a run that asks again whom it failed to deliver."""
    placed = known.with_row_index("place")
    rows, gone = difference.join_ledger(contacts, placed.drop("customer_id"))
    gone = difference.with_answers(gone.with_columns(customer_id=pl.lit("")), None)
    rows = difference.with_elsewhere(rows, gone, suppressions())
    rows = difference.asked_among(rows, failed)
    policy = Policy(leavers="archive", now=NOW)
    table = difference.decide_again(rows, gone, policy, given(), suppressions(), {0: 0, 1: 1})
    return difference.with_others(table, placed)


def unsent(table: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The next ledger and the outcomes where Mailchimp refused all that was sent."""
    work = work_of(table.with_row_index("row").with_row_index("profile"), new_first=False)
    refused = NUMBER["rejected_other"]
    answered = Answered(
        (work.upserts["row"], Results(bytearray([refused]) * work.upserts.height)),
        (work.tag_ops, Results(bytearray([refused]) * work.tag_ops.height)),
        (work.singles["row"], Results(bytearray(), shown=array("I"))),
    )
    times = Times(now=NOW, since=NOW, until=NOW)
    folded = fold(parts_of(table.drop("state")), answered, times, pending=False)
    return folded.ledger, folded.outcomes


@given_some(drawn())
@settings(max_examples=80, deadline=None)
def test_nobody_else_is_sent_nobody_loses_anything_and_all_others_stay_in_the_ledger_as_they_were(
    some: Drawn,
) -> None:
    contacts, known, failed = some
    asked = {*failed["email"]} & {*contacts["email"]}

    table = decided(*some)

    acts = (pl.col("action") == int(Action.UPSERT)) | (pl.col("add") != 0)
    assert {*table.filter(acts)["email"]} <= asked
    assert table.filter(pl.col("remove") != 0).is_empty()
    assert not {*table["action"]} & {int(Action.ARCHIVE), int(Action.UNSUBSCRIBE)}
    assert int(Kind.LEAVER) not in table["kind"]
    sent = {row["email"] for row in contacts.iter_rows(named=True) if row["code"] is None} & asked
    pending = {*known.filter(pl.col("flags") & int(Flag.PENDING) != 0)["email"]}
    unknown = sent - {*known["email"]}
    assert unknown <= {*table.filter(acts)["email"]}
    after, told = unsent(table)
    assert {*told["email"]} == asked
    assert {*known["email"]} - sent <= {*after["email"]} | asked
    before, now = by_email(known), by_email(after)
    assert {email: before[email] for email in before if email not in asked} == {
        email: now.get(email) for email in before if email not in asked
    }
    assert {*now} <= {*before} | asked
    assert pending - asked <= {*now}


def test_whatever_is_remembered_of_a_refusal_it_is_asked_again() -> None:
    names = {"never": RETRY_NEVER, "changed": RETRY_WHEN_CHANGED, "later": NOW + 9}
    contacts = contacts_of({"email": address(name)} for name in names)
    known = ledger_of(
        {
            "email": address(name),
            "flags": 0,
            "refusal": NUMBER["rejected_other"],
            "refused_digest": 7,
            "retry_at": at,
        }
        for name, at in names.items()
    )
    failed = pl.DataFrame([(address(name), "1") for name in names], orient="row")
    failed.columns = ["email", "customer_id"]

    table = decided(contacts, known, failed)

    assert {*table["action"]} == {int(Action.UPSERT)}


def test_of_a_profile_that_is_not_sent_any_more_it_is_told_why_and_of_no_other_one() -> None:
    contacts = contacts_of(
        [
            {"email": address("a"), "customer_id": "1", "code": NUMBER["skipped_no_consent"]},
            {"email": address("a"), "customer_id": "2", "code": NUMBER["skipped_filtered"]},
        ]
    )
    failed = pl.DataFrame({"email": [address("a")], "customer_id": ["2"]})

    _, told = unsent(decided(contacts, ledger_of([]), failed))

    assert [NAMES[code] for code in told["code"]] == ["skipped_filtered"]


def test_a_tag_that_an_export_names_anew_is_still_to_be_taken_from_all_others_afterwards() -> None:
    before = Ledger("acc", "aud", "uid", tags=(LedgerTag("VIP", 10, ("Vip",)),))
    named_anew = replace(before, tags=(LedgerTag("VIP", 10, ()), LedgerTag("Gold", 11, ("Vip",))))
    assert tags.replaced(before, named_anew, 0) == {0: 2}

    after = tags.as_given(named_anew, before)

    assert [tag and tag.id for tag in after.tags] == [10, 11]
    assert tags.replaced(after, named_anew, 0) == {0: 2}
