"""What is found out about a schedule beside those of other exports, before it is saved."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.exports.checks.findings import Findings
from shared.exports.checks.neighbours import check_predecessor, check_times
from shared.exports.export_index import IndexedExport
from shared.exports.following import leads_back, predecessors
from shared.exports.models import Export, Schedule
from shared.exports.schedule_checks import are_close
from tests.support.stored import stored_export
from tests.unit.exports.test_models import EXPORT

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def after(name: str | None, **more: Any) -> dict[str, Any]:
    return {"kind": "after", "after": name, **more} if name else {"kind": "none"}


def known(**names: str | None) -> list[IndexedExport]:
    """Exports by what they run after."""
    return [
        IndexedExport.of(stored_export(name, schedule=after(before)))
        for name, before in names.items()
    ]


def checked(export: str, before: str, others: list[IndexedExport], stored: str | None) -> Findings:
    found = Findings()
    written = Export.model_validate(EXPORT | {"name": export, "schedule": after(before)})
    check_predecessor(written, others, {"broken"}, stored, found)
    return found


@pytest.mark.parametrize(
    ("before", "code"),
    [
        ("a", None),
        ("broken", None),
        ("nowhere", "export_not_found"),
        ("c", "schedule_circle"),
        ("b", "schedule_circle"),
        ("d", "schedule_circle"),
    ],
)
def test_an_export_runs_after_one_that_there_is_and_that_does_not_run_after_it(
    before: str, code: str | None
) -> None:
    # d is the export itself, as it was saved before.
    found = checked("d", before, known(a=None, b="d", c="b", d="a"), "a")
    assert [(p.where, p.code) for p in found.problems] == (
        [("schedule.after", code)] if code else []
    )


def test_one_whose_predecessor_has_gone_can_be_saved_as_it_is_and_is_warned() -> None:
    kept = checked("b", "gone", known(b="gone"), "gone")
    assert not kept.problems
    assert [warning.code for warning in kept.warnings] == ["predecessor_missing"]


def test_a_predecessor_counts_where_its_schedule_is_off_and_not_where_it_is_of_another_kind() -> (
    None
):
    off = IndexedExport.of(stored_export("a", schedule=after("b", active=False)))
    kept = IndexedExport.of(stored_export("c", schedule={"kind": "none", "after": "b"}))
    assert predecessors([off, kept]) == {"a": "b"}


@given(st.dictionaries(st.integers(0, 8), st.integers(0, 8)), st.integers(0, 8), st.integers(0, 8))
def test_whatever_is_saved_one_by_one_never_closes_a_circle(
    wanted: dict[int, int], export: int, before: int
) -> None:
    saved: dict[str, str] = {}
    for one, other in [*wanted.items(), (export, before)]:
        others = {name: its for name, its in saved.items() if name != str(one)}
        if not leads_back(str(one), str(other), others):
            saved[str(one)] = str(other)
    for name in saved:
        at, steps = saved.get(name), 0
        while at is not None:
            at, steps = saved.get(at), steps + 1
            assert steps < 20


def cron(*expressions: str, zone: str = "UTC", active: bool = True) -> Schedule:
    return Schedule(active=active, kind="cron", cron=list(expressions), time_zone=zone)


@pytest.mark.parametrize(
    ("one", "other", "close"),
    [
        (cron("0 6 * * *"), cron("20 6 * * 3"), True),
        (cron("0 6 * * *"), cron("30 6 * * *"), False),
        (cron("50 23 * * *"), cron("5 0 * * *"), True),
        (cron("0 6 * * 1"), cron("0 6 * * 2"), False),
        (cron("0 6 * * *"), cron("0 7 * * *", zone="Europe/Zagreb"), True),
        (cron("* * * * *"), cron("0 6 * * 5"), True),
        (cron("0 6 1 1 *"), cron("0 6 1 1 *"), False),
    ],
)
def test_schedules_are_close_where_two_times_of_the_next_days_are_within_half_an_hour(
    one: Schedule, other: Schedule, close: bool
) -> None:
    assert are_close(one, other, NOW) is close
    assert are_close(other, one, NOW) is close


def test_close_schedules_are_a_warning_that_names_the_other_unless_it_is_off() -> None:
    others = [
        IndexedExport.of(stored_export(name, schedule=cron("0 6 * * *", active=on).model_dump()))
        for name, on in (("off", False), ("on", True))
    ]
    found = Findings()
    check_times(
        Export.model_validate(EXPORT | {"schedule": cron("10 6 * * *").model_dump()}), others, found
    )
    assert [(w.code, w.params) for w in found.warnings] == [("schedules_close", {"export": "on"})]
