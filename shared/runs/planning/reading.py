"""Reads the profiles of all segments; a run ends here when they can't be what was meant."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from shared.exports.models import Export
from shared.mailchimp.countries import culture_of
from shared.runs.ledger import Ledger
from shared.runs.planning.field_values import FieldValues
from shared.runs.planning.mapped_values import computed_values, mapped_columns
from shared.runs.planning.more_values import MoreValues
from shared.runs.planning.profiles import (
    MAX_CONTACTS,
    ProfileColumns,
    Profiles,
    TooManyContactsError,
    gather,
)
from shared.runs.planning.row_filter import RowFilter
from shared.runs.planning.run_input import RunInput
from shared.runs.planning.waiting import segment_storage
from shared.runs.record import RunFailedError, RunStatus
from shared.segments.columns import CUSTOMER_ID, find_column
from shared.segments.errors import SegmentsError
from shared.segments.reader import columns_of, read_profiles


def read_segments(export: Export, found: RunInput, values: FieldValues) -> Profiles:
    stamps = [snapshot.stamp for snapshot in found.snapshots]
    columns = profile_columns(export, stamps, found.culture)
    there: dict[str, Sequence[str]] = {}

    def batches(position: int) -> Iterator[pa.RecordBatch]:
        snapshot = found.snapshots[position]
        names = columns_of(found.blobs, snapshot, columns.all(with_id=False))
        there[snapshot.segment] = names
        with_id = bool(find_column(names, CUSTOMER_ID))
        yield from read_profiles(found.blobs, snapshot, columns.all(with_id=with_id))

    try:
        segments = [(s.segment, batches(i)) for i, s in enumerate(found.snapshots)]
        with segment_storage():
            return replace(gather(segments, columns, values.keep), columns=there)
    except TooManyContactsError:
        raise RunFailedError(
            "too_many_contacts",
            f"The segments hold more than {MAX_CONTACTS:,} contacts; one export sends at most so "
            "many. Share the segments out among several exports.",
            RunStatus.SKIPPED,
        ) from None
    except SegmentsError as error:
        if error.code == "snapshot_incomplete":
            raise
        raise RunFailedError(error.code, str(error), params=error.params) from None


def profile_columns(export: Export, stamps: Sequence[str], culture: str | None) -> ProfileColumns:
    """Return what is read of a profile.

    stamps: of each segment's snapshot; culture: how values are written, as model.json says.
    """
    return ProfileColumns(
        email=export.email_field,
        values=tuple(dict.fromkeys((*mapped_columns(export), *MoreValues(export).columns))),
        computed=computed_values(export),
        consent=export.consent.field if export.consent else None,
        consent_values=frozenset(export.consent.values if export.consent else ()),
        ranks=_ranks(stamps),
        filter=_filter(export, culture),
    )


def _filter(export: Export, culture: str | None) -> RowFilter | None:
    if export.filter is None:
        return None
    return RowFilter(tuple(export.filter.all), culture_of(culture))


def _ranks(stamps: Sequence[str]) -> tuple[int, ...]:
    """Return how new each segment's snapshot is: the newest has the highest number."""
    known = sorted(set(stamps))
    return tuple(known.index(stamp) for stamp in stamps)


def samples(export: Export, found: RunInput) -> Mapping[str, Sequence[str | None]]:
    """Return some values of each mapped column, from the first segment that has rows."""
    columns = list(mapped_columns(export))
    for snapshot in found.snapshots:
        try:
            with segment_storage():
                batches = read_profiles(found.blobs, snapshot, columns)
                batch = next(iter(batches), None)
        except SegmentsError as error:
            raise RunFailedError(error.code, str(error), params=error.params) from None
        if batch is not None and batch.num_rows:
            part = batch.slice(0, 1000)
            return {name: part.column(name).to_pylist() for name in columns}
    return {}


def check_input(profiles: Profiles, distinct: int, old: Ledger, *, allow_removals: bool) -> None:
    """Raise RunFailedError for segments that hold too many contacts, or suddenly none at all.

    Once a person has said that they are rightly empty, they are until they hold somebody again.
    """
    before = any(folded.rows for folded in old.segments.values()) or not old.segments
    if not any(profiles.rows.values()) and old.contacts and before and not allow_removals:
        raise RunFailedError(
            "snapshot_empty",
            "All segments are empty although contacts were exported before. Nothing was sent, so "
            "that nobody is removed by mistake: look at the segments in Customer Insights. If they "
            "are right, run the export once with allow_removals.",
            RunStatus.SKIPPED,
        )
    if distinct > MAX_CONTACTS:
        raise RunFailedError(
            "too_many_contacts",
            f"The segments hold {distinct:,} contacts; one export sends at most {MAX_CONTACTS:,}. "
            "Share the segments out among several exports.",
            RunStatus.SKIPPED,
        )
