"""What is kept of runs and exports, and for how long."""

from datetime import timedelta

import pytest

from shared.app import App
from shared.exports import store
from shared.exports.access import Role, key_holder
from shared.exports.exports import remove
from shared.mailchimp import suppressions
from shared.platform.clock import utc_now
from shared.runs import last_run, records
from shared.runs.outcomes import OutcomesGoneError, open_outcomes
from shared.runs.upkeep import retention
from tests.support.steps import Steps


def run_of(days: float) -> str:
    return f"news-{utc_now() - timedelta(days=days):%Y%m%dT%H%M%SZ}-7f3a"


def keep(app: App, run: str) -> None:
    """Store a run that has ended, with outcomes."""
    record = records.new_record(run, {"name": "news"}) | {"status": "succeeded"}
    app.blobs.write_document(records.record_name(run), record)
    app.blobs.write(f"{records.folder(run)}outcomes/all.csv", b"email")


def test_a_run_is_kept_for_its_retention_and_then_dropped_whole(app: App) -> None:
    old, recent = run_of(30.1), run_of(29.9)
    keep(app, old)
    keep(app, recent)
    retention.drop_old_runs(app)
    assert not list(app.blobs.list(records.folder(old)))
    assert b"".join(open_outcomes(app, recent).chunks) == b"email"
    with pytest.raises(OutcomesGoneError):
        open_outcomes(app, old)


def test_an_old_run_that_has_not_ended_is_kept(app: App) -> None:
    old = run_of(40)
    keep(app, old)
    app.blobs.write_document(records.marker_name("news"), {"id": old})
    retention.drop_old_runs(app)
    assert records.read_record(app, old) is not None


def test_outcomes_of_a_run_that_never_was_are_not_gone(app: App) -> None:
    with pytest.raises(KeyError):
        open_outcomes(app, run_of(1))


def test_a_schedule_remembers_its_last_run_when_nothing_of_it_is_left(steps: Steps) -> None:
    run = steps.sent()
    steps.finish(run)
    steps.app.blobs.delete_all("runs/")
    found = store.load_export(steps.app.blobs, steps.name)
    assert found is not None
    last = last_run.read_last(steps.app, steps.name, found[0]["uid"])
    assert last["run"] == run


def test_protected_contacts_are_forgotten_with_the_last_export_of_their_audience(
    steps: Steps,
) -> None:
    app, table = steps.app, (steps.account.account_id, steps.audience)
    steps.finish(steps.sent())
    for step in (retention.drop_orphaned_ledgers, retention.drop_orphaned_tables):
        step(app)
    assert table in suppressions.tables(app)

    remove(app, steps.name, key_holder(Role.ADMINISTRATOR))
    for step in (retention.drop_orphaned_ledgers, retention.drop_orphaned_tables):
        step(app)
    assert table not in suppressions.tables(app)
