"""A vault that does not answer is waited for: it fails no run and loses no contact."""

import time
from dataclasses import replace
from threading import Thread

from shared.platform.clock import from_text, utc_now
from shared.runs import chunks
from shared.runs.record import RunStatus
from shared.runs.stopping import stop_order
from tests.support.erasing import erase_here
from tests.support.steps import Steps, app_of


def test_a_plan_waits_and_is_made_once_the_vault_answers(steps: Steps) -> None:
    run = steps.start()
    steps.vault.pause()
    steps.plan(run)

    waiting = steps.record(run)
    assert not RunStatus(waiting["status"]).ended
    assert from_text(waiting["waits_until"]) > utc_now()
    assert waiting["waiting_for"] == "vault"
    assert steps.calls(steps.account) == 0

    steps.vault.resume()
    steps.plan(run)
    planned = steps.record(run)
    assert (planned["status"], planned.get("waiting_for")) == ("running", None)


def test_a_lane_gives_its_chunk_back_and_sends_it_once_the_vault_answers(steps: Steps) -> None:
    run = steps.start()
    steps.plan(run)
    calls = steps.calls(steps.account)
    steps.vault.pause()
    lane = Thread(target=steps.lane, daemon=True)
    lane.start()
    _await_given_back(steps, run)

    assert stop_order(steps.app.blobs, run) is None
    assert steps.calls(steps.account) == calls

    steps.vault.resume()
    lane.join(60)
    assert not lane.is_alive()
    steps.finish(run)
    ended = steps.record(run)
    assert (ended["status"], ended["counts"]["created"]) == ("succeeded", 3)
    assert steps.contacts() == {steps.email(n) for n in range(3)}


def test_a_vault_that_refuses_the_secret_ends_the_run_instead(steps: Steps) -> None:
    run = steps.start()
    steps.plan(run)
    steps.vault.deny(f"mailchimp-{steps.name}")
    steps.lane()
    steps.finish(run)
    ended = steps.record(run)
    assert (ended["status"], ended["error"]["code"]) == ("failed", "secret_unreadable")
    assert steps.contacts() == set()


def test_a_finish_waits_where_the_key_of_erased_people_is_needed(steps: Steps) -> None:
    erase_here(steps.app, email=steps.email(1))
    run = steps.sent()
    steps.vault.pause()
    # On an instance that does not remember the key.
    elsewhere = replace(steps, app=app_of(steps.services))
    elsewhere.finish(run)
    assert steps.record(run)["status"] == "running"

    steps.vault.resume()
    elsewhere.finish(run)
    ended = steps.record(run)
    assert (ended["status"], ended["counts"]["created"]) == ("succeeded", 2)


def _await_given_back(steps: Steps, run: str) -> None:
    """Wait until a chunk was claimed and is free again."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        states = chunks.states(steps.app.blobs, run)
        if states and not any(state.leased for state in states.values()):
            return
        time.sleep(0.05)
    raise AssertionError("no chunk was given back")
