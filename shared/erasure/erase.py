"""Erases one person: first their hash keeps them out, then everything that holds them is mended.

May be repeated; what an erasure that was cut off has left, the next one finds. What a plan or a
finish is writing at the same time they look through themselves: both read the register once more
after they have written (see build.py and finish.py in shared/runs).
"""

import re
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import polars as pl

from shared.accounts import board
from shared.app import App
from shared.erased import keep_out
from shared.erasure import ledgers, mailchimp, memories, outcomes, plans, previews
from shared.erasure.mailchimp import Deletion
from shared.erasure.person import Person
from shared.exports import store
from shared.mailchimp import suppressions
from shared.platform import log
from shared.runs import ledger
from shared.runs.record import read_run

# A lane that has just asked for the board may still get one without the erasure.
_A_LOOK_SECONDS = 1.0
# Files of outcomes are read whole, so few at once.
_READERS = 2
_RUN_PART = re.compile(
    r"^(?P<run>runs/[^/_][^/]*/[^/]+/)(?P<part>outcomes/|plans/[^/]+/|run\.json)"
)


@dataclass
class Erased:
    """What was removed where: counts and ids, nothing that names the person.

    ledgers: contacts by export (its uid where the export is gone) and audience. outcomes: rows by
    run. plans: runs that had the person before them. previews: runs whose samples showed them.
    tables: tables of protected contacts that named them.
    """

    addresses: int
    customer_ids: int
    ledgers: dict[tuple[str, str], int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    plans: list[str] = field(default_factory=list)
    previews: list[str] = field(default_factory=list)
    tables: int = 0
    mailchimp: list[Deletion] = field(default_factory=list)


def erase_person(
    app: App, *, email: str | None = None, customer_id: str | None = None, delete: bool = False
) -> Erased:
    """Erase the person with this address or CustomerId; `delete`: in Mailchimp, too.

    Raises ErasureKeyError.
    """
    given = Person.of(email, customer_id)
    keep_out(app.blobs, app.vault, app.leases, given.addresses, given.customer_ids)
    with app.heavy_work:
        person = _whole(app, given)
        keep_out(app.blobs, app.vault, app.leases, person.addresses, person.customer_ids)
        erased = Erased(len(person.addresses), len(person.customer_ids))
        memories.erase(app, person)
        _erase_ledgers(app, person, erased)
        _erase_runs(app, person, erased)
    erased.tables = sum(suppressions.erase(app, address) for address in person.addresses)
    if delete:
        audiences = sorted({found[:2] for found in ledger.all_ledgers(app.blobs)})
        # Last: lanes have heard of it by now, and send the person no more.
        erased.mailchimp = mailchimp.delete_permanently(app, person, audiences)
    log.event(
        "person_erased",
        addresses=erased.addresses,
        customer_ids=erased.customer_ids,
        ledgers=len(erased.ledgers),
        runs=len(erased.outcomes) + len(erased.plans),
        mailchimp=[deletion.result for deletion in erased.mailchimp],
    )
    return erased


def _whole(app: App, person: Person) -> Person:
    """Add what ledgers and runs know: for an address its CustomerId, for that its addresses."""
    for _ in range(2 if person.addresses else 1):
        rows = [
            *ledgers.known_rows(app, person),
            *memories.known_rows(app, person),
            *_known_in_runs(app, person),
        ]
        person = person.widened_by(pl.concat(rows)) if rows else person
    return person


def _known_in_runs(app: App, person: Person) -> Iterable[pl.DataFrame]:
    def known(part: tuple[str, str]) -> pl.DataFrame:
        run, kind = part
        if kind.startswith("plans/"):
            return plans.known_rows(app, run + kind, person)
        found = outcomes.known_rows(app, run + kind, person)
        return pl.DataFrame(
            found, schema={"email": pl.String, "customer_id": pl.String}, orient="row"
        )

    return _each(known, [part for part in _parts(app) if part[1] != "run.json"])


def _erase_ledgers(app: App, person: Person, erased: Erased) -> None:
    names = {export.uid: export.name for export in store.indexed_exports(app.blobs)[0]}
    for (_, audience, uid), count in ledgers.erase(app, person).items():
        erased.ledgers[names.get(uid, uid), audience] = count


def _erase_runs(app: App, person: Person, erased: Erased) -> None:
    def erase(part: tuple[str, str]) -> int:
        run, kind = part
        if kind == "run.json":
            return previews.erase(app, run + kind, person)
        if kind == "outcomes/":
            return outcomes.erase(app, run + kind, person)
        return plans.erase(app, run + kind, person)

    parts = _parts(app)
    for (folder, kind), count in zip(parts, _each(erase, parts), strict=True):
        run = folder.rstrip("/").rpartition("/")[2]
        if not count:
            continue
        if kind == "outcomes/":
            erased.outcomes[run] = count
        elif kind == "run.json":
            erased.previews.append(run)
        elif run not in erased.plans:
            erased.plans.append(run)
    _tell_lanes(app, {folder for folder, kind in parts if kind.startswith("plans/")})


def _tell_lanes(app: App, folders: Iterable[str]) -> None:
    """Have lanes that hold a part of these runs' payloads read it again, and wait until they do."""
    found = (read_run(app.blobs, folder.rstrip("/").rpartition("/")[2]) for folder in folders)
    accounts = {run.account for run in found if run and run.account}
    for account in accounts:
        app.board.put_erased(account)
    if accounts:
        # No lane goes by an older view of the board than this.
        time.sleep(board.LOOK_SECONDS + _A_LOOK_SECONDS)


def _parts(app: App) -> list[tuple[str, str]]:
    """Return the folder of every run with each of its parts that may hold a person."""
    found = (_RUN_PART.match(blob.name) for blob in app.blobs.list("runs/"))
    return list(dict.fromkeys((match["run"], match["part"]) for match in found if match))


def _each[T, R](work: Callable[[T], R], items: list[T]) -> list[R]:
    with ThreadPoolExecutor(_READERS) as readers:
        return list(readers.map(work, items))
