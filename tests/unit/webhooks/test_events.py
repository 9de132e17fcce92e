"""What Mailchimp's forms say, and which of them tell of somebody who left."""

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.webhooks.events import Event, read_event

DATA = {"id": "8a25ff1d98", "list_id": "a1", "email": "ana@contoso.com", "action": "unsub"}


def form(type_: str = "unsubscribe", fired_at: str = "2026-11-30 09:00:00", **data: str) -> bytes:
    members = {f"data[{name}]": value for name, value in {**DATA, **data}.items()}
    return urlencode({"type": type_, "fired_at": fired_at, **members}).encode()


def event(*args: str, **data: str) -> Event:
    found = read_event(form(*args, **data))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("type_", "action", "state"),
    [
        ("unsubscribe", "unsub", "unsubscribed"),
        ("unsubscribe", "", "unsubscribed"),
        ("unsubscribe", "delete", "archived"),
        ("cleaned", "", "cleaned"),
        ("subscribe", "", None),
        ("profile", "", None),
        ("upemail", "", None),
        ("campaign", "", None),
        ("", "", None),
    ],
)
def test_events_protect_and_none_takes_a_protection_away(
    type_: str, action: str, state: str | None
) -> None:
    assert event(type_, action=action).protected == state


def test_mailchimp_s_times_are_utc() -> None:
    assert event().fired_at == datetime(2026, 11, 30, 9, tzinfo=UTC)
    assert event("unsubscribe", "yesterday").fired_at is None


def test_repeats_have_one_name_and_other_events_others() -> None:
    names = {event().name("secret") for _ in range(2)}
    others = {
        event("cleaned").name("secret"),
        event("unsubscribe", "2026-11-30 09:00:01").name("secret"),
        event(id="8a25ff1d99").name("secret"),
        event().name("another secret"),
    }
    assert len(names) == 1
    assert len(names | others) == 5


@given(st.binary())
def test_any_body_is_read_or_is_none(body: bytes) -> None:
    found = read_event(body)
    assert found is None or found.protected in (None, "unsubscribed", "cleaned", "archived")
