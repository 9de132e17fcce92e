"""The arithmetic of Mailchimp's bill."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mailchimp.answers import Audience, ListCounts
from shared.mailchimp.audience import AudienceState
from shared.mailchimp.suppressions import STATUSES, State
from shared.mailchimp.suppressions.table import Rows
from shared.runs.bill import Bill, Billing, Counters, Growth, Range, Terms, bill_of, grown
from shared.runs.planning.counters import counters_of

NOW = datetime(2026, 11, 30, tzinfo=UTC)
COUNTERS = Counters(
    counted_at="2026-11-30T00:00:00Z",
    subscribed=100,
    subscribed_now=Range(100, 100),
    unsubscribed=20,
    transactional=5,
    pending=0,
    account=200,
)
TERMS = Terms(plan_size=200, block_size=50, price=10, currency="EUR")
counts = st.integers(0, 10_000)
ranges = st.tuples(counts, counts).map(lambda pair: Range(min(pair), max(pair)))


def audience(
    name: str, subscribed: int, unsubscribed: int = 0, unsure: int = 0, *, told: bool = True
) -> Audience:
    found = ListCounts(subscribed, unsubscribed, unsure) if told else None
    return Audience(name, name, False, False, subscribed, NOW, found)


def protected(**totals: int) -> State:
    rows = {status: Rows("", 0, totals.get(status, 0), NOW) for status in STATUSES}
    return State(1, NOW, rows)


@given(
    st.builds(Growth, created=ranges, pending=counts, archived=ranges, unsubscribed=counts),
    counts,
    st.integers(1, 500),
)
def test_no_end_is_above_the_other(growth: Growth, pending: int, block: int) -> None:
    counters = replace(COUNTERS, pending=pending, account_more=pending)
    bill = bill_of(Billing(counters, replace(TERMS, block_size=block)), growth)

    for ends in (bill.audience_after, bill.account_after, bill.blocks_after, bill.price_change):
        assert ends is not None
        assert ends.at_least <= ends.at_most
    assert bill.would_save_by_archiving is not None
    assert (bill.would_save_by_archiving.amount or 0) >= 0


@pytest.mark.parametrize(
    ("created", "blocks"), [(0, 0), (1, 1), (50, 1), (51, 2), (100, 2), (101, 3)]
)
def test_a_block_is_charged_from_its_first_contact_on(created: int, blocks: int) -> None:
    bill = bill_of(Billing(COUNTERS, TERMS), Growth(Range(created, created)))
    assert (bill.blocks_before, bill.blocks_after) == (0, Range(blocks, blocks))
    assert bill.price_change is not None
    assert bill.price_change.at_most == blocks * 10


def test_without_counters_nothing_is_known() -> None:
    assert bill_of(None, Growth(Range(1, 1))) == Bill()
    own, silent = audience("a", 5), audience("b", 5, told=False)
    for state in (AudienceState(silent, [], []), AudienceState(own, [], [], (silent,))):
        assert counters_of(state, 10, protected(), ours_lately=False) is None


def test_who_waits_for_a_confirmation_is_created_at_most() -> None:
    growth = grown(Range(3, 4), 1, Range(0, 0), 0, pending=True)
    assert (growth.created, growth.pending) == (Range(0, 0), 5)


def test_the_account_s_sum_makes_good_an_old_number_of_its_only_audience() -> None:
    state = AudienceState(audience("a", 5, unsubscribed=9), [], [])
    found = counters_of(state, 8, protected(unsubscribed=2, transactional=1), ours_lately=False)
    assert found is not None
    assert (found.audience, found.account, found.subscribed_now) == (11, 11, Range(8, 8))
    # Where the account gives none, what the audience says has to do.
    silent = counters_of(state, None, protected(), ours_lately=False)
    assert silent is not None
    assert (silent.audience, silent.account) == (5, 5)


@pytest.mark.parametrize(("lately", "before"), [(True, 8), (False, 5)])
def test_of_several_audiences_the_one_that_was_worked_on_has_changed(
    lately: bool, before: int
) -> None:
    state = AudienceState(audience("a", 5), [], [], (audience("b", 20, 3, unsure=2),))
    found = counters_of(state, 28, protected(pending=7), ours_lately=lately)
    assert found is not None
    assert (found.audience, found.subscribed_now, found.pending) == (before, Range(5, 8), 7)
    assert (found.account, found.account_more) == (31, 2)
