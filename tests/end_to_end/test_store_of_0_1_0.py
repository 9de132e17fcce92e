"""An upgrade from 0.1.0: its store, with runs under way, is read and gone on with.

Each test is about another export of that store, so they may run in any order.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from local.mailchimp.control import CallRecord
from local.sample_data import write_export
from local.stack import Stack
from tests.support.place import QUICK, email, emails, until
from tests.support.store_0_1_0 import SETTINGS, StoreOf010
from tests.support.trials import without_trials


@pytest.fixture(scope="module")
def store() -> StoreOf010:
    return StoreOf010()


@pytest.fixture(scope="module")
def stack(store: StoreOf010) -> Iterator[Stack]:
    """The product as it is now, started on the store as it was."""
    with Stack.start(environment={}, hosts=0, settings={**QUICK, **SETTINGS}) as running:
        store.load(running.services)
        running.mailchimp.set(record_bodies=True)
        running.add_host()
        yield running


def ended(stack: Stack, run: str) -> dict[str, Any]:
    """Wait until a run, and all that comes after it, is over."""
    until(lambda: stack.api("GET", f"runs/{run}/outcomes").ok, timeout=120, what="the run's end")
    found: dict[str, Any] = stack.ask("GET", f"runs/{run}")
    return found


def newest_run(stack: Stack, export: str) -> str:
    """The id of an export's newest run."""
    return str(stack.ask("GET", f"exports/{export}/runs?limit=1")["items"][0]["id"])


def cells(document: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(document.decode("utf-8"), newline="")))


def outcomes(stack: Stack, run: dict[str, Any]) -> dict[str, str]:
    """The code of each address in a run's outcomes."""
    text = stack.api("GET", f"runs/{run['id']}/outcomes").content.decode()
    return {row["email"]: row["code"] for row in csv.DictReader(io.StringIO(text))}


def writes(stack: Stack, audience: str) -> list[CallRecord]:
    """The calls that were meant to change an audience."""
    calls = without_trials(stack.mailchimp.calls())
    return [call for call in calls if call.writes and f"/lists/{audience}" in call.path]


def sent(calls: Iterable[CallRecord]) -> set[str]:
    """The addresses in calls that create or update contacts."""
    bodies = (call.body for call in calls if call.body)
    members = (member for body in bodies for member in body.get("members", ()))
    return {member["email_address"] for member in members}


def check_shown(now: dict[str, Any], before: dict[str, Any]) -> None:
    """What was shown is shown; there may be more."""
    for name, value in before.items():
        if isinstance(value, dict) and isinstance(now.get(name), dict):
            check_shown(now[name], value)
        else:
            assert now.get(name) == value, name


@pytest.mark.parametrize("kind", ["connections", "exports"])
def test_what_people_configured_is_shown_as_before(
    stack: Stack, store: StoreOf010, kind: str
) -> None:
    assert store.answers[kind]
    for before in store.answers[kind]:
        check_shown(stack.ask("GET", f"{kind}/{before['name']}"), before)


def test_runs_that_had_ended_are_shown_with_their_outcomes_as_before(
    stack: Stack, store: StoreOf010
) -> None:
    codes = set()
    for before in store.answers["runs"]:
        check_shown(stack.ask("GET", f"runs/{before['id']}"), before)
        for code in (None, *before["outcomes"]):
            path = f"runs/{before['id']}/outcomes" + (f"?code={code}" if code else "")
            # Its cells: how they are quoted has changed.
            assert cells(stack.api("GET", path).content) == cells(
                store.outcomes(before["id"], code)
            )
            codes.add(code)
    assert len(codes - {None}) == 24


def test_the_run_that_was_sending_goes_on_where_it_was(stack: Stack, store: StoreOf010) -> None:
    run = ended(stack, newest_run(stack, "partners"))

    assert run["status"] == "succeeded", run
    audience = store.audience_of("partners")
    contacts = stack.mailchimp.contacts(audience)
    archived, subscribed = emails(range(1000, 1005)), emails(range(1005, 2299))
    assert {a: c.status for a, c in contacts.items()} == dict.fromkeys(
        archived, "archived"
    ) | dict.fromkeys(subscribed, "subscribed")
    gold = {address for address, contact in contacts.items() if "Gold" in contact.tags}
    assert gold == emails(range(1006, 1016))
    codes = outcomes(stack, run)
    assert {codes[address] for address in archived} == {"archived"}
    # One was erased from the plan before they were sent.
    assert codes[""] == "skipped_erased"
    again = sent(writes(stack, audience))
    told = set(store.answers["told"])
    assert told
    # All others are new, and their outcome was not known.
    assert again <= emails(range(1300, 2299)) - told
    assert again


def test_the_run_that_was_stopped_ends_without_another_call(
    stack: Stack, store: StoreOf010
) -> None:
    audience = store.audience_of("events")
    before = set(stack.mailchimp.contacts(audience))

    run = ended(stack, newest_run(stack, "events"))

    assert (run["status"], run["error"]) == ("cancelled", None)
    assert not writes(stack, audience)
    codes = outcomes(stack, run)
    assert set(codes.values()) <= {"created", "updated", "tagged", "unchanged", "failed"}
    assert "failed" in codes.values()
    assert {a for a, code in codes.items() if code == "created"} <= before
    # The next one sends what is left, and asks nothing of those who are known to be there.
    next_run = ended(stack, stack.ask("POST", "exports/events/runs")["id"])
    assert next_run["status"] == "succeeded", next_run
    known = {a for a, code in codes.items() if code in ("created", "updated", "unchanged")}
    assert not sent(writes(stack, audience)) & known
    assert emails(range(3005, 4000)) <= set(stack.mailchimp.contacts(audience))


def test_the_run_that_was_queued_finds_nothing_to_send(stack: Stack) -> None:
    run = ended(stack, newest_run(stack, "spring-offer"))

    assert run["status"] == "succeeded", run
    codes = outcomes(stack, run)
    # The last six are this export's own, and have not confirmed yet.
    assert codes == dict.fromkeys(emails([*range(5, 15), *range(60, 66)]), "unchanged")


def test_the_run_that_was_planning_goes_on(stack: Stack, store: StoreOf010) -> None:
    run = ended(stack, newest_run(stack, "winback"))

    assert (run["status"], run["outcomes"]) == ("succeeded", {"created": 10})
    contacts = stack.mailchimp.contacts(store.audience_of("winback"))
    assert {contacts[address].status for address in emails(range(5000, 5010))} == {"subscribed"}


def test_a_newer_snapshot_is_exported_by_its_schedule_as_a_delta(
    stack: Stack, store: StoreOf010
) -> None:
    before = stack.ask("GET", "exports/weekly-news/runs")["items"]
    segments = {name: store.rows(name) for name in ("VIP", "Readers", "Zagreb")}
    changed = next(row for row in segments["Readers"] if row["CustomerId"] == "c00044")
    changed["FirstName"] = "Changed"
    segments["Readers"].append({**changed, "CustomerId": "c00777", "Email": email(777)})

    write_export(stack.segment_container(), store.folder, segments)

    def scheduled() -> list[dict[str, Any]]:
        stack.hosts[0].fire_timer("tick")
        found: list[dict[str, Any]] = stack.ask("GET", "exports/weekly-news/runs")["items"]
        return found[: -len(before)]

    runs = until(scheduled, pause=0.5, what="a scheduled run")
    run = ended(stack, runs[0]["id"])

    codes = outcomes(stack, run)
    assert (run["kind"], codes[email(777)], codes[email(44)]) == ("scheduled", "created", "updated")
    # Two that could not be archived before wait for the other export on the audience, which has
    # run lately, on older data; who was refused for good is not asked again.
    assert {codes[email(42)], codes[email(43)]} == {"unchanged"}
    assert run["due"] == 2
    last = outcomes(stack, before[0])
    same = {a: code for a, code in last.items() if code.startswith(("skipped", "rejected_f"))}
    assert {address: codes[address] for address in same} == same
    posts = [c for c in writes(stack, store.audience_of("weekly-news")) if c.method == "POST"]
    assert sent(posts) == {email(777), email(44)}
