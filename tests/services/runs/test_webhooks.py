"""What Mailchimp's webhooks tell keeps people out at once, and changes nothing else."""

import hashlib
import hmac
import time
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest

from local.azurite import Azurite
from shared.app import App
from shared.mailchimp.suppressions import drop_told
from shared.platform.clock import utc_now
from shared.webhooks import hooks
from shared.webhooks.hooks import Hook
from shared.webhooks.taking import Verdict, take
from tests.support.erasing import erase_here
from tests.support.steps import Steps

SECRET = "what Mailchimp has signed with"


def form(
    steps: Steps,
    number: int,
    changes: Mapping[str, str] | None = None,
    *,
    fired_at: datetime | None = None,
) -> bytes:
    """An event about a person of the segment."""
    fired = (fired_at or utc_now()).strftime("%Y-%m-%d %H:%M:%S")
    data = {"id": f"{number:032x}", "list_id": steps.audience, "email": steps.email(number)}
    members = {f"data[{name}]": value for name, value in data.items()}
    return urlencode(
        {"type": "unsubscribe", "fired_at": fired, **members, **(changes or {})}
    ).encode()


def signed(body: bytes, secret: str = SECRET, age: int = 0) -> str:
    at = int(time.time()) - age
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


@pytest.fixture
def hook(steps: Steps) -> Iterator[Hook]:
    """A webhook of the export's audience, as the app keeps it."""
    steps.run()
    account = steps.account.account_id
    made = Hook(
        *(hooks.new_id(), steps.name, f"mailchimp-{steps.name}", account, steps.audience),
        *("https://app/", "on", hooks.now()),
    )
    hooks.write_hook(steps.app.blobs, made)
    steps.vault.set(hooks.secret_of(made.id), SECRET)
    steps.app.board.put_told(account, steps.audience)
    yield made
    hooks.drop_hook(steps.app.blobs, made.id)
    steps.app.board.remove_told(account, steps.audience)


def told(steps: Steps) -> list[str]:
    """The names of what webhooks have told of the audience."""
    folder = f"suppressions/{steps.account.account_id}/{steps.audience}/told/"
    return [blob.name for blob in steps.app.blobs.list(folder)]


def planned(steps: Steps) -> str:
    """A run that has something to send of everybody, and has sent nothing yet."""
    steps.write({"VIP": range(3)}, FirstName="Anew")
    run = steps.start()
    steps.plan(run)
    return run


def codes(steps: Steps, run: str) -> dict[str, str]:
    steps.lane()
    steps.finish(run)
    return {row["email"]: row["code"] for row in steps.outcomes(run)}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "skipped_unsubscribed"),
        ({"type": "cleaned"}, "skipped_cleaned"),
        ({"data[action]": "delete"}, "skipped_archived"),
    ],
)
def test_who_left_after_the_plan_is_not_sent_any_more(
    steps: Steps, hook: Hook, changes: dict[str, str], code: str
) -> None:
    run = planned(steps)
    body = form(steps, 0, changes)

    assert take(steps.app, hook.id, signed(body), body) is Verdict.TAKEN

    steps.mailchimp.reset_log()
    found = codes(steps, run)
    assert found == {
        steps.email(0): code,
        steps.email(1): "updated",
        steps.email(2): "updated",
    }
    contacts = steps.mailchimp.contacts(steps.audience)
    names = {email: contact.merge_fields["FNAME"] for email, contact in contacts.items()}
    assert (names[steps.email(0)], names[steps.email(1)]) == ("P0", "Anew")
    # Nobody was asked about it.
    assert [call.method for call in steps.mailchimp.calls()] == ["POST"]


def test_the_next_plan_goes_by_what_looking_shows(steps: Steps, hook: Hook) -> None:
    """An event about somebody who is subscribed keeps her out until a look has had its time."""
    body = form(steps, 0, fired_at=utc_now() - timedelta(minutes=20))
    take(steps.app, hook.id, signed(body), body)
    assert len(told(steps)) == 1

    assert set(codes(steps, planned(steps)).values()) == {"updated"}


def test_who_was_left_out_wrongly_is_sent_as_soon_as_looking_says_so(
    steps: Steps, hook: Hook
) -> None:
    """Somebody came back before a late event arrived: it costs her one run, and nothing else."""
    run = planned(steps)
    body = form(steps, 0)
    take(steps.app, hook.id, signed(body), body)
    assert codes(steps, run)[steps.email(0)] == "skipped_unsubscribed"
    for name in told(steps):
        steps.app.blobs.delete(name)

    assert set(codes(steps, planned(steps)).values()) == {"updated", "unchanged"}
    assert steps.mailchimp.contacts(steps.audience)[steps.email(0)].merge_fields["FNAME"] == "Anew"


def test_repeats_are_one_and_none_takes_a_protection_away(steps: Steps, hook: Hook) -> None:
    run = planned(steps)
    gone = form(steps, 0)
    back = form(steps, 0, {"type": "subscribe"})

    for body in (gone, gone, back, gone):
        assert take(steps.app, hook.id, signed(body), body) is Verdict.TAKEN

    assert len(told(steps)) == 1
    assert codes(steps, run)[steps.email(0)] == "skipped_unsubscribed"


def test_forged_foreign_and_late_ones_leave_no_trace(steps: Steps, hook: Hook) -> None:
    body = form(steps, 0)
    elsewhere = form(steps, 0, {"data[list_id]": "another"})
    late = form(steps, 0, fired_at=utc_now() - timedelta(minutes=75))

    assert take(steps.app, hook.id, None, body) is Verdict.FORGED
    assert take(steps.app, hook.id, signed(body, "guessed"), body) is Verdict.FORGED
    assert take(steps.app, hook.id, signed(body, age=301), body) is Verdict.FORGED
    assert take(steps.app, hook.id, signed(body), body + b"&x=1") is Verdict.FORGED
    for strange in (elsewhere, late, b"\xff", b""):
        assert take(steps.app, hook.id, signed(strange), strange) is Verdict.TAKEN

    assert told(steps) == []


def test_a_webhook_is_given_up_only_where_it_is_known_that_there_is_none(
    steps: Steps, hook: Hook
) -> None:
    body = form(steps, 0)
    assert take(steps.app, uuid.uuid4().hex, signed(body), body) is Verdict.GONE

    hooks.write_hook(steps.app.blobs, Hook(**{**vars(hook), "state": "making"}))
    assert take(steps.app, hook.id, None, body) is Verdict.UNSURE
    hooks.write_hook(steps.app.blobs, Hook(**{**vars(hook), "state": "removing"}))
    assert take(steps.app, hook.id, None, body) is Verdict.GONE


def test_a_vault_that_is_silent_and_a_store_that_is_gone_switch_nothing_off(
    steps: Steps, hook: Hook, azurite: Azurite, app: App
) -> None:
    body = form(steps, 0)
    steps.vault.pause()
    assert take(steps.app, hook.id, signed(body), body) is Verdict.UNSURE
    steps.vault.resume()
    assert take(steps.app, hook.id, signed(body), body) is Verdict.TAKEN

    assert take(app, hook.id, signed(body), body) is Verdict.GONE
    app.blobs._container.delete_container()  # the store as a mishap leaves it
    assert take(app, hook.id, signed(body), body) is Verdict.UNSURE
    app.blobs.ensure_container()
    del azurite


def test_of_who_is_erased_nothing_stays_and_nothing_is_kept_later(steps: Steps, hook: Hook) -> None:
    body = form(steps, 0)
    take(steps.app, hook.id, signed(body), body)
    assert len(told(steps)) == 1

    erase_here(steps.app, email=steps.email(0))
    assert told(steps) == []

    again = form(steps, 0, {"type": "cleaned"})
    assert take(steps.app, hook.id, signed(again), again) is Verdict.TAKEN
    assert told(steps) == []


def test_what_was_told_stays_until_every_look_has_seen_it(steps: Steps, hook: Hook) -> None:
    body = form(steps, 0)
    take(steps.app, hook.id, signed(body), body)

    drop_told(steps.app)
    # A look that others had since may not have shown it yet.
    steps.run()

    assert len(told(steps)) == 1
