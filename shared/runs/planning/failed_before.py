"""Who is asked again by a run of failed contacts alone, and on which snapshots.

What counts is the newest run of the export that was planned, whatever came of it: it has told of
everybody in its segments, or, where it was such a run itself, of everybody whom it was to ask.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shared.platform.blobs import Blobs
from shared.runs import last_run, names, outcome_table
from shared.runs.codes import BY_CODE
from shared.runs.outcomes import file_size
from shared.runs.record import Run, read_run

if TYPE_CHECKING:  # what needs polars is imported when its turn has come
    import polars as pl

_UNDELIVERED = ("rejected", "failed")


def run_before(blobs: Blobs, run: Run) -> Run | None:
    """Return the run whose failed contacts another one asks again, None where none has any.

    What another audience refused says nothing of the one that the export has now.
    """
    for found in _runs_before(blobs, run):
        if found.uid != run.uid or found.preview or not found.status.ended:
            continue
        if file_size(blobs, found.id, None):
            return found if found.audience == run.audience and _codes(found) else None
    return None


def who_failed(blobs: Blobs, run: Run | None) -> "pl.DataFrame":
    """Return email and customer_id of the contacts that a run, if any, could not deliver."""
    import polars as pl

    nobody = pl.DataFrame(schema={"email": pl.String, "customer_id": pl.String})
    if run is None:
        return nobody
    parts = [outcome_table.read(blobs, run.id, code, nobody.columns) for code in _codes(run)]
    # An erasure leaves rows without an address.
    return pl.concat([nobody, *parts]).filter(pl.col("email") != "")


def _codes(run: Run) -> list[str]:
    return [code for code in run.outcomes if BY_CODE[code].count in _UNDELIVERED]


def _runs_before(blobs: Blobs, run: Run) -> Iterator[Run]:
    """Yield the export's runs, newest first: ids of one second don't tell which was the last."""
    last = last_run.read_last(blobs, run.export, run.uid)
    first = [last.run] if last else []
    others = blobs.folders(f"{names.RUNS}{run.export}/")
    older = sorted({*others} - {*first, run.id}, key=names.moment_of, reverse=True)
    for id_ in (*first, *older):
        found = read_run(blobs, id_)
        if found is not None:
            yield found
