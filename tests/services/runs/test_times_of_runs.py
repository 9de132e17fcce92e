"""What is noted of a run while it goes its way: its stages, and the run before it."""

from shared.runs.record import read_run
from shared.runs.stages import stages_of
from shared.runs.views import shown
from tests.support.steps import Steps


def _ended_run(steps: Steps) -> str:
    run = steps.start()
    steps.plan(run)
    steps.lane()
    steps.finish(run)
    return run


def test_an_ended_run_has_been_through_its_stages_one_after_the_other(steps: Steps) -> None:
    run = read_run(steps.app.blobs, _ended_run(steps))

    assert run is not None
    begun = [stage for stage in stages_of(run).values() if stage.began_at]
    assert len(begun) == 5
    assert [stage.ended_at for stage in begun] == [
        *(stage.began_at for stage in begun[1:]),
        run.ended_at,
    ]


def test_a_run_is_compared_with_the_last_one_that_succeeded(steps: Steps) -> None:
    first = _ended_run(steps)
    cancelled = steps.start()
    steps.vault.deny(f"mailchimp-{steps.name}")
    steps.plan(cancelled)
    steps.vault.allow(f"mailchimp-{steps.name}")
    second = _ended_run(steps)
    runs = [read_run(steps.app.blobs, run) for run in (first, cancelled, second)]

    assert [run and run.status for run in runs] == ["succeeded", "failed", "succeeded"]
    assert runs[0]
    assert runs[2]
    assert shown(runs[0])["compared_with_previous"] is None
    compared = shown(runs[2])["compared_with_previous"]
    assert compared["run"] == first
    assert compared["counts"]["created"] == {"difference": -3, "per_cent": -100.0}
    assert compared["counts"]["contacts"]["difference"] == 0
