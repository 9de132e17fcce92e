"""Erasures cut off at any place, with pieces that can't be read: in the end nobody is left."""

import json
from dataclasses import replace

import pytest

from shared.erased import keep_out, load_erased
from shared.erasure import record, upkeep
from shared.erasure.ask import begin
from shared.erasure.work import hold_back, work
from shared.frames import tables
from shared.platform import queues
from shared.platform.clock import to_text, utc_now
from shared.runs import names
from shared.runs.last_run import read_last
from shared.runs.plan_document import load_plan
from shared.runs.planning.build import Built
from shared.runs.planning.erased_meanwhile import without_erased
from tests.support.erasing import erase_here
from tests.support.steps import Steps


@pytest.fixture
def two(steps: Steps) -> tuple[Steps, Steps]:
    """Two exports on two audiences of an account, both with the same people."""
    audience = steps.mailchimp.add_list(steps.account, "Others")
    other = replace(steps.beside("-b", audience_id=audience), audience=audience)
    steps.run()
    other.run()
    return steps, other


def holding(steps: Steps, text: str) -> list[str]:
    """Which blobs of runs and erasures hold a text as it is."""
    blobs = steps.app.blobs
    found = [blob.name for prefix in ("runs/", "erasures/") for blob in blobs.list(prefix)]
    return [name for name in found if text.encode() in blobs.read(name)]


def test_an_erasure_that_is_cut_off_after_every_step_still_finds_everything(
    two: tuple[Steps, Steps],
) -> None:
    steps, other = two
    app = steps.app
    id_ = begin(app, email=None, customer_id=f"{steps.name}-1", delete=True)
    hold_back(app, id_)
    ended = False
    while not ended:
        before = record.read_open(app.blobs, id_)
        for _ in range(2):
            # The second time as after a crash: what was done has not been noted.
            ended = work(app, id_, 0)
            now = record.read_open(app.blobs, id_)
            if now is not None and before is not None and now.again == before.again:
                record.write_open(app.blobs, id_, replace(now, position=before.position))
        ended = work(app, id_, 0)
    told = record.read_told(app.blobs, id_)
    assert told is not None
    assert told.status == "done", told.errors
    assert steps.email(1) not in steps.contacts() | other.contacts()
    assert len(steps.contacts()) == len(other.contacts()) == 2
    for export in (steps.export(), other.export()):
        last = read_last(app.blobs, export.name, export.uid)
        assert last is not None
        assert last.contacts == 2
    assert holding(steps, steps.email(1)) == []


def test_an_address_brings_the_other_addresses_of_its_customer(steps: Steps) -> None:
    steps.run()
    steps.write({"VIP": [1]}, Email=f"new-{steps.name}@contoso.com")
    steps.run()
    assert holding(steps, f"new-{steps.name}")

    erase_here(steps.app, email=f"new-{steps.name}@contoso.com")

    assert holding(steps, f"new-{steps.name}") == []
    assert holding(steps, steps.email(1)) == []
    assert holding(steps, steps.email(2))


def test_one_unreadable_record_keeps_the_person_in_nothing_else(steps: Steps) -> None:
    first, second = steps.run()["id"], steps.record(steps.sent())["id"]
    steps.finish(second)
    name = names.record_name(first)
    good = steps.app.blobs.read(name)
    steps.app.blobs.write(name, json.dumps({"version": 99}).encode())

    id_ = erase_here(steps.app, email=steps.email(1))

    told = record.read_told(steps.app.blobs, id_)
    assert told is not None
    assert (told.status, told.errors) == ("incomplete", {f"previews/{first}": "unreadable"})
    assert {f"outcomes/{run}" for run in (first, second)} <= told.removed.keys()
    assert holding(steps, steps.email(1)) == [f"erasures/open/{id_}.json"]

    steps.app.blobs.write(name, good)
    assert work(steps.app, id_, 60)
    told = record.read_told(steps.app.blobs, id_)
    assert told is not None
    assert (told.status, told.errors, told.done) == ("done", {}, told.total)
    assert holding(steps, steps.email(1)) == []


def test_what_is_not_done_is_tried_again_when_its_hour_has_come(steps: Steps) -> None:
    app, run = steps.app, steps.run()["id"]
    name = names.record_name(run)
    good = app.blobs.read(name)
    app.blobs.write(name, json.dumps({"version": 99}).encode())
    id_ = erase_here(app, email=steps.email(1))
    state = record.read_open(app.blobs, id_)
    assert state is not None

    upkeep.resume(app)
    assert steps.messages(queues.UPKEEP, id_) == 0
    record.write_open(app.blobs, id_, replace(state, next_try_at=to_text(utc_now())))
    upkeep.resume(app)
    assert steps.messages(queues.UPKEEP, id_) == 1

    app.blobs.write(name, good)
    assert work(app, id_, 60)
    upkeep.resume(app)
    assert steps.messages(queues.UPKEEP, id_) == 0


def test_of_two_requests_about_one_person_the_second_knows_what_the_first_has_learnt(
    steps: Steps,
) -> None:
    run = steps.run()["id"]
    name = names.record_name(run)
    good = steps.app.blobs.read(name)
    steps.app.blobs.write(name, json.dumps({"version": 99}).encode())
    erase_here(steps.app, customer_id=f"{steps.name}-1")
    steps.app.blobs.write(name, good)

    id_ = begin(steps.app, email=None, customer_id=f"{steps.name}-1", delete=True)
    assert work(steps.app, id_, 60)

    assert steps.email(1) not in steps.contacts()


def test_who_is_erased_while_a_plan_is_worked_out_is_taken_out_of_it_alone(steps: Steps) -> None:
    app, run = steps.app, steps.start()
    before = load_erased(app.blobs, app.vault)
    steps.plan(run)
    plan = load_plan(app.blobs, run)
    assert plan is not None
    table = tables.read(app.blobs, f"{plan.folder}table.parquet").with_row_index("row")
    built = Built(plan, table, before, read_at="")
    keep_out(app.blobs, app.vault, app.leases, [steps.email(1), "nobody@contoso.com"], [])

    after = without_erased(app, built)
    steps.lane()
    steps.finish(run)

    assert set(after.table["email"]) == {"", steps.email(0), steps.email(2)}
    assert steps.contacts() == {steps.email(0), steps.email(2)}
    assert steps.record(run)["outcomes"] == {"created": 2, "skipped_erased": 1}
