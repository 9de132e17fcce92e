"""What the runs of an export have told of a person, newest first."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import batched

from shared.people.asked import Asked, Patience
from shared.people.facts import Told
from shared.platform.blobs import BlobConflictError, Blobs
from shared.runs import names
from shared.runs.outcome_pages import REASONS, OutcomeReader, Row
from shared.runs.record import Run, read_run

_AT_ONCE = 4


@dataclass(frozen=True)
class Past:
    """What was told; `left_out_from`: the first run that there was no time for."""

    told: tuple[Told, ...]
    left_out_from: str | None = None


def runs_of(blobs: Blobs, export: str) -> list[str]:
    """Return the ids of an export's runs that are kept, newest first."""
    return sorted(blobs.folders(f"{names.RUNS}{export}/"), key=names.moment_of, reverse=True)


def read_past(
    blobs: Blobs,
    uid: str,
    runs: Sequence[str],
    asked: Asked,
    patience: Patience,
    start: str | None = None,
) -> Past:
    """Look through the outcomes of runs; with `start` the newest, then that run and older ones.

    uid: of the export; runs of another one that had its name before are none of its.
    """
    told: list[Told] = []
    newest, older = list(runs[:1]), list(runs[1:])
    if start:
        older = [run for run in older if names.moment_of(run) <= names.moment_of(start)]
    look = partial(_told_by, blobs, uid, asked)
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="past") as readers:
        for some in batched([*newest, *older], _AT_ONCE, strict=False):
            if patience.begin() is None:
                return Past(tuple(told), some[0])
            told += [found for found in readers.map(look, some) if found is not None]
    return Past(tuple(told))


def _told_by(blobs: Blobs, uid: str, asked: Asked, run: str) -> Told | None:
    record = read_run(blobs, run)
    if record is None or record.uid != uid or record.preview or not record.status.ended:
        return None
    try:
        rows = _rows(blobs, record, asked)
    except BlobConflictError:  # an erasure has just written the file anew
        rows = _rows(blobs, record, asked)
    if not rows:
        return None
    row = min(rows, key=_rank)
    return Told(
        run=run,
        ended_at=record.ended_at or record.submitted_at,
        code=row.code,
        detail=row.detail,
        reason=REASONS.get(row.detail),
        email=row.email,
        customer_id=row.customer_id,
        segments=row.segments,
    )


def _rows(blobs: Blobs, run: Run, asked: Asked) -> list[Row]:
    reader = OutcomeReader(blobs, run.id, run.configuration.segment_names)
    return reader.of_person(email=asked.email, customer_id=asked.customer_id)


def _rank(row: Row) -> tuple[bool, bool]:
    """Of several rows the one that was sent says most, and one of a segment more than none."""
    return row.code.startswith("skipped_"), not row.segments
