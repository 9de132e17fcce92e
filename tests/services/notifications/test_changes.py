"""What is told, when, and how often."""

import json
from typing import Any

import pytest

from local.stack import Stack
from shared.app import App
from shared.notice import Notice
from shared.notifications import changes
from tests.services.notifications.conftest import SECRET, Ended, Hook
from tests.support.place import until
from tests.support.stored import stored_export

_EXPORTS = iter(f"weekly-{number}" for number in range(100))


@pytest.fixture
def export(stack: Stack, hook: Hook) -> str:
    """An export that nothing was told about, with a webhook that listens."""
    stack.vault.set(SECRET, f"{hook.url}\nthe signing key")
    return next(_EXPORTS)


def told(hook: Hook, count: int) -> list[dict[str, Any]]:
    until(lambda: len(hook.calls) >= count, timeout=20, what=f"{count} calls")
    assert len(hook.calls) == count
    return [json.loads(body) for _, body in hook.calls]


def settled(app: App) -> None:
    """Wait until nothing is due any more."""
    until(lambda: not list(app.blobs.list("exports/_notices/due/")), timeout=20, what="the telling")


def test_a_change_is_told_once_and_so_is_the_way_back(
    app: App, hook: Hook, export: str, ended: Ended
) -> None:
    for status in ("succeeded", "failed", "failed", "cancelled", "failed"):
        changes.note_end(app, ended(status, export=export))
        settled(app)
    changes.tell_due(app)
    (body,) = told(hook, 1)
    assert (body["status_before"], body["status"]) == ("succeeded", "failed")
    assert body["error"] == {"code": "x", "params": {}, "detail": "Why."}
    assert (body["export"], body["display_name"]) == (export, "Weekly news")
    changes.note_end(app, ended("partial", export=export))
    settled(app)
    changes.note_end(app, ended("succeeded", export=export))
    settled(app)
    assert [one["status"] for one in told(hook, 3)] == ["failed", "partial", "succeeded"]


def test_ending_the_same_run_again_tells_nothing_more(
    app: App, hook: Hook, export: str, ended: Ended
) -> None:
    run = ended("failed", export=export)
    for _ in range(3):
        changes.note_end(app, run)
        settled(app)
    told(hook, 1)


def test_previews_say_nothing(app: App, hook: Hook, export: str, ended: Ended) -> None:
    changes.note_end(app, ended("failed", export=export, preview=True))
    changes.tell_due(app)
    assert hook.calls == []


def test_what_could_not_be_told_is_told_by_the_tick(
    app: App, hook: Hook, export: str, ended: Ended
) -> None:
    hook.status = 503
    changes.note_end(app, ended("failed", export=export))
    name = f"exports/_notices/due/{export}"
    until(lambda: (app.blobs.read_document(name) or [{}])[0].get("tries") == 1, what="the try")
    changes.tell_due(app)
    assert len(hook.calls) == 1, "it waits a minute"
    hook.status = 200
    app.blobs.update_document(name, lambda due: {**due, "next_at": "2026-01-01T00:00:00Z"})
    changes.tell_due(app)
    settled(app)
    assert len({headers["x-segment-export-id"] for headers, _ in hook.calls}) == 1
    assert len(hook.calls) == 2


def test_a_slow_webhook_keeps_a_tick_for_so_long_and_then_the_others_come_first(
    app: App, hook: Hook, export: str
) -> None:
    names = [f"{export}-{n}" for n in range(3)]
    for name in names:
        body = {"export": name, "run": name, "status": "failed", "status_before": "succeeded"}
        due = {"uid": name, "body": body, "tries": 0, "next_at": "2026-01-01T00:00:00Z"}
        app.blobs.write_document(f"exports/_notices/due/{name}", due)
    # Storage tells times of writing in whole seconds.
    hook.status, hook.seconds = 503, 1.1
    changes.tell_due(app, seconds=0.3)
    assert [body["export"] for body in told(hook, 1)] == names[:1]

    hook.status, hook.seconds = 200, 0.0
    first = f"exports/_notices/due/{names[0]}"
    app.blobs.update_document(first, lambda due: {**due, "next_at": "2026-01-01T00:00:00Z"})
    changes.tell_due(app)
    settled(app)
    assert [body["export"] for body in told(hook, 4)] == [*names, names[0]]


def test_a_change_back_that_came_first_leaves_nothing_to_tell(
    app: App, hook: Hook, export: str, ended: Ended
) -> None:
    hook.status = 500
    changes.note_end(app, ended("failed", export=export))
    until(lambda: hook.calls, what="the first try")
    name = f"exports/_notices/due/{export}"
    until(lambda: (app.blobs.read_document(name) or [{}])[0].get("tries") == 1, what="the try")
    changes.note_end(app, ended("succeeded", export=export))
    assert app.blobs.read_document(name) is None


def test_a_redirect_is_not_followed(app: App, hook: Hook, export: str, ended: Ended) -> None:
    hook.status, hook.location = 307, hook.url
    changes.note_end(app, ended("failed", export=export))
    name = f"exports/_notices/due/{export}"
    until(lambda: (app.blobs.read_document(name) or [{}])[0].get("tries") == 1, what="the try")
    assert len(hook.calls) == 1
    app.blobs.delete(name)


def test_an_address_in_mailchimps_words_is_left_out(
    app: App, hook: Hook, export: str, ended: Ended
) -> None:
    error = Notice("internal_error", "Mailchimp refuses: ana@contoso.com is odd")
    changes.note_end(app, ended("failed", export=export, error=error))
    (body,) = told(hook, 1)
    assert body["error"]["detail"] == "Mailchimp refuses: (address) is odd"


def test_who_answers_late_is_not_told_again_but_of_the_way_back(
    app: App, hook: Hook, export: str, ended: Ended
) -> None:
    # Longer than an answer is waited for.
    hook.seconds = 5.5
    changes.note_end(app, ended("failed", export=export))
    until(lambda: hook.calls, timeout=20, what="the call")
    settled(app)
    hook.seconds = 0.0
    changes.tell_due(app)
    assert [body["status"] for body in told(hook, 1)] == ["failed"]
    changes.note_end(app, ended("succeeded", export=export))
    settled(app)
    assert [body["status"] for body in told(hook, 2)] == ["failed", "succeeded"]


def test_input_that_has_become_stale_is_told_and_so_is_that_it_is_fresh_again(
    app: App, hook: Hook, export: str
) -> None:
    stored = stored_export(export, display_name="Weekly news")
    changes.note_input(app, stored, {"VIP": "2026-11-20T06:00:00Z"})
    changes.tell_due(app)
    settled(app)
    changes.note_input(app, stored, {})
    changes.tell_due(app)
    settled(app)
    stale, fresh = told(hook, 2)
    assert (stale["event"], fresh["event"]) == ("input_stale", "input_fresh")
    assert stale["segments"] == [{"name": "VIP", "written_at": "2026-11-20T06:00:00Z"}]
    assert (stale["export"], stale["display_name"]) == (export, "Weekly news")


def test_input_that_is_fresh_before_anybody_was_told_is_not_told(
    app: App, hook: Hook, export: str
) -> None:
    changes.note_input(app, stored_export(export), {"VIP": "2026-11-20T06:00:00Z"})
    changes.note_input(app, stored_export(export), {})
    changes.tell_due(app)
    assert hook.calls == []
