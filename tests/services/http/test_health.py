"""Health says whether the app can do its work."""

from local.stack import Stack
from tests.services.http.conftest import Caller


def test_what_does_not_answer_is_named(call: Caller, stack: Stack) -> None:
    stack.vault.pause()
    try:
        answer = call("GET", "health")
    finally:
        stack.vault.resume()
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "unavailable",
        "dependencies": {
            "app_storage": {"ok": True},
            "segment_storage": {"ok": True},
            "key_vault": {"ok": False},
        },
    }


def test_mailchimp_is_not_asked(call: Caller, stack: Stack) -> None:
    stack.mailchimp.reset_log()
    assert call("GET", "health").status_code == 200
    assert stack.mailchimp.calls() == []
