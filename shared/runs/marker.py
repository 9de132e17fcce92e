"""The active marker of an export: who creates it is the one run that the export has under way.

It holds the run's first record, so that a run whose start broke off can be begun again from it.
"""

from collections.abc import Iterator
from contextlib import suppress

from shared.platform.blobs import BlobConflictError, Blobs
from shared.runs import names
from shared.runs.record import Run, run_of

# What tells the run in a listing; 0.1.0 wrote no metadata.
_RUN = "run"


def take_marker(blobs: Blobs, run: Run) -> bool:
    """Make a run the active one of its export; return whether no other run is."""
    name, metadata = names.marker_name(run.export), {_RUN: run.id}
    return blobs.create_document(name, run.document(), metadata) is not None


def free_marker(blobs: Blobs, run: str) -> None:
    """Let the export of an ended run have another one."""
    name = names.marker_name(names.export_of(run) or "")
    found = blobs.read_document(name)
    if found is not None and found[0]["id"] == run:
        # Whoever came between has freed it as well.
        with suppress(BlobConflictError):
            blobs.delete(name, found[1])


def active_exports(blobs: Blobs) -> set[str]:
    """Return the names of the exports that have an active run."""
    return {blob.name.removeprefix(names.ACTIVE) for blob in blobs.list(names.ACTIVE)}


def active_ids(blobs: Blobs) -> dict[str, str]:
    """Return the active run's id of every export that has one, by the export's name."""
    found = {}
    for blob in blobs.list(names.ACTIVE, metadata=True):
        export = blob.name.removeprefix(names.ACTIVE)
        run = blob.metadata.get(_RUN) or active_id(blobs, export)
        if run is not None:
            found[export] = run
    return found


def active_id(blobs: Blobs, export: str) -> str | None:
    """Return the id of an export's active run."""
    found = blobs.read_document(names.marker_name(export))
    return str(found[0]["id"]) if found else None


def active_runs(blobs: Blobs) -> Iterator[Run]:
    """Return the first record of every active run."""
    return map(run_of, blobs.read_documents(blob.name for blob in blobs.list(names.ACTIVE)))


def active_run(blobs: Blobs, export: str) -> Run | None:
    """Return the first record of an export's active run."""
    found = blobs.read_document(names.marker_name(export))
    return run_of(found[0]) if found else None
