"""Checks an export against the columns of its segments' snapshots."""

from collections.abc import Mapping, Sequence

from shared.exports.checks.findings import Findings
from shared.exports.field_sources import columns_named, member_of
from shared.exports.models import Export
from shared.segments.columns import CUSTOMER_ID, find_column


def check_columns(export: Export, columns_of: Mapping[str, Sequence[str]], found: Findings) -> None:
    """Every mapped column is once in every segment's snapshot; CustomerId at most once.

    A segment without columns is empty: files of no bytes have none.
    """
    mapped = [("email_field", export.email_field)]
    for tag, source in export.merge_fields.items():
        mapped += [(member_of(tag, source), column) for column in columns_named(source)]
    mapped += export.more_columns.items()
    if export.consent is not None:
        mapped.append(("consent.field", export.consent.field))
    if export.filter is not None:
        mapped += [(f"filter.all.{n}.field", one.field) for n, one in enumerate(export.filter.all)]
    known = {segment: columns for segment, columns in columns_of.items() if columns}
    for member, column in mapped:
        places = {segment: find_column(columns, column) for segment, columns in known.items()}
        missing = [segment for segment, found_at in places.items() if not found_at]
        doubled = [segment for segment, found_at in places.items() if len(found_at) > 1]
        for said, code, segments in (
            ("no column", "column_missing", missing),
            ("more than one column", "column_ambiguous", doubled),
        ):
            if segments:
                listed = ", ".join(segments)
                text = f"{said} {column} in {listed}"
                found.problem(member, text, code, column=column, segments=listed)
    _check_ids(export, known, found)


def _check_ids(export: Export, known: Mapping[str, Sequence[str]], found: Findings) -> None:
    ids = {segment: len(find_column(columns, CUSTOMER_ID)) for segment, columns in known.items()}
    for number, segment in enumerate(export.segment_names):
        if ids.get(segment, 1) > 1:
            found.problem(
                f"segments.{number}.name",
                f"more than one column {CUSTOMER_ID}",
                "column_ambiguous",
                column=CUSTOMER_ID,
                segments=segment,
            )
    if without := [segment for segment, count in ids.items() if not count]:
        found.warn(
            "customer_id_missing",
            f"There is no column {CUSTOMER_ID} in {', '.join(without)}. Profiles are told apart by "
            "their address alone, so a new address is a new contact.",
            segments=", ".join(without),
        )
