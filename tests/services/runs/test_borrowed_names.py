"""Files without a header under a model.json of another run: whose names are believed, and when."""

import json
from dataclasses import replace
from datetime import timedelta

from shared.platform.clock import to_text, utc_now
from shared.runs.record import change_run
from tests.support.steps import Steps

NAMES = ("CustomerId", "Email", "FirstName", "LastName")
FIRST, SECOND = "VIP/2026/11/22/0600/VIP_1.csv", "VIP/2026/11/23/0600/VIP_1.csv"


def model(steps: Steps, columns: tuple[str, ...], file: str) -> None:
    """Write a model.json that names one file, without a header."""
    table = {
        "name": "VIP",
        "attributes": [{"name": name, "dataType": "string"} for name in columns],
        "partitions": [
            {
                "location": f"{steps.folder}/{file}",
                "fileFormatSettings": {"columnHeaders": False},
            }
        ],
    }
    steps.put("model.json", json.dumps({"name": "x", "version": "1.0", "entities": [table]}))


def emptied(steps: Steps) -> Steps:
    for name in steps.files():
        steps.segments.delete_blob(f"{steps.folder}/{name}")
    steps.change(merge_fields={"FNAME": "FirstName", "LNAME": "LastName"})
    return steps


def ana(steps: Steps, *, swapped: bool = False) -> str:
    names = "Berg,Ana" if swapped else "Ana,Berg"
    return f"A,{steps.email(1)},{names}\n"


def outcome(steps: Steps, *, waited_hours: float = 7) -> dict[str, str]:
    """Plan a run that has waited for so long before; its status, and its error."""
    run = steps.start()
    since = to_text(utc_now() - timedelta(hours=waited_hours))
    change_run(steps.app.blobs, run, lambda found: replace(found, waits_since=since))
    steps.plan(run)
    record = steps.record(run)
    if record["status"] == "running":
        steps.lane()
        steps.finish(run)
        record = steps.record(run)
    return {"status": record["status"], **(record["error"] or {})}


def test_names_of_another_run_are_taken_while_nothing_was_exported_and_they_fit(
    steps: Steps,
) -> None:
    emptied(steps)
    model(steps, NAMES, "VIP/2026/11/21/0600/VIP_1.csv")
    steps.put(FIRST, ana(steps))

    assert steps.run()["status"] == "succeeded"
    (contact,) = steps.mailchimp.contacts(steps.audience).values()
    assert contact.merge_fields["LNAME"] == "Berg"


def test_names_of_another_run_are_taken_where_they_are_those_of_the_last_export(
    steps: Steps,
) -> None:
    emptied(steps)
    model(steps, NAMES, FIRST)
    steps.put(FIRST, ana(steps))
    steps.run()
    steps.put(SECOND, ana(steps) + f"B,{steps.email(2)},Ben,Coe\n")

    assert steps.run()["counts"]["created"] == 1


def test_columns_in_another_order_than_the_last_export_are_waited_for(steps: Steps) -> None:
    emptied(steps)
    model(steps, ("CustomerId", "Email", "LastName", "FirstName"), FIRST)
    steps.put(FIRST, ana(steps, swapped=True))
    steps.run()
    model(steps, NAMES, "VIP/2026/11/23/0000/VIP_1.csv")
    steps.put(SECOND, ana(steps, swapped=True))

    assert outcome(steps, waited_hours=1)["status"] == "planning"
    (contact,) = steps.mailchimp.contacts(steps.audience).values()
    assert contact.merge_fields["LNAME"] == "Berg"


def test_what_was_waited_for_in_vain_fails_and_says_what_to_do(steps: Steps) -> None:
    emptied(steps)
    model(steps, ("CustomerId", "Email", "LastName", "FirstName"), FIRST)
    steps.put(FIRST, ana(steps, swapped=True))
    steps.run()
    model(steps, NAMES, "VIP/2026/11/23/0000/VIP_1.csv")
    steps.put(SECOND, ana(steps, swapped=True))

    ended = outcome(steps)

    assert (ended["status"], ended["code"]) == ("failed", "snapshot_unreadable")
    assert "other columns than the snapshot that was exported last" in ended["detail"]
    assert "have the export written with column names" in ended["detail"]
    assert "Berg" not in ended["detail"]


def test_names_that_do_not_fit_the_content_are_waited_for(steps: Steps) -> None:
    emptied(steps)
    model(steps, ("Email", "CustomerId", "FirstName", "LastName"), "VIP/2026/11/21/0600/VIP_1.csv")
    steps.put(FIRST, ana(steps))

    ended = outcome(steps)

    assert (ended["status"], ended["code"]) == ("failed", "snapshot_unreadable")
    assert "don't fit what stands in them" in ended["detail"]
    assert steps.contacts() == set()


def test_a_model_that_comes_in_time_ends_the_waiting(steps: Steps) -> None:
    emptied(steps)
    model(steps, ("Email", "CustomerId", "FirstName", "LastName"), "VIP/2026/11/21/0600/VIP_1.csv")
    steps.put(FIRST, ana(steps))
    assert outcome(steps, waited_hours=0)["status"] == "planning"
    model(steps, NAMES, FIRST)
    (run,) = steps.app.blobs.folders(f"runs/{steps.name}/")
    steps.plan(run)
    steps.lane()
    steps.finish(run)
    assert steps.record(run)["status"] == "succeeded"
    assert steps.contacts() == {steps.email(1)}
