"""Whether a contact that was read is still as this product left it; in doubt it is not."""

from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from shared.runs.sending.calls.ours import NOT_OURS, Span, came_with_us, changed_within, left_alone

TIMES = st.integers(0, 60)
SPANS = st.lists(st.tuples(TIMES, TIMES).map(sorted).map(lambda ends: Span(*ends)), max_size=3)
STATUSES = ["subscribed", "unsubscribed", "cleaned", "pending", "transactional", "archived", ""]


def text(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat() if time else ""


def ours(time: int, spans: list[Span]) -> bool:
    return any(first > 0 and first <= time <= last for first, last in spans)


@given(st.sampled_from(STATUSES), TIMES, TIMES, SPANS, st.sampled_from(["", "api", "form"]))
@example("subscribed", 20, 0, [Span(10, 30)], "api")
@example("subscribed", 40, 0, [Span(10, 30)], "api")
@example("subscribed", 40, 20, [Span(10, 30)], "api")
@example("subscribed", 20, 0, [Span(0, 0)], "api")
def test_only_who_is_subscribed_by_calls_of_ours_alone_may_be_removed(
    status: str, opted: int, signed_up: int, spans: list[Span], source: str
) -> None:
    member = {
        "status": status,
        "timestamp_opt": text(opted),
        "timestamp_signup": text(signed_up),
        "source": source,
    }
    reason = left_alone(member, tuple(spans), "api")
    if reason is not None:
        return
    assert status == "subscribed"
    assert source != "form"
    assert any(last for _, last in spans)
    # Every time that it shows is one of ours, or confirms an invitation of ours.
    assert not signed_up or ours(signed_up, spans)
    assert not opted or ours(opted, spans) or 0 < signed_up <= opted


def test_one_that_was_created_or_invited_by_us_may_be_removed() -> None:
    span = (Span(10, 30),)
    created = {"status": "subscribed", "timestamp_opt": text(20), "timestamp_signup": ""}
    assert left_alone(created, span, None) is None
    confirmed = created | {"timestamp_opt": text(50), "timestamp_signup": text(20)}
    assert left_alone(confirmed, span, None) is None
    assert left_alone(created, (Span(0, 0),), None) == NOT_OURS


def test_times_that_cannot_be_read_are_nobodys() -> None:
    member = {"timestamp_opt": "last week", "timestamp_signup": ""}
    assert not came_with_us(member, (Span(1, 100),))
    assert not changed_within({"last_changed": "just now"}, Span(1, 100))
    assert not changed_within({}, Span(1, 100))
    assert not changed_within({"last_changed": ""}, Span(0, 0))
