"""Whose consent was withdrawn, what is done about it, and when that is too many to be true."""

from typing import Literal

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.runs.codes import NUMBER
from shared.runs.ledger import Flag
from shared.runs.planning import difference
from shared.runs.planning.difference.leavers import in_one_row, leavers_of
from shared.runs.planning.difference.policy import Policy
from shared.runs.planning.difference.safety_stop import Removals
from shared.runs.planning.profiles import ProfileColumns, gather
from shared.runs.run_table import Action, Kind, Note
from tests.support.tables import NOW, address, contacts_of, ledger_of, suppressions
from tests.support.tables import given as given_by_others

Answer = Literal["gone", "blank", "no", "older no", "filtered"]
HAD = int(Flag.ACCEPTED | Flag.ADDED | Flag.CONSENTED)
ANSWERS = {
    "blank": (False, True),
    "no": (True, True),
    "older no": (True, False),
    "filtered": (False, True),
}

# Why, and whether a value keeps out every profile; else a lack of consent does.
REASONS = {"filtered": (int(Note.FILTERED), True)}


def gone_of(people: list[tuple[int, int, Answer]]) -> pl.DataFrame:
    """Contacts of a ledger, by flags and tags, none of whose profiles consents."""
    known = ledger_of(
        {"email": address(str(n)), "customer_id": str(n), "flags": flags, "tags": tags}
        for n, (flags, tags, _) in enumerate(people)
    )
    nobody = contacts_of([])
    _, gone = difference.join_ledger(nobody, known.drop("customer_id").with_row_index("place"))
    gone = gone.with_columns(customer_id=known["customer_id"].gather(gone["place"]))
    answers = pl.DataFrame(
        [
            (address(str(n)), *ANSWERS[answer], *REASONS.get(answer, (int(Note.NO_CONSENT), False)))
            for n, (_, _, answer) in enumerate(people)
            if answer != "gone"
        ],
        schema={
            "email": pl.String,
            "refuses": pl.Boolean,
            "as_new": pl.Boolean,
            "note": pl.Int32,
            "outside": pl.Boolean,
        },
        orient="row",
    )
    return difference.with_answers(gone, answers)


def decided(
    people: list[tuple[int, int, Answer]], policy: Policy, others: pl.DataFrame | None = None
) -> tuple[dict[str, dict[str, int]], Removals]:
    rows, _ = difference.join_ledger(
        contacts_of(
            {"email": address(str(n)), "customer_id": str(n), "code": NUMBER["skipped_no_consent"]}
            for n, (_, _, answer) in enumerate(people)
            if answer != "gone"
        ),
        ledger_of([]).drop("customer_id").with_row_index("place"),
    )
    gone = gone_of(people)
    rows = difference.with_elsewhere(rows, gone, suppressions())
    others = given_by_others() if others is None else others
    table, removals = difference.decide(rows, gone, policy, others, suppressions(), {0: 0})
    mine = table.filter(pl.col("kind") != int(Kind.PROFILE))
    return {row["customer_id"]: row for row in mine.iter_rows(named=True)}, removals


flags = st.sets(st.sampled_from([Flag.ADDED, Flag.CONSENTED, Flag.UNCERTAIN])).map(
    lambda some: int(sum(some, Flag.ACCEPTED))
)
people = st.lists(
    st.tuples(flags, st.integers(0, 1), st.sampled_from(["gone", "blank", "no", "older no"])),
    max_size=8,
)


@settings(max_examples=150)
@given(
    people,
    st.sampled_from(["untag", "keep", "archive", "unsubscribe"]),
    st.sampled_from(["untag", "archive", "unsubscribe"]),
)
def test_nothing_irreversible_is_done_to_who_has_not_left_but_by_a_withdrawal(
    people: list[tuple[int, int, Answer]],
    leavers: Literal["untag", "keep", "archive", "unsubscribe"],
    withdrawn: Literal["untag", "archive", "unsubscribe"],
) -> None:
    policy = Policy(leavers=leavers, withdrawn=withdrawn, now=NOW, allow_removals=True)
    rows, _ = decided(people, policy)
    assert len(rows) == len(people)
    for n, (flag, tags, answer) in enumerate(people):
        row = rows[str(n)]
        withdrew = answer == "no" and bool(flag & Flag.CONSENTED)
        ours = bool(flag & Flag.ADDED)
        wanted = leavers if answer == "gone" else withdrawn if withdrew else "untag"
        acts = ours and wanted in ("archive", "unsubscribe")
        assert Action(row["action"]).name == (wanted.upper() if acts else "NONE")
        keeps = leavers == "keep" and not withdrew
        assert row["remove"] == (0 if keeps else tags)
        # Whoever refuses is not held by this export any more; nobody else is forgotten for that.
        assert bool(row["old_flags"] & Flag.REFUSED) == (answer in ("no", "older no"))
        if answer != "gone":
            told = {True: Note.CONSENT_WITHDRAWN, False: Note.NO_CONSENT}[withdrew]
            assert (row["kind"], row["note"]) in [(Kind.LEAVER, told), (Kind.KEPT, Note.NONE)]
            assert (row["kind"] == Kind.LEAVER) == bool(row["remove"] or acts)


@pytest.mark.parametrize("firm", [True, False])
def test_who_withdrew_is_kept_by_those_exports_alone_that_let_go_of_people(firm: bool) -> None:
    ours = int(Flag.ACCEPTED | Flag.ADDED | Flag.CONSENTED)
    others = given_by_others(**{"0": 0, "1": 0}).with_columns(firm=pl.lit(firm))
    policy = Policy(leavers="archive", withdrawn="archive", now=NOW, allow_removals=True)
    rows, _ = decided([(ours, 1, "no"), (ours, 1, "gone")], policy, others)
    acts = [Action(rows[n]["action"]) for n in ("0", "1")]
    assert acts == [Action.NONE if firm else Action.ARCHIVE, Action.NONE]


def test_a_withdrawal_has_one_row_that_of_the_profile() -> None:
    leavers = leavers_of(gone_of([(HAD, 1, "no")]), suppressions(), Policy())
    profile = {"email": address("0"), "code": NUMBER["skipped_no_consent"], "segments": 4}
    rows, _ = difference.join_ledger(
        contacts_of([profile | {"customer_id": "other"}, profile | {"customer_id": "0"}]),
        ledger_of([]).drop("customer_id").with_row_index("place"),
    )
    rows, leavers = in_one_row(rows, leavers)
    assert rows["customer_id"].to_list() == ["other"]
    assert leavers.select("customer_id", "segments").rows() == [("0", 4)]


@pytest.mark.parametrize(
    ("withdrew", "stay", "withheld"),
    [(24, 100, False), (25, 100, False), (26, 100, True), (3, 2, True), (1, 1, False)],
)
@pytest.mark.parametrize("withdrawn", ["archive", "unsubscribe"])
def test_too_many_withdrawals_lose_their_tags_and_nothing_more(
    withdrew: int, stay: int, withheld: bool, withdrawn: Literal["archive", "unsubscribe"]
) -> None:
    policy = Policy(withdrawn=withdrawn, now=NOW, removal_limit_percent=20, leavers="keep")
    everybody: list[tuple[int, int, Answer]] = [(HAD, 1, "no")] * withdrew
    everybody += [(HAD, 0, "blank")] * stay
    rows, removals = decided(everybody, policy)
    acted = {row["action"] for row in rows.values()} - {int(Action.NONE)}
    assert bool(removals.withdrawals) == withheld == (not acted)
    # Neither stop keeps the tags of those who withdrew.
    assert removals.withheld == ""
    assert sum(row["remove"] for row in rows.values()) == withdrew


def test_the_stop_for_withdrawals_is_lifted_by_allow_removals() -> None:
    policy = Policy(withdrawn="archive", now=NOW, removal_limit_percent=0, allow_removals=True)
    rows, removals = decided([(HAD, 0, "no")] * 30, policy)
    assert removals.withdrawals == ""
    assert {row["action"] for row in rows.values()} == {int(Action.ARCHIVE)}


def test_whose_withdrawal_was_withheld_without_a_tag_left_is_told_so_and_comes_again() -> None:
    policy = Policy(withdrawn="archive", now=NOW, removal_limit_percent=0)
    rows, _ = decided([(HAD, 0, "no")] * 30, policy)
    assert {(row["note"], row["kind"]) for row in rows.values()} == {
        (int(Note.REMOVAL_WITHHELD), int(Kind.LEAVER))
    }


answers = st.sampled_from(["yes", "no", "", None])


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, 2), answers), min_size=1, max_size=6), st.integers(1, 3))
def test_of_a_profile_the_newest_snapshot_decides_and_of_equally_new_ones_a_refusal(
    rows: list[tuple[int, str | None]], at_once: int
) -> None:
    ranks = (1, 0, 1)
    columns = ProfileColumns("Mail", (), "Consent", frozenset({"yes"}), ranks)

    def batch(segment: int) -> pa.RecordBatch:
        mine = [answer for where, answer in rows if where == segment]
        return pa.RecordBatch.from_pydict(
            {
                "CustomerId": pa.array(["1"] * len(mine), pa.string()),
                "Mail": pa.array(["a@x.org"] * len(mine), pa.string()),
                "Consent": pa.array(mine, pa.string()),
            }
        )

    frame = gather([(f"s{n}", [batch(n)]) for n in range(3)], columns, at_once=at_once).frame
    newest = max(ranks[segment] for segment, _ in rows)
    counting = [answer for segment, answer in rows if ranks[segment] == newest]
    assert frame.select("consent", "refused", "rank").rows() == [
        (all(answer == "yes" for answer in counting), "no" in counting, newest)
    ]


@pytest.mark.parametrize(("filtered", "withheld"), [(24, False), (26, True)])
def test_too_many_whom_a_filter_lets_go_of_are_withheld_as_leavers_are(
    filtered: int, withheld: bool
) -> None:
    everybody: list[tuple[int, int, Answer]] = [(HAD, 1, "filtered")] * filtered
    everybody += [(HAD, 0, "blank")] * 100
    rows, removals = decided(
        everybody, Policy(leavers="archive", now=NOW, removal_limit_percent=20)
    )
    assert bool(removals.withheld) == withheld
    archived = [row for row in rows.values() if row["action"] == int(Action.ARCHIVE)]
    assert len(archived) == (0 if withheld else filtered)
    told = Note.REMOVAL_WITHHELD if withheld else Note.FILTERED
    assert [row["note"] for row in rows.values()].count(int(told)) == filtered
