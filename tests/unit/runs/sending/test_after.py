"""What a failed call means: nothing is given up that may still be sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mailchimp.errors import (
    BlockedError,
    RefusedError,
    RetryError,
    ThrottledError,
    TimedOutError,
    UnavailableError,
)
from shared.runs.codes import FAILED, NUMBER
from shared.runs.job import Job
from shared.runs.payload import ChunkKind, Item, TagItem
from shared.runs.sending.after import (
    TRIES,
    Batch,
    SendAgain,
    Settled,
    Smaller,
    after,
    after_failures,
    words_of,
)

JOB = Job("run", "b2", {0: ("VIP", 7)}, (), "subscribed")
KINDS: tuple[ChunkKind, ...] = ("upsert", "tag", "archive", "unsubscribe")


def batch(size: int, kind: ChunkKind = "upsert") -> Batch:
    items: list[Item] = [TagItem(f"{n}@x.org", 0, n % 2) for n in range(size)]
    return Batch(kind, items, size)


@given(
    st.sampled_from(KINDS),
    st.integers(2, 500),
    st.sampled_from([RefusedError("no"), ThrottledError(), UnavailableError(), TimedOutError()]),
)
def test_contacts_that_fail_together_are_never_failed_by_that(
    kind: ChunkKind, size: int, error: RefusedError | RetryError
) -> None:
    assert isinstance(after(error, batch(size, kind), JOB), SendAgain | Smaller)
    assert isinstance(after_failures(TRIES, batch(size, kind), error), Smaller)


def test_a_refused_contact_has_mailchimps_own_words_as_its_outcome() -> None:
    decision = after(RefusedError("looks fake or invalid"), batch(1), JOB)
    assert isinstance(decision, Settled)
    assert decision.refused is not None
    assert decision.answers.details == {0: "looks fake or invalid"}


def test_a_tag_that_is_gone_fails_additions_and_settles_removals() -> None:
    decision = after(RefusedError("gone", status=404), batch(2, "tag"), JOB)
    assert isinstance(decision, Settled)
    assert decision.delivered
    assert decision.answers.codes == [NUMBER["untagged"], FAILED]


@pytest.mark.parametrize(("error", "counts"), [(ThrottledError(), False), (TimedOutError(), True)])
def test_being_throttled_is_no_try_that_counts(error: RetryError, counts: bool) -> None:
    assert after(error, batch(1), JOB) == SendAgain(counts)


def test_one_contact_is_given_up_after_so_many_tries_and_not_before() -> None:
    assert isinstance(after_failures(TRIES - 1, batch(1), TimedOutError()), SendAgain)
    decision = after_failures(TRIES, batch(1), TimedOutError())
    assert isinstance(decision, Settled)
    assert decision.answers.codes == [FAILED]


def test_a_contact_that_mailchimp_fails_at_has_its_status_and_words() -> None:
    error = UnavailableError("An unexpected internal error has occurred", status=500)
    decision = after_failures(TRIES, batch(1), error)
    assert isinstance(decision, Settled)
    assert decision.answers.details == {
        0: "Mailchimp answered HTTP 500: An unexpected internal error has occurred"
    }
    assert words_of(TimedOutError()) == words_of(UnavailableError(status=503)) == ""


def test_who_makes_a_firewall_refuse_a_call_is_found_sooner_than_who_makes_it_slow() -> None:
    page = BlockedError(status=403, page="<html>Reference #18.2d</html>")
    assert isinstance(after(page, batch(61), JOB), SendAgain)
    assert isinstance(after_failures(3, batch(61), page), Smaller)
    assert isinstance(after_failures(3, batch(61), BlockedError(status=403)), SendAgain)
    # One contact is given up no sooner than for anything else.
    assert isinstance(after_failures(TRIES - 1, batch(1), page), SendAgain)
    decision = after_failures(TRIES, batch(1), page)
    assert isinstance(decision, Settled)
    assert decision.answers.details == {
        0: "Mailchimp answered HTTP 403: the page of a firewall, with the reference 18.2d"
    }
