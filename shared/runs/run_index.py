"""The runs of all exports, newest first: one empty blob each, named so that a listing sorts it.

A run's record lies below its export; to list the newest of all, an index is written when a run
begins. Runs from before there was one are entered when it is first read.
"""

from collections.abc import Iterator

from shared.platform.blobs import Blobs
from shared.runs import names

_FOLDER = "index/runs/"
_COMPLETE = "index/runs-complete.json"
_NINES = str.maketrans("0123456789", "9876543210")


def note_run(blobs: Blobs, run: str) -> None:
    """Enter a run; may be repeated."""
    blobs.write(_name(run), b"")


def newest_first(blobs: Blobs, before: str | None = None) -> Iterator[str]:
    """Yield the ids of runs, newest first; of those older than a moment or a run's id."""
    if blobs.info(_COMPLETE) is None:
        _complete(blobs)
    start = None if before is None else _key(before)
    for blob in blobs.list(_FOLDER):
        key = blob.name.removeprefix(_FOLDER)
        if start is None or key > start:
            yield key.partition("/")[2]


def forget_run(blobs: Blobs, run: str) -> None:
    """Take out a run of which nothing is kept any more."""
    blobs.delete(_name(run))


def _complete(blobs: Blobs) -> None:
    for export in blobs.folders(names.RUNS):
        for run in blobs.folders(f"{names.RUNS}{export}/"):
            if names.export_of(run) is not None:
                note_run(blobs, run)
    blobs.write_document(_COMPLETE, {})


def _name(run: str) -> str:
    return f"{_FOLDER}{_key(run)}"


def _key(run: str) -> str:
    """Later moments sort first: each digit is taken from nine."""
    moment = names.moment_of(run).lstrip("-")[: len("20261122T061500Z")]
    is_run = names.export_of(run) is not None
    return f"{moment.translate(_NINES)}/{run if is_run else ''}"
