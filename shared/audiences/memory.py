"""What this product made in an audience, by whichever export: `audiences/{account}/{audience}/`.

`memory.json` names tables that are never changed. `made` has whom calls created, and when: one
table for each run that created any, put together by upkeep. `people` is one table, of the few of
whom there is more to say. Exports' ledgers say who is held, and who is due.

Written by finish while it holds the audience's lock, before the ledger: each run's part once.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.audiences.marks import made_schema, people_schema
from shared.audiences.versions import until_alone
from shared.frames import tables
from shared.platform.blobs import BlobConflictError, Blobs
from shared.platform.clock import to_text, utc_now

if TYPE_CHECKING:  # polars is imported where a plan or a finish runs
    import polars as pl

_ROOT = "audiences/"


@dataclass(frozen=True)
class Memory:
    """The document, as one version of it was read (`etag` None: there is none yet).

    runs: whose parts are in it, for as long as one of these may be finished once more. exports:
    uids of those whose ledger of before there was a memory is in it. noted_at: when a run was last
    added, "" for never.
    """

    account: str
    audience: str
    etag: str | None = None
    made: tuple[str, ...] = ()
    people: str | None = None
    runs: tuple[str, ...] = ()
    exports: tuple[str, ...] = ()
    noted_at: str = ""

    @property
    def folder(self) -> str:
        """Return where all of it lies."""
        return f"{_ROOT}{self.account}/{self.audience}/"

    @property
    def tables(self) -> tuple[str, ...]:
        """Return the names of its tables."""
        return (*self.made, *([self.people] if self.people else ()))


@dataclass(frozen=True)
class Part:
    """What a run adds; `known`: whom its export's ledger of before there was a memory has made."""

    run: str
    uid: str
    made: "pl.DataFrame"
    people: "pl.DataFrame"
    known: "pl.DataFrame"


def lock_name(account: str, audience: str) -> str:
    """Return the blob whose lease is held by whoever writes memory or ledgers of an audience."""
    return f"{_ROOT}{account}/{audience}/lock"


def load(blobs: Blobs, account: str, audience: str) -> Memory:
    """Return what is remembered of an audience, nothing where there is nothing."""
    empty = Memory(account, audience)
    found = blobs.read_document(_pointer(empty))
    if found is None:
        return empty
    document, etag = found
    return Memory(
        account,
        audience,
        etag,
        made=tuple(document["made"]),
        people=document["people"],
        runs=tuple(document["runs"]),
        exports=tuple(document["exports"]),
        noted_at=document["noted_at"],
    )


def memories(blobs: Blobs) -> Iterator[Memory]:
    """Yield the memory of every audience that has one."""
    for account in list(blobs.folders(_ROOT)):
        for audience in list(blobs.folders(f"{_ROOT}{account}/")):
            yield load(blobs, account, audience)


def people(blobs: Blobs, account: str, audience: str) -> "pl.DataFrame":
    """Return the people of whom there is more to say, one row per address."""

    return recall(blobs, account, audience)[1]


def recall(blobs: Blobs, account: str, audience: str) -> "tuple[Memory, pl.DataFrame]":
    """Return what is remembered of an audience, with its people as above."""

    def read(memory: Memory) -> "tuple[Memory, pl.DataFrame]":
        return memory, read_people(blobs, memory)

    return _read(blobs, account, audience, read)


def made(blobs: Blobs, account: str, audience: str, emails: "pl.Series") -> "pl.DataFrame":
    """Return of these addresses when calls of this product last created them.

    email, made_from and made_to; who was never created has no row.
    """
    import polars as pl

    columns = ["email", "made_from", "made_to"]

    def read(memory: Memory) -> "pl.DataFrame":
        among = pl.col("email").is_in(emails.implode())
        found = [tables.read(blobs, name, columns).filter(among) for name in memory.made]
        if not found:
            return pl.DataFrame(schema=made_schema()).select(columns)
        return pl.concat(found).unique("email", keep="last", maintain_order=True)

    return _read(blobs, account, audience, read)


def all_made(blobs: Blobs, account: str, audience: str) -> "pl.Series":
    """Return the addresses of everybody whom calls of this product have created, some twice."""
    import polars as pl

    def read(memory: Memory) -> "pl.Series":
        found = [tables.read(blobs, name, ["email"])["email"] for name in memory.made]
        return pl.concat([pl.Series("email", [], dtype=pl.String), *found])

    return _read(blobs, account, audience, read)


def read_people(blobs: Blobs, memory: Memory) -> "pl.DataFrame":
    """Return this version's people; raises BlobMissingError where a newer one has come."""
    import polars as pl

    if memory.people is None:
        return pl.DataFrame(schema=people_schema())
    return tables.read(blobs, memory.people)


def add(
    blobs: Blobs,
    account: str,
    audience: str,
    part: Part,
    others: "Callable[[tuple[str, ...]], Mapping[str, pl.DataFrame]]",
    known: Memory | None = None,
) -> None:
    """Add what a run has made, once; whoever calls this holds the audience's lock.

    others: whom other exports' ledgers of before there was a memory have made, by their uids, but
    for those that are in it; asked for with the first part of an export. known: the version that
    was read a moment ago.
    """
    seen = [known] if known else []

    def added() -> None:
        memory = seen.pop() if seen else load(blobs, account, audience)
        if part.run not in memory.runs:
            new = part.uid not in memory.exports
            before = others((*memory.exports, part.uid)) if new else {}
            _add(blobs, memory, part, before)

    # Somebody may be erased at the same time.
    until_alone(added)


def without(
    blobs: Blobs, account: str, audience: str, who: "Callable[[pl.DataFrame], pl.Series]"
) -> int:
    """Take people out, whoever writes at the same time; return how many rows that were.

    who: which rows of a frame of email and customer_id are about them.
    """
    return until_alone(lambda: _without(blobs, load(blobs, account, audience), who))


def store(
    blobs: Blobs,
    old: Memory,
    new: Memory,
    *,
    made: "Iterable[str | pl.DataFrame] | None" = None,
    people: "pl.DataFrame | None" = None,
) -> None:
    """Write a version over the one that was read; raises BlobConflictError.

    made: all its tables, the oldest first: names of those that are there, and new ones. None, as
    for people: those of `new`.
    """
    if made is not None:
        names = (one if isinstance(one, str) else _write(blobs, new, "made", one) for one in made)
        new = replace(new, made=tuple(names))
    if people is not None:
        new = replace(new, people=_write(blobs, new, "people", people))
    document = {
        "made": list(new.made),
        "people": new.people,
        "runs": list(new.runs),
        "exports": list(new.exports),
        "noted_at": new.noted_at,
    }
    try:
        blobs.replace_document(_pointer(new), document, old.etag)
    except BlobConflictError:
        _delete(blobs, set(new.tables) - set(old.tables))
        raise
    _delete(blobs, set(old.tables) - set(new.tables))


def _write(blobs: Blobs, memory: Memory, kind: str, table: "pl.DataFrame") -> str:
    name = f"{memory.folder}{kind}/{secrets.token_hex(8)}.parquet"
    tables.write(blobs, name, table)
    return name


def _add(blobs: Blobs, memory: Memory, part: Part, others: "Mapping[str, pl.DataFrame]") -> None:
    import polars as pl

    new = replace(
        memory,
        runs=(*memory.runs, part.run),
        exports=tuple(dict.fromkeys((*memory.exports, part.uid, *others))),
        noted_at=to_text(utc_now()),
    )
    # What was known before is older than what any run has said since.
    mine = [part.known] if part.uid not in memory.exports else []
    known = [table for table in (*mine, *others.values()) if table.height]
    created = [part.made] if part.made.height else []
    before = read_people(blobs, memory)
    said = pl.concat([part.made["email"], part.people["email"]])
    after = pl.concat([before.filter(~pl.col("email").is_in(said.implode())), part.people])
    changed = part.people.height or after.height != before.height
    store(
        blobs,
        memory,
        new,
        made=[*known, *memory.made, *created],
        people=after if changed else None,
    )


def _without(blobs: Blobs, memory: Memory, who: "Callable[[pl.DataFrame], pl.Series]") -> int:
    columns = ["email", "customer_id"]
    found = {name: who(tables.read(blobs, name, columns)) for name in memory.tables}
    hit = {name: rows for name, rows in found.items() if rows.any()}
    if not hit:
        return 0

    def left(name: str) -> "pl.DataFrame":
        return tables.read(blobs, name).filter(~hit[name])

    store(
        blobs,
        memory,
        memory,
        made=[left(name) if name in hit else name for name in memory.made],
        people=left(memory.people) if memory.people in hit else None,
    )
    return sum(int(rows.sum()) for rows in hit.values())


def _read[T](blobs: Blobs, account: str, audience: str, read: Callable[[Memory], T]) -> T:
    """Read tables, from the start where a newer version has taken their place meanwhile."""
    return until_alone(lambda: read(load(blobs, account, audience)))


def _pointer(memory: Memory) -> str:
    return f"{memory.folder}memory.json"


def _delete(blobs: Blobs, names: Iterable[str]) -> None:
    for name in names:
        blobs.delete(name)
