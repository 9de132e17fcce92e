"""The storage of the segments refuses: the run waits, says so, and ends with what to do."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from azure.storage.blob import BlobServiceClient

from shared.platform.blobs import Blobs
from shared.platform.clock import to_text, utc_now
from shared.runs.marker import active_run
from shared.runs.record import change_run
from shared.runs.upkeep.due import start_due_exports
from tests.support.steps import Steps


@pytest.fixture
def refused(steps: Steps) -> Iterator[Steps]:
    """An app whose key to the segments is not that of the account."""
    assert steps.services.azurite is not None
    parts = dict(
        part.split("=", 1) for part in steps.services.azurite.connection_string.split(";") if part
    )
    wrong = base64.b64encode(b"another key").decode()
    with BlobServiceClient(
        parts["BlobEndpoint"],
        {"account_name": parts["AccountName"], "account_key": wrong},
    ) as service:
        app = replace(
            steps.app,
            segment_container=lambda name: Blobs(service.get_container_client(name)),
        )
        yield replace(steps, app=app)


def test_a_run_waits_for_storage_that_refuses_and_fails_after_an_hour(refused: Steps) -> None:
    run = refused.start()
    refused.plan(run)
    assert refused.record(run)["status"] == "planning"

    since = to_text(utc_now() - timedelta(hours=1, minutes=1))
    change_run(refused.app.blobs, run, lambda found: replace(found, silent_since=since))
    refused.plan(run)

    record = refused.record(run)
    assert (record["status"], record["error"]["code"]) == ("failed", "segment_storage_unreadable")
    assert "403" in record["error"]["detail"]
    assert "Storage Blob Data Reader" in record["error"]["detail"]


def test_a_run_goes_on_once_storage_lets_it(refused: Steps, steps: Steps) -> None:
    run = refused.start()
    refused.plan(run)
    steps.plan(run)
    steps.lane()
    steps.finish(run)
    assert steps.record(run)["status"] == "succeeded"


def test_an_export_on_every_refresh_has_a_run_that_says_so(refused: Steps) -> None:
    refused.change(schedule={"active": True, "kind": "refresh"})

    start_due_exports(refused.app)

    run = active_run(refused.app.blobs, refused.name)
    assert run is not None
    assert run.kind == "scheduled"
