"""What contacts of an audience were last read to want, and what this product wrote of it.

`audiences/{account}/{audience}/answers.json` names a table that is never changed; there is none
where no export of the audience fills interests or languages. Written by finish while it holds the
audience's lock, each run's part once: what one export has given another takes, and a first time is
one whichever export it is.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.audiences.answer_rows import schema
from shared.audiences.versions import until_alone
from shared.frames import tables
from shared.platform.blobs import BlobConflictError, Blobs

if TYPE_CHECKING:  # polars is imported where a plan or a finish runs
    import polars as pl

_ROOT = "audiences/"
# Of runs whose part is in it: who may finish once more is among the last.
_RUNS = 50
# Interests are bits of a mask.
MAX_INTERESTS = 64


@dataclass(frozen=True)
class Answers:
    """The document, as one version of it was read (`etag` None: there is none yet).

    interests: their ids by bit. runs: the last ones whose parts are in it.
    """

    account: str
    audience: str
    etag: str | None = None
    interests: tuple[str, ...] = ()
    table: str | None = None
    runs: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """Return where all of it lies."""
        return f"{_ROOT}{self.account}/{self.audience}/"

    def with_interests(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """Return the ids by bit, with those wanted as far as there is room."""
        return tuple(dict.fromkeys((*self.interests, *wanted)))[:MAX_INTERESTS]


def load(blobs: Blobs, account: str, audience: str) -> Answers:
    """Return what is known of an audience's answers, nothing where there is nothing."""
    empty = Answers(account, audience)
    found = blobs.read_document(_pointer(empty))
    if found is None:
        return empty
    document, etag = found
    return replace(
        empty,
        etag=etag,
        interests=tuple(document["interests"]),
        table=document["table"],
        runs=tuple(document["runs"]),
    )


def rows(blobs: Blobs, answers: Answers) -> "pl.DataFrame":
    """Return this version's rows, one per address; raises BlobMissingError for an old version."""
    import polars as pl

    if answers.table is None:
        return pl.DataFrame(schema=schema())
    return tables.read(blobs, answers.table)


def read(blobs: Blobs, account: str, audience: str) -> "tuple[Answers, pl.DataFrame]":
    """Return document and rows of one version."""

    def both() -> "tuple[Answers, pl.DataFrame]":
        found = load(blobs, account, audience)
        return found, rows(blobs, found)

    return until_alone(both)


def add(
    blobs: Blobs,
    account: str,
    audience: str,
    run: str,
    interests: Sequence[str],
    merged: "Callable[[pl.DataFrame, tuple[str, ...]], pl.DataFrame]",
) -> None:
    """Add a run's part, once; whoever calls this holds the audience's lock.

    merged: returns the rows after the run from those before it and the ids by bit.
    """

    def added() -> None:
        old, before = read(blobs, account, audience)
        if run in old.runs:
            return
        ids = old.with_interests(interests)
        new = replace(old, interests=ids, runs=(*old.runs, run)[-_RUNS:])
        _store(blobs, old, new, merged(before, ids))

    # Somebody may be erased at the same time.
    until_alone(added)


def without(
    blobs: Blobs, account: str, audience: str, who: "Callable[[pl.DataFrame], pl.Series]"
) -> int:
    """Take people out, whoever writes at the same time; return how many rows that were.

    who: which rows of a frame of email and customer_id are about them.
    """

    def taken() -> int:
        old, before = read(blobs, account, audience)
        if before.is_empty():
            return 0
        gone = who(before.select("email", "customer_id"))
        if gone.any():
            _store(blobs, old, old, before.filter(~gone))
        return int(gone.sum())

    return until_alone(taken)


def _store(blobs: Blobs, old: Answers, new: Answers, table: "pl.DataFrame") -> None:
    """Write a version over the one that was read; raises BlobConflictError."""
    name = f"{new.folder}answers/{secrets.token_hex(8)}.parquet"
    tables.write(blobs, name, table)
    document = {"interests": list(new.interests), "table": name, "runs": list(new.runs)}
    try:
        blobs.replace_document(_pointer(new), document, old.etag)
    except BlobConflictError:
        blobs.delete(name)
        raise
    if old.table:
        blobs.delete(old.table)


def _pointer(answers: Answers) -> str:
    return f"{answers.folder}answers.json"
