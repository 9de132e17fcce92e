"""Checks an export against itself."""

from shared.exports.checks.findings import Findings
from shared.exports.models import Export


def check_segments(export: Export, found: Findings) -> None:
    """Segments and tags are each named once."""
    # Storage tells folders apart by every letter, Mailchimp tags without regard to case.
    named = (
        ("name", export.segment_names),
        ("tag", [tag.casefold() for tag in export.tags]),
    )
    for member, values in named:
        seen: set[str] = set()
        for number, value in enumerate(values):
            if value in seen:
                found.problem(
                    f"segments.{number}.{member}",
                    f"another segment has this {member}",
                    f"duplicate_{member}",
                )
            seen.add(value)


def check_filter(export: Export, found: Findings) -> None:
    """Dates and numbers to compare with are plainly such."""
    # Polars is loaded only where there is something to be read.
    for number, condition in enumerate(export.filter.all if export.filter else ()):
        if condition.op in ("before", "after", "less", "more"):
            from shared.mailchimp.value_types import read_day, read_number

            read = read_day if condition.op in ("before", "after") else read_number
            if read(condition.value) is None:
                kind = "date such as 2026-11-30" if read is read_day else "number such as 12.5"
                found.problem(f"filter.all.{number}.value", f"is no {kind}", "value_unreadable")
