"""What is kept of runs and exports, and for how long."""

from datetime import timedelta

import pytest

from shared.app import App
from shared.exports import store
from shared.mailchimp import suppressions
from shared.platform.clock import utc_now
from shared.runs import names
from shared.runs.last_run import read_last
from shared.runs.marker import take_marker
from shared.runs.outcomes import OutcomesGoneError, ended_run, open_outcomes
from shared.runs.record import RunStatus, create_run, read_run
from shared.runs.upkeep import retention
from tests.support.steps import Steps
from tests.support.stored import stored_run


def run_of(days: float) -> str:
    return f"news-{utc_now() - timedelta(days=days):%Y%m%dT%H%M%SZ}-7f3a"


def keep(app: App, run: str) -> None:
    """Store a run that has ended, with outcomes."""
    create_run(app.blobs, stored_run(run, status=RunStatus.SUCCEEDED))
    app.blobs.write(f"{names.folder(run)}outcomes/all.csv", b"email")


def test_a_run_is_kept_for_its_retention_and_then_dropped_whole(app: App) -> None:
    old, recent = run_of(30.1), run_of(29.9)
    keep(app, old)
    keep(app, recent)
    retention.drop_old_runs(app)
    assert not list(app.blobs.list(names.folder(old)))
    assert ended_run(app.blobs, recent, retention_days=30).id == recent
    assert b"".join(open_outcomes(app.blobs, recent).chunks) == b"email"
    with pytest.raises(OutcomesGoneError):
        ended_run(app.blobs, old, retention_days=30)


def test_an_old_run_that_has_not_ended_is_kept(app: App) -> None:
    old = run_of(40)
    keep(app, old)
    take_marker(app.blobs, stored_run(old))
    retention.drop_old_runs(app)
    assert read_run(app.blobs, old) is not None


def test_outcomes_of_a_run_that_never_was_are_not_gone(app: App) -> None:
    with pytest.raises(KeyError):
        ended_run(app.blobs, run_of(1), retention_days=30)


def test_a_schedule_remembers_its_last_run_when_nothing_of_it_is_left(steps: Steps) -> None:
    run = steps.sent()
    steps.finish(run)
    steps.app.blobs.delete_all("runs/")
    found = store.load_export(steps.app.blobs, steps.name)
    assert found is not None
    last = read_last(steps.app.blobs, steps.name, found[0].uid)
    assert last is not None
    assert last.run == run


def test_protected_contacts_are_forgotten_with_the_last_export_of_their_audience(
    steps: Steps,
) -> None:
    app, table = steps.app, (steps.account.account_id, steps.audience)
    steps.finish(steps.sent())
    for step in (retention.drop_orphaned_ledgers, retention.drop_orphaned_tables):
        step(app)
    assert table in suppressions.tables(app)

    store.delete_export(app.blobs, steps.name)
    for step in (retention.drop_orphaned_ledgers, retention.drop_orphaned_tables):
        step(app)
    assert table not in suppressions.tables(app)
