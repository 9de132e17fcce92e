"""The HTTP API with runs behind it: bad input, two runs, cancelling, outcomes, schedules."""

import time

from tests.support.place import Place, email, emails, people, until


def test_everything_that_is_wrong_with_an_export_is_named_at_once(place: Place) -> None:
    place.write({"VIP": people(range(2))})
    document = place.document(
        ["VIP", "Nobody"],
        audience_id="0123456789",
        email_field="Mail",
        merge_fields={"FNAME": "GivenName"},
    )

    answer = place.stack.api("PUT", f"exports/{place.name}", document)

    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert {"type", "title", "status", "detail", "errors"} <= set(problem)
    assert {error["field"] for error in problem["errors"]} == {
        "segments.1.name",
        "email_field",
        "merge_fields.FNAME",
        "audience_id",
    }
    assert place.stack.api("GET", f"exports/{place.name}").status_code == 404


def test_saving_runs_nothing_and_a_second_request_names_the_active_run(place: Place) -> None:
    place.write({"VIP": people(range(1200))})
    place.save(["VIP"])
    assert place.runs() == []
    place.mailchimp.set(bulk_seconds=1.0)

    first = place.start()
    answer = place.stack.api("POST", f"exports/{place.name}/runs")

    assert answer.status_code == 409
    assert answer.json()["run"]["id"] == first["id"]
    assert place.ended(first)["status"] == "succeeded"
    assert len(place.runs()) == 1


def test_a_running_run_works_on_its_frozen_copy_of_the_export(place: Place) -> None:
    place.write({"VIP": people(range(3))})
    place.save(["VIP"])
    place.mailchimp.set(base_seconds=0.3)

    run = place.start()
    changed = place.save([{"name": "VIP", "tag": "Very important"}])
    run = place.ended(run)

    assert changed["segments"][0]["tag"] == "Very important"
    assert run["status"] == "succeeded", run
    assert place.tags_of()[email(0)] == {"VIP"}

    assert place.run()["status"] == "succeeded"
    assert place.tags_of()[email(0)] == {"Very important"}


def test_a_cancelled_run_starts_no_call_later_and_the_next_one_sends_the_rest(
    place: Place,
) -> None:
    # More batches than lanes, so that something is left when the run is stopped.
    place.write({"VIP": people(range(12_000))})
    place.save(["VIP"])
    place.mailchimp.set(bulk_seconds=3.0)
    run = place.start()
    until(lambda: any(call.worked for call in place.calls() if call.members), what="a batch")

    answer = place.stack.api("POST", f"runs/{run['id']}/cancel")
    cancelled = time.monotonic()
    run = place.ended(run)

    assert answer.status_code == 202
    assert (run["status"], run["error"]) == ("cancelled", None)
    assert max(call.started for call in place.calls()) < cancelled + 5
    assert place.contacts()
    assert place.stack.api("POST", f"runs/{run['id']}/cancel").status_code == 409
    unsent = [row for row in place.outcomes(run, "failed") if row["detail"] == "not sent"]
    assert len(unsent) + len(place.contacts()) == 12_000
    # One whose tag would have needed another call is told as failed, though it is there.
    lacking = [row for row in place.outcomes(run, "failed") if row["detail"] != "not sent"]
    assert bool(lacking) == (place.mailchimp.set()["inline_tags"] == "late")
    assert run["counts"]["created"] == len(place.contacts()) - len(lacking)

    place.mailchimp.set(bulk_seconds=None)
    place.forget_calls()
    run = place.run()
    assert run["status"] == "succeeded", run
    assert run["counts"]["created"] == len(unsent)
    assert len(place.contacts()) == 12_000
    assert all(tags == {"VIP"} for tags in place.tags_of().values())


def test_outcomes_are_filtered_by_their_code(place: Place) -> None:
    place.write({"VIP": [*people(range(2)), {"CustomerId": "x", "Email": "", "FirstName": ""}]})
    place.save(["VIP"])
    run = place.run()

    assert {row["email"] for row in place.outcomes(run, "created")} == emails(range(2))
    assert [row["customer_id"] for row in place.outcomes(run, "skipped_no_email")] == ["x"]
    assert place.outcomes(run, "updated") == []
    answer = place.stack.api("GET", f"runs/{run['id']}/outcomes", params={"code": "nonsense"})
    assert answer.status_code == 422
    assert run["outcomes"] == {"created": 2, "skipped_no_email": 1}


def test_a_refresh_schedule_runs_on_a_newer_snapshot_and_not_again_without_one(
    place: Place,
) -> None:
    place.write({"VIP": people(range(2))})
    place.save(["VIP"], schedule={"active": True, "kind": "refresh"})

    first = place.ticked(place.runs, what="a scheduled run")[0]
    assert first["kind"] == "scheduled"
    assert place.ended(first)["status"] == "succeeded"

    place.write({"VIP": people(range(4))})
    place.ticked(lambda: len(place.runs()) == 2, what="a run on the newer snapshot")
    assert place.ended(place.runs()[0])["status"] == "succeeded"
    assert set(place.contacts()) == emails(range(4))

    # Another export that becomes due shows that ticks went by.
    place.write({"VIP": people(range(4))}, model=None, layout="oldest")
    place.save(["VIP"], export="-other", schedule={"active": True, "kind": "refresh"})
    place.ticked(lambda: place.runs(export="-other"), what="another scheduled run")
    place.ended(place.runs(export="-other")[0])
    assert len(place.runs()) == 2


def test_a_schedule_that_is_switched_off_runs_nothing(place: Place) -> None:
    place.write({"VIP": people(range(2))})
    place.save(["VIP"], schedule={"active": False, "kind": "refresh"})
    place.save(["VIP"], export="-on", schedule={"active": True, "kind": "refresh"})

    place.ticked(lambda: place.runs(export="-on"), what="the other export's run")

    assert place.runs() == []
