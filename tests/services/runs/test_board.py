"""What is noted about runs: it stops them in time, and is gone when they are."""

import json
from typing import Any

import pytest

from shared.app import App
from shared.notice import Notice
from shared.platform.blobs import BlobInfo
from shared.runs import names
from shared.runs.ending import end_record, end_run
from shared.runs.marker import take_marker
from shared.runs.record import Run, RunStatus, create_run
from shared.runs.stopping import RunEndedError, request_cancel, stop, stop_order
from shared.runs.upkeep import recovery
from shared.runs.views import load_run
from tests.support.stored import AT, stored_export, stored_run

ACCOUNT, AUDIENCE = "a1", "b2"
RUN = "news-20261122T061500Z-7f3a"


def record(**changes: Any) -> Run:
    return stored_run(RUN, stored_export("news", audience_id=AUDIENCE), **changes)


def notes(app: App) -> list[str]:
    return [blob.name for blob in app.blobs.list(f"slots/{ACCOUNT}/")]


def test_a_late_note_does_not_bring_an_ended_run_back(app: App) -> None:
    app.board.put_run(ACCOUNT, AUDIENCE, RUN, "sending")
    app.board.change_run(ACCOUNT, AUDIENCE, RUN, "finishing")
    assert app.board.look(ACCOUNT, 0).runs[RUN].state == "finishing"
    app.board.remove_run(ACCOUNT, AUDIENCE, RUN)
    app.board.change_run(ACCOUNT, AUDIENCE, RUN, "finishing")
    assert notes(app) == []


def test_the_tick_takes_ended_runs_off_the_board(app: App) -> None:
    create_run(app.blobs, record(status=RunStatus.SUCCEEDED))
    app.board.put_run(ACCOUNT, AUDIENCE, RUN, "sending")
    app.board.put_leaving(ACCOUNT, AUDIENCE, RUN)
    app.board.stop_run(ACCOUNT, RUN)
    recovery.clean_boards(app)
    assert notes(app) == []


def test_the_tick_leaves_active_runs_on_the_board(app: App) -> None:
    create_run(app.blobs, record(status=RunStatus.RUNNING))
    app.board.put_run(ACCOUNT, AUDIENCE, RUN, "sending")
    app.board.put_leaving(ACCOUNT, AUDIENCE, RUN)
    before = notes(app)
    recovery.clean_boards(app)
    assert notes(app) == before


def test_a_run_whose_account_was_learnt_meanwhile_is_stopped_on_its_board(app: App) -> None:
    create_run(app.blobs, record(account=ACCOUNT))
    app.board.put_run(ACCOUNT, AUDIENCE, RUN, "planning")
    # What the caller has read is older.
    stop(app, record(), RunStatus.CANCELLED, None, "somebody")
    assert app.board.look(ACCOUNT, 0).runs[RUN].stopped


def test_a_run_that_has_only_its_marker_yet_can_be_cancelled(app: App) -> None:
    take_marker(app.blobs, record())
    request_cancel(app, RUN, reason=None, by="somebody")
    assert stop_order(app.blobs, RUN) is not None


def test_a_cancellation_that_died_halfway_is_completed_by_the_next_one(app: App) -> None:
    create_run(app.blobs, record(account=ACCOUNT))
    app.board.put_run(ACCOUNT, AUDIENCE, RUN, "sending")
    order = {"status": "cancelled", "error": None, "by": "somebody", "at": AT}
    app.blobs.write_document(names.stop_name(RUN), order)
    with pytest.raises(RunEndedError):
        request_cancel(app, RUN, reason=None, by="somebody")
    assert app.board.look(ACCOUNT, 0).runs[RUN].stopped


def test_blank_metadata_is_not_written(app: App) -> None:
    app.blobs.write("x", b"", metadata={"a": "", "b": "1"})
    found: BlobInfo | None = app.blobs.info("x")
    assert found is not None
    assert json.dumps(found.metadata) == '{"b": "1"}'


def test_a_run_that_was_cancelled_ends_so_whatever_its_planner_comes_to(app: App) -> None:
    create_run(app.blobs, record())
    shown = request_cancel(app, RUN, reason=None, by="somebody")
    end_run(app, RUN, RunStatus.FAILED, Notice("column_missing", "no column Email"))
    ended = load_run(app.blobs, RUN)
    assert ended is not None
    assert (ended.status, ended.error) == (shown.status, None) == ("cancelled", None)


def test_a_run_that_ends_while_it_is_cancelled_has_ended(app: App) -> None:
    create_run(app.blobs, record())
    end_record(app.blobs, RUN, RunStatus.SUCCEEDED)
    # As somebody who has read the record before.
    stop(app, record(), RunStatus.CANCELLED, None, "somebody")
    with pytest.raises(RunEndedError):
        request_cancel(app, RUN, reason=None, by="somebody")
    ended = load_run(app.blobs, RUN)
    assert ended is not None
    assert ended.status == "succeeded"
