"""Runs that ask again whom the run before could not deliver, and nobody else."""

from dataclasses import asdict, replace
from typing import Any

import pytest

from shared.notice import Notice
from shared.runs import last_run, ledger, views
from shared.runs.ending import end_run
from shared.runs.last_run import LastRun
from shared.runs.record import RunRequest, RunStatus, read_run
from shared.runs.start import start_run
from shared.runs.stopping import request_cancel
from tests.support.steps import Steps


def only_failed(steps: Steps, **options: Any) -> dict[str, Any]:
    """Make a run for the failed contacts alone; its record."""
    asked = RunRequest(requested_by="test", only="failed", **options)
    run = start_run(steps.app, steps.export(), asked).id
    steps.plan(run)
    if steps.record(run)["ended_at"] is None:
        steps.lane()
        steps.finish(run)
    return steps.record(run)


def last_of(steps: Steps) -> LastRun:
    export = steps.export()
    found = last_run.read_last(steps.app.blobs, export.name, export.uid)
    assert found is not None
    return found


def held(steps: Steps) -> dict[str, dict[str, Any]]:
    """The ledger's rows by address."""
    account, uid = steps.account.account_id, steps.export().uid
    blobs = steps.app.blobs
    table = ledger.read_table(blobs, ledger.load(blobs, account, steps.audience, uid))
    return {row["email"]: row for row in table.iter_rows(named=True)}


@pytest.fixture
def refused(steps: Steps) -> Steps:
    """An audience that has refused the birthday of one of three, and takes it now."""
    fields: list[dict[str, object]] = [
        {"tag": "BDAY", "name": "Day", "type": "birthday", "options": {"date_format": "DD/MM"}},
        {"tag": "FNAME", "name": "First name", "type": "text"},
    ]
    audience = steps.mailchimp.add_list(steps.account, "Days", merge_fields=fields)
    there = replace(steps, audience=audience)
    people = [(0, "1990-05-24"), (1, "1990-05-06"), (2, "1990-05-06")]
    rows = [f"{n},{steps.email(n)},P{n},{day}" for n, day in people]
    text = "\n".join(["CustomerId,Email,FirstName,Birthday", *rows, ""])
    steps.put("VIP/2026/01/06/0600/part.csv", text)
    steps.change(audience_id=audience, merge_fields={"FNAME": "FirstName", "BDAY": "Birthday"})
    steps.mailchimp.set(birthday_input="as_shown")
    try:
        record = there.run()
    finally:
        steps.mailchimp.set(birthday_input="month_first")
    assert record["outcomes"] == {"created": 2, "rejected_merge_field": 1}
    return there


def test_exactly_who_was_refused_is_sent_and_the_next_run_finds_all_as_it_should_be(
    refused: Steps,
) -> None:
    steps = refused
    before, last = held(steps), last_of(steps)

    record = only_failed(steps)

    assert (record["status"], record["outcomes"]) == ("succeeded", {"created": 1})
    assert [row["email"] for row in steps.outcomes(record["id"])] == [steps.email(0)]
    assert steps.contacts() == {steps.email(n) for n in range(3)}
    after = held(steps)
    assert {email: after[email] for email in before if email != steps.email(0)} == {
        email: before[email] for email in before if email != steps.email(0)
    }
    now = last_of(steps)
    assert (now.run, now.status, now.contacts) == (record["id"], "succeeded", 3)
    told = ("run", "status", "submitted_at", "ended_at", "counts", "error", "contacts")
    assert {n: v for n, v in asdict(now).items() if n not in told} == {
        n: v for n, v in asdict(last).items() if n not in told
    }
    found = read_run(steps.app.blobs, record["id"])
    assert found is not None
    shown = views.shown(found)
    assert (shown["compared_with_previous"], shown["options"]) == (None, {"only": "failed"})
    ordinary = steps.run()
    assert ordinary["outcomes"] == {"unchanged": 3}
    assert ordinary["before"]["run"] == last.run


def test_where_nobody_failed_it_ends_well_without_a_call(refused: Steps) -> None:
    steps = refused
    only_failed(steps)
    before = held(steps)
    steps.mailchimp.reset_log()

    record = only_failed(steps)

    assert (record["status"], record["outcomes"]) == ("succeeded", {})
    assert steps.calls(steps.account) == 0
    assert held(steps) == before


def test_before_the_first_run_there_is_nobody_to_ask(steps: Steps) -> None:
    record = only_failed(steps)
    assert (record["status"], record["outcomes"], steps.contacts()) == ("succeeded", {}, set())
    export = steps.export()
    assert last_run.read_last(steps.app.blobs, export.name, export.uid) is None


def test_a_preview_says_whom_it_would_send_and_sends_nobody(refused: Steps) -> None:
    preview = only_failed(refused, preview=True)

    assert preview["plan"]["counts"]["to_upsert"] == 1
    assert preview["plan"]["counts"]["unchanged"] == 0
    assert len(refused.contacts()) == 2


def test_it_works_on_the_snapshots_of_the_last_run_and_leaves_the_newer_to_the_next(
    refused: Steps,
) -> None:
    steps = refused
    # Somebody has left since, and somebody has come: neither is this run's business.
    rows = [f"{n},{steps.email(n)},P{n},1990-05-06" for n in (0, 1, 7)]
    text = "\n".join(["CustomerId,Email,FirstName,Birthday", *rows, ""])
    steps.put("VIP/2026/01/07/0600/part.csv", text)

    record = only_failed(steps)

    assert record["outcomes"] == {"created": 1}
    assert record["snapshots"] == {"VIP": "2026/01/06/0600"}
    vip = {e for e, c in steps.mailchimp.contacts(steps.audience).items() if "VIP" in c.tags}
    assert vip == {steps.email(n) for n in range(3)}
    assert steps.run()["outcomes"] == {"created": 1, "untagged": 1, "updated": 1, "unchanged": 1}


def test_without_the_snapshot_of_the_last_run_nobody_is_sent(refused: Steps) -> None:
    steps = refused
    text = f"CustomerId,Email,FirstName,Birthday\n0,{steps.email(0)},P0,1990-05-06\n"
    steps.put("VIP/2026/01/06/0600/part.csv", text)

    record = only_failed(steps)

    assert record["status"] == "skipped"
    assert record["error"]["code"] == "snapshot_gone"
    assert record["error"]["params"] == {"segment": "VIP", "snapshot": "2026/01/06/0600"}
    assert len(steps.contacts()) == 2


def test_who_has_unsubscribed_meanwhile_is_left_alone(refused: Steps) -> None:
    steps = refused
    gone = {"email": steps.email(0), "status": "unsubscribed"}
    steps.mailchimp.put_contacts(steps.audience, [gone])

    record = only_failed(steps)

    assert record["outcomes"] == {"skipped_unsubscribed": 1}
    assert steps.mailchimp.contacts(steps.audience)[steps.email(0)].status == "unsubscribed"


def test_the_growth_limit_holds_and_a_refusal_that_was_not_asked_about_is_still_known(
    refused: Steps,
) -> None:
    steps = refused
    steps.change(growth_limit={"contacts": 0})

    record = only_failed(steps)

    assert (record["status"], record["error"]["code"]) == ("partial", "additions_withheld")
    assert record["outcomes"] == {"skipped_growth_limit": 1}
    assert len(steps.contacts()) == 2
    assert held(steps)[steps.email(0)]["refusal"] is not None


def test_after_a_run_that_was_cancelled_it_sends_whom_that_did_not(steps: Steps) -> None:
    run = steps.start()
    steps.plan(run)
    request_cancel(steps.app, run, reason=None, by="test")
    steps.finish(run)
    assert steps.record(run)["outcomes"] == {"failed": 3}

    assert only_failed(steps)["outcomes"] == {"created": 3}
    assert last_of(steps).done is None


def test_a_run_that_failed_is_tried_again_by_its_schedule_as_if_nobody_had_been_asked(
    refused: Steps,
) -> None:
    steps = refused
    end_run(steps.app, steps.start(), RunStatus.FAILED, Notice("stalled", "…"))
    before = last_of(steps)

    # It told of nobody: what counts is the run before it.
    assert only_failed(steps)["outcomes"] == {"created": 1}

    now = last_of(steps)
    assert before.failures == 1
    for name in ("failures", "ended_at", "snapshots", "served_at", "done", "undone"):
        assert getattr(now, name) == getattr(before, name)
