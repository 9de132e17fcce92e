"""Checks an export against the other exports that there are."""

from collections.abc import Collection, Iterable, Sequence

from shared.exports.checks.findings import Findings
from shared.exports.export_index import IndexedExport
from shared.exports.models import Export, StoredExport
from shared.exports.schedule_checks import are_close, has_times, is_circle, predecessor_missing
from shared.platform.clock import utc_now


def check_predecessor(
    export: Export,
    others: Sequence[IndexedExport],
    unreadable: Collection[str],
    before: str | None,
    found: Findings,
) -> None:
    """The export that this one runs after is there, and does not run after this one.

    before: which it was as the export was last saved; one that has gone since is a warning.
    """
    after = export.schedule.predecessor
    if after is None:
        return
    if is_circle(export.name, after, others):
        text = f"{after} runs after this export itself"
        found.problem("schedule.after", text, "schedule_circle", export=after)
    elif after in unreadable or any(other.name == after for other in others):
        return
    elif after == before:
        found.warnings.append(predecessor_missing(after))
    else:
        found.problem("schedule.after", "no such export", "export_not_found", export=after)


def check_times(export: Export, others: Iterable[IndexedExport], found: Findings) -> None:
    """Warn where another export on the account runs within half an hour of this one."""
    now = utc_now()
    for other in others:
        if has_times(other.schedule) and are_close(export.schedule, other.schedule, now):
            found.warn(
                "schedules_close",
                f"The export {other.name} on this account runs within half an hour of this one. "
                "They share the account's connections, so both take longer.",
                export=other.name,
            )
            return


def check_neighbours(export: Export, others: Iterable[StoredExport], found: Findings) -> None:
    """Warn where another export on the audience fills a merge field from something else."""
    for other in others:
        mapped = other.merge_fields
        shared = [
            tag
            for tag, column in export.merge_fields.items()
            if tag in mapped and (mapped[tag], other.source) != (column, export.source)
        ]
        if shared:
            found.warn(
                "merge_field_shared",
                f"The export {other.name} fills these merge fields of the audience from "
                "something else: " + ", ".join(shared) + ". The last one to run wins.",
                export=other.name,
                tags=", ".join(shared),
            )
