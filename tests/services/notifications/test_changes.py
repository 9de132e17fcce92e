"""What is told, when, and how often."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueServiceClient, TextBase64DecodePolicy

from local.stack import Stack
from shared.app import App
from shared.notice import Notice
from shared.notifications import changes
from shared.notifications.telling import tell
from shared.platform import queues
from tests.services.notifications.conftest import SECRET, Ended, Hook
from tests.support.stored import stored_export

_EXPORTS = iter(f"weekly-{number}" for number in range(100))


@pytest.fixture
def export(app: App, stack: Stack, hook: Hook) -> Iterator[str]:
    """An export that nothing was told about, with a webhook that listens."""
    stack.vault.set(SECRET, f"{hook.url}\nthe signing key")
    yield next(_EXPORTS)
    # What is due still would be told to the next test's receivers.
    app.blobs.delete_all("exports/_notices/due/")
    messages(stack)


def told(hook: Hook, count: int) -> list[dict[str, Any]]:
    assert len(hook.calls) == count
    return [json.loads(body) for _, body in hook.calls]


def due(app: App, export: str) -> dict[str, Any] | None:
    found = app.blobs.read_document(f"exports/_notices/due/{export}")
    return found[0] if found else None


def messages(stack: Stack) -> list[str]:
    """What the messages that can be seen ask for; takes all of them."""
    with QueueServiceClient.from_connection_string(stack.azurite.connection_string) as service:
        client = service.get_queue_client(
            queues.NOTICES, message_decode_policy=TextBase64DecodePolicy()
        )
        try:
            found = list(client.receive_messages(messages_per_page=32))
        except ResourceNotFoundError:
            return []
        for message in found:
            client.delete_message(message)
    return [json.loads(message.content)["notice"] for message in found]


def work(app: App, stack: Stack) -> None:
    """Handle what is in the queue, as the host would."""
    for notice in messages(stack):
        tell(app, {"notice": notice})


def passes(app: App, export: str) -> None:
    """Let the time go by that a notification was put off for."""
    name = f"exports/_notices/due/{export}"
    app.blobs.update_document(name, lambda due: {**due, "next_at": "2026-01-01T00:00:00Z"})


def listen(stack: Stack, *hooks: Hook, **more: str) -> None:
    """Have these receivers in the vault."""
    stack.vault.set(SECRET, json.dumps([{"url": hook.url, **more} for hook in hooks]))


def test_a_change_is_told_once_and_so_is_the_way_back(
    app: App, stack: Stack, hook: Hook, export: str, ended: Ended
) -> None:
    for status in ("succeeded", "failed", "failed", "cancelled", "failed"):
        changes.note_end(app, ended(status, export=export))
        work(app, stack)
    changes.queue_due(app)
    work(app, stack)
    (body,) = told(hook, 1)
    assert (body["status_before"], body["status"]) == ("succeeded", "failed")
    assert body["error"] == {"code": "x", "params": {}, "detail": "Why."}
    assert (body["export"], body["display_name"]) == (export, "Weekly news")
    for status in ("partial", "succeeded"):
        changes.note_end(app, ended(status, export=export))
        work(app, stack)
    assert [one["status"] for one in told(hook, 3)] == ["failed", "partial", "succeeded"]
    assert due(app, export) is None


def test_an_end_waits_for_no_receiver_and_puts_a_message_with_an_id_alone(
    app: App, stack: Stack, hook: Hook, export: str, ended: Ended
) -> None:
    changes.note_end(app, ended("failed", export=export))
    assert hook.calls == []
    assert messages(stack) == [export]


def test_ending_the_same_run_again_tells_nothing_more(
    app: App, stack: Stack, hook: Hook, export: str, ended: Ended
) -> None:
    run = ended("failed", export=export)
    for _ in range(3):
        changes.note_end(app, run)
        work(app, stack)
    # Messages may come twice.
    tell(app, {"notice": export})
    told(hook, 1)


def test_previews_say_nothing(
    app: App, stack: Stack, hook: Hook, export: str, ended: Ended
) -> None:
    changes.note_end(app, ended("failed", export=export, preview=True))
    changes.queue_due(app)
    assert messages(stack) == []
    assert hook.calls == []


def test_what_could_not_be_told_is_told_later_and_a_lost_message_is_sent_again(
    app: App, stack: Stack, hook: Hook, export: str, ended: Ended
) -> None:
    hook.status = 503
    changes.note_end(app, ended("failed", export=export))
    messages(stack)
    changes.queue_due(app)
    work(app, stack)
    assert (due(app, export) or {})["tries"] == 1
    changes.queue_due(app)
    tell(app, {"notice": export})
    assert messages(stack) == []
    assert len(hook.calls) == 1, "it waits a minute"
    hook.status = 200
    passes(app, export)
    changes.queue_due(app)
    work(app, stack)
    assert due(app, export) is None
    assert len({headers["x-segment-export-id"] for headers, _ in hook.calls}) == 1
    assert len(hook.calls) == 2


def test_while_somebody_tells_a_notice_another_message_waits_and_tells_it_not_twice(
    app: App, stack: Stack, hook: Hook, export: str, ended: Ended
) -> None:
    changes.note_end(app, ended("failed", export=export))
    with app.leases.held(f"exports/_notices/locks/{export}"):
        work(app, stack)
        assert hook.calls == []
        assert messages(stack) == [], "it comes back in some seconds"
    tell(app, {"notice": export})
    tell(app, {"notice": export})
    told(hook, 1)


def test_what_fails_for_a_day_is_given_up_and_the_way_back_is_told(
    app: App, stack: Stack, hook: Hook, export: str, ended: Ended
) -> None:
    hook.status = 410
    changes.note_end(app, ended("failed", export=export))
    for _ in range(30):
        tell(app, {"notice": export})
        passes(app, export)
    assert len(hook.calls) == 24
    hook.status, hook.calls[:] = 200, []
    changes.note_end(app, ended("succeeded", export=export))
    work(app, stack)
    assert [body["status_before"] for body in told(hook, 1)] == ["failed"]


def test_a_change_back_that_came_first_leaves_nothing_to_tell(
    app: App, stack: Stack, hook: Hook, export: str, ended: Ended
) -> None:
    hook.status = 500
    changes.note_end(app, ended("failed", export=export))
    work(app, stack)
    changes.note_end(app, ended("succeeded", export=export))
    assert due(app, export) is None


def test_of_several_receivers_each_hears_of_a_change_and_of_the_way_back_once(
    app: App, stack: Stack, hook: Hook, other: Hook, export: str, ended: Ended
) -> None:
    listen(stack, hook, other)
    hook.status = 503
    changes.note_end(app, ended("failed", export=export))
    work(app, stack)
    assert [body["status"] for body in told(other, 1)] == ["failed"]
    passes(app, export)
    tell(app, {"notice": export})
    told(other, 1)

    # The one that never heard of it hears of no way back either.
    hook.calls.clear()
    hook.status = 200
    changes.note_end(app, ended("succeeded", export=export))
    work(app, stack)
    assert [body["status"] for body in told(other, 2)] == ["failed", "succeeded"]
    assert hook.calls == []

    changes.note_end(app, ended("partial", export=export))
    work(app, stack)
    for one in (told(hook, 1)[0], told(other, 3)[-1]):
        assert (one["status_before"], one["status"]) == ("succeeded", "partial")
    assert due(app, export) is None


def test_a_redirect_is_not_followed(
    app: App, stack: Stack, hook: Hook, export: str, ended: Ended
) -> None:
    hook.status, hook.location = 307, hook.url
    changes.note_end(app, ended("failed", export=export))
    work(app, stack)
    assert (due(app, export) or {})["tries"] == 1
    assert len(hook.calls) == 1


def test_an_address_in_mailchimps_words_is_left_out(
    app: App, stack: Stack, hook: Hook, export: str, ended: Ended
) -> None:
    error = Notice("internal_error", "Mailchimp refuses: ana@contoso.com is odd")
    changes.note_end(app, ended("failed", export=export, error=error))
    work(app, stack)
    (body,) = told(hook, 1)
    assert body["error"]["detail"] == "Mailchimp refuses: (address) is odd"


def test_who_answers_late_is_not_told_again_but_of_the_way_back(
    app: App, stack: Stack, hook: Hook, export: str, ended: Ended
) -> None:
    # Longer than an answer is waited for.
    hook.seconds = 5.5
    changes.note_end(app, ended("failed", export=export))
    work(app, stack)
    assert due(app, export) is None
    hook.seconds = 0.0
    changes.queue_due(app)
    work(app, stack)
    assert [body["status"] for body in told(hook, 1)] == ["failed"]
    changes.note_end(app, ended("succeeded", export=export))
    work(app, stack)
    assert [body["status"] for body in told(hook, 2)] == ["failed", "succeeded"]


def test_input_that_has_become_stale_is_told_and_so_is_that_it_is_fresh_again(
    app: App, stack: Stack, hook: Hook, export: str
) -> None:
    stored = stored_export(export, display_name="Weekly news")
    changes.note_input(app, stored, {"VIP": "2026-11-20T06:00:00Z"})
    work(app, stack)
    # Told, and gone from what is due: the way back is told to all.
    assert due(app, f"{export}.input") is None
    changes.note_input(app, stored, {})
    work(app, stack)
    stale, fresh = told(hook, 2)
    assert (stale["event"], fresh["event"]) == ("input_stale", "input_fresh")
    assert stale["segments"] == [{"name": "VIP", "written_at": "2026-11-20T06:00:00Z"}]
    assert (stale["export"], stale["display_name"]) == (export, "Weekly news")


def test_input_that_is_fresh_before_anybody_was_told_is_told_to_nobody_else_than_who_was(
    app: App, stack: Stack, hook: Hook, other: Hook, export: str
) -> None:
    listen(stack, hook, other)
    stored, stale = stored_export(export), {"VIP": "2026-11-20T06:00:00Z"}
    changes.note_input(app, stored, stale)
    changes.note_input(app, stored, {})
    work(app, stack)
    assert hook.calls == other.calls == []

    hook.status = 503
    changes.note_input(app, stored, stale)
    work(app, stack)
    hook.status, hook.calls[:] = 200, []
    changes.note_input(app, stored, {})
    work(app, stack)
    assert hook.calls == []
    assert [body["event"] for body in told(other, 2)] == ["input_stale", "input_fresh"]


def test_slack_and_teams_get_a_text_in_the_language_of_their_people(
    app: App, stack: Stack, hook: Hook, other: Hook, export: str, ended: Ended
) -> None:
    receivers = [
        {"url": hook.url, "format": "slack", "language": "hr"},
        {"url": other.url, "format": "teams", "language": "en"},
    ]
    stack.vault.set(SECRET, json.dumps(receivers))
    error = Notice("segment_not_found", "…", {"segment": "VIP <1>", "folder": "f"})
    changes.note_end(app, ended("failed", export=export, error=error))
    work(app, stack)
    ((headers, _),) = hook.calls
    assert "x-segment-export-signature" not in headers
    (slack,), (teams,) = told(hook, 1), told(other, 1)
    assert list(slack) == ["text"]
    title, what, *_ = slack["text"].splitlines()
    assert title == "*Weekly news: Uspjelo → Nije uspjelo*"
    assert what.endswith("VIP &lt;1&gt;")
    (attached,) = teams["attachments"]
    assert teams["type"] == "message"
    assert attached["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attached["content"]
    assert card["type"] == "AdaptiveCard"
    assert card["body"][0]["text"] == "Weekly news: Succeeded → Failed"
    assert card["body"][1]["text"].endswith("VIP <1>")
