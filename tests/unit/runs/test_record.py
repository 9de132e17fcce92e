"""A run's record: it comes back from the store as it went in, and shows what it may show."""

from dataclasses import MISSING, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.http.answers.runs import RunView
from shared.notice import Notice
from shared.runs import views
from shared.runs.counts import Counts, Progress
from shared.runs.record import Run, RunStatus, run_of
from tests.support.stored import AT, stored_export, stored_run

ID = "news-20261122T061500Z-7f3a"
TIME = st.none() | st.just(AT)
TEXT = st.text(max_size=20)
NOTICE = st.builds(Notice, TEXT, TEXT)
COUNT = st.integers(0, 10**7)
RUNS = st.builds(
    Run,
    id=st.just(ID),
    export=st.just("news"),
    submitted_at=st.just(AT),
    started_at=TIME,
    ended_at=TIME,
    counts=st.builds(Counts, contacts=COUNT, created=COUNT),
    progress=st.builds(Progress, contacts_done=COUNT),
    configuration=st.builds(stored_export, display_name=st.just("News")),
    warnings=st.lists(NOTICE, max_size=3).map(tuple),
    error=st.none() | NOTICE,
    plan=st.none(),
    account=st.none() | TEXT,
    waits=COUNT,
    waits_until=TIME,
    silent_since=TIME,
    sending_at=TIME,
    chunk_sizes=st.lists(st.tuples(COUNT, COUNT), max_size=3).map(tuple),
    revivals=COUNT,
)


@given(RUNS)
def test_a_record_comes_back_as_it_was_stored(run: Run) -> None:
    assert run_of(run.document()) == run


@given(RUNS)
def test_what_the_api_shows_has_the_fields_of_its_schema_and_no_others(run: Run) -> None:
    RunView.model_validate(views.shown(run))


def test_fields_of_a_record_that_say_nothing_yet_are_not_stored() -> None:
    optional = {f.name for f in fields(Run) if f.default is not MISSING}
    assert optional.isdisjoint(stored_run(ID).document())


def test_a_status_that_nobody_knows_is_refused() -> None:
    document = stored_run(ID).document() | {"status": "sleeping"}
    with pytest.raises(ValidationError, match="status"):
        run_of(document)


@pytest.mark.parametrize("status", RunStatus)
def test_a_run_has_ended_or_is_still_to_end(status: RunStatus) -> None:
    assert status.ended is (status not in ("queued", "planning", "running"))
