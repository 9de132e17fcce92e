"""When an export that follows its segments is due."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.exports.due import LastRun, Memory, refresh_due

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OLD, NEW = {"A": "2026/11/21/0600"}, {"A": "2026/11/22/0600"}
SCHEDULE = {"active": True, "kind": "refresh"}


def due(
    memory: Memory,
    stamps: dict[str, str],
    last: LastRun | None = None,
    *,
    ready: bool = True,
    now: datetime = NOW,
) -> bool:
    return refresh_due(memory, stamps, last=last, connection_ready=lambda: ready, now=now)


def remembered(run: str | None = "r", attempts: int = 1) -> Memory:
    return Memory(SCHEDULE, NOW, OLD, run, attempts)


def ended(status: str, error: str | None = None, hours_ago: float = 0.0) -> LastRun:
    return LastRun(status, error, NOW - timedelta(hours=hours_ago))


def test_an_export_that_never_ran_is_due() -> None:
    assert due(Memory(SCHEDULE, NOW), OLD)


def test_without_any_snapshot_nothing_is_due() -> None:
    assert not due(Memory(SCHEDULE, NOW), {"A": "", "B": ""})


@pytest.mark.parametrize("last", [None, ended("succeeded"), ended("failed"), ended("cancelled")])
def test_a_newer_snapshot_is_due_whatever_came_of_the_last(last: LastRun | None) -> None:
    assert due(remembered(attempts=4), NEW, last)


@pytest.mark.parametrize("status", ["succeeded", "partial", "cancelled", "skipped"])
def test_a_snapshot_that_was_dealt_with_is_not_due_again(status: str) -> None:
    assert not due(remembered(), OLD, ended(status, "snapshot_empty", hours_ago=100))


def test_nothing_is_due_while_its_run_is_active() -> None:
    assert not due(remembered(), OLD, None)


@pytest.mark.parametrize(
    ("attempts", "hours_ago", "again"),
    [(1, 0.2, False), (1, 0.3, True), (2, 0.9, False), (2, 1, True), (3, 4, True), (4, 99, False)],
)
def test_a_failed_run_is_tried_again_later_and_later_and_then_no_more(
    attempts: int, hours_ago: float, again: bool
) -> None:
    last = ended("failed", "mailchimp_unauthorized", hours_ago)
    assert due(remembered(attempts=attempts), OLD, last) is again


def test_two_days_of_failures_are_a_handful_of_runs() -> None:
    attempts, runs, now = 1, 1, NOW
    last = LastRun("failed", "internal_error", now)
    while now < NOW + timedelta(days=2):
        now += timedelta(minutes=5)
        if due(remembered(attempts=attempts), OLD, last, now=now):
            attempts, runs = attempts + 1, runs + 1
            last = LastRun("failed", "internal_error", now)
    assert runs == 4


@pytest.mark.parametrize("ready", [True, False])
def test_what_was_skipped_for_its_connection_is_due_once_that_is_ready(ready: bool) -> None:
    last = ended("skipped", "connection_not_ready")
    assert due(remembered(), OLD, last, ready=ready) is ready
