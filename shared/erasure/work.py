"""Works on an erasure: goes through every piece of every store, for a while at a time.

May be repeated and cut off anywhere: what was learnt of the person is stored before anything that
has led to it is removed, and the place is stored now and then. What a plan or a finish is writing
at the same time they look through themselves, by reading the register once more afterwards.
"""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import chain

from shared.accounts import board
from shared.app import App
from shared.erased import keep_out
from shared.erasure import record
from shared.erasure.person import Names, Person
from shared.erasure.record import Open, Piece, Told
from shared.erasure.search import BUSY, PieceError, Search
from shared.erasure.stores import Store, stores
from shared.platform import log, queues
from shared.platform.blobs import BlobArchivedError, BlobRefusedError
from shared.platform.clock import seconds_since, to_text, utc_now
from shared.platform.errors import CloudError
from shared.platform.forms import FormError
from shared.platform.leases import KeptLease

WORK_SECONDS = 240.0
# Files of outcomes are read whole, so few at once.
_AT_ONCE = 2
_SAVE_SECONDS = 1.0
# What fails is tried again after an hour, for a day; then once a day.
_HOURS = 24
_SOON, _LATER = timedelta(hours=1), timedelta(days=1)
# A lane that has just asked for the board may still get one without the erasure.
TOLD_SECONDS = board.LOOK_SECONDS + 1.0


def work_on(app: App, id_: str) -> None:
    """Handle a message about an erasure."""
    if not work(app, id_, WORK_SECONDS):
        app.queues.send(queues.UPKEEP, {"erasure": id_})


def work(app: App, id_: str, seconds: float) -> bool:
    """Work on an erasure for so long; return whether nothing is left to be done now.

    Raises ErasureKeyError.
    """
    with _worker(app, id_) as worker:
        return worker is None or worker.work(time.monotonic() + seconds)


def hold_back(app: App, id_: str) -> None:
    """Take the person out of what is sent just now, and of nothing else.

    Raises ErasureKeyError.
    """
    with _worker(app, id_) as worker:
        if worker is not None:
            worker.hold_back()


@contextmanager
def _worker(app: App, id_: str) -> Iterator["_Worker | None"]:
    """Have an erasure for the block; None where somebody has it, or it is done."""
    with app.leases.held(record.lock_name(id_)) as lock:
        opened = record.read_open(app.blobs, id_) if lock else None
        if lock is None or opened is None:
            yield None
            return
        told = record.read_told(app.blobs, id_) or record.new_told(id_)
        yield _Worker(app, lock, replace(told, status="running", ended_at=None), opened)


class _Worker:
    """One invocation's work on an erasure, under its lock."""

    def __init__(self, app: App, lock: KeptLease, told: Told, state: Open) -> None:
        self._app, self._lock = app, lock
        self._told, self._state = told, state
        self._saved_at = time.monotonic()
        self._stores = stores(delete=state.delete)
        self._search = Search(state.given, state.person, self._keep, self._note_told)

    def hold_back(self) -> None:
        """Go through what is urgent; all of it has its turn once more."""
        self._learn_from_others()
        for one in self._stores:
            if one.urgent:
                pieces: list[Piece] = [(one.kind, piece) for piece in one.pieces(self._app)]
                self._note(pieces, [self._erase(piece) for piece in pieces])
        self._save()

    def work(self, end: float) -> bool:
        """Go through what is left until the end (monotonic clock); see `work` above."""
        self._learn_from_others()
        pieces = self._pieces()
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="erasure") as workers:
            while some := self._next(pieces):
                if any(kind == "mailchimp" for kind, _ in some):
                    self._wait_for_lanes()
                before = self._search.person
                results = list(workers.map(self._erase, some))
                if BUSY in results:
                    self._save()
                    return False
                self._note(some, results)
                grown = self._search.person.knows_more_than(before)
                self._advance(len(some), grown=grown)
                if not self._next(pieces) and self._state.again:
                    pieces = self._once_more(pieces)
                if self._next(pieces) and time.monotonic() > end:
                    self._save()
                    return False
        self._end()
        return True

    def _learn_from_others(self) -> None:
        """Learn from other erasures of the same person, which may have removed what led to them."""
        open_ = [record.id_of(blob) for blob in record.all_open(self._app.blobs)]
        others = [record.read_open(self._app.blobs, id_) for id_ in open_ if id_ != self._told.id]
        people = [other.person for other in others if other]
        self._search.learn(lambda _: chain.from_iterable(map(_pairs, people)))

    def _pieces(self) -> list[Piece]:
        """Return what is to be gone through; the first time all that there is."""
        found = record.read_pieces(self._app.blobs, self._told.id)
        if found is None:
            found = [(one.kind, piece) for one in self._stores for piece in one.pieces(self._app)]
            record.write_pieces(self._app.blobs, self._told.id, found)
            self._told = replace(self._told, done=0, total=len(found))
            self._save()
        return found

    def _next(self, pieces: list[Piece]) -> list[Piece]:
        """Return the pieces whose turn it is; those of one store at a time."""
        some = pieces[self._state.position : self._state.position + _AT_ONCE]
        return [piece for piece in some if piece[0] == some[0][0]]

    def _store(self, kind: str) -> Store:
        """Return a store of a kind; where there are several, their pieces are alike."""
        return next(one for one in self._stores if one.kind == kind)

    def _erase(self, piece: Piece) -> Mapping[str, int] | str:
        """Take the person out of a piece; return how many by where, or why it couldn't be done."""
        kind, name = piece
        self._lock.check()
        try:
            return self._store(kind).erase(self._app, name, self._search)
        except PieceError as error:
            return error.code
        except (BlobArchivedError, BlobRefusedError, FormError):
            return "unreadable"
        except CloudError:
            return "storage_failed"
        except Exception as error:  # one broken piece must not keep the person in the others
            log.failure("piece_not_erased", error, kind=kind)
            return "unreadable"

    def _note(self, some: list[Piece], results: list[Mapping[str, int] | str]) -> None:
        errors = dict(self._told.errors)
        for piece, result in zip(some, results, strict=True):
            where = "/".join(piece)
            errors.pop(where, None)
            if isinstance(result, str):
                errors[where] = result
            else:
                self._told = self._told.with_removed(dict(result))
        self._told = replace(self._told, errors=errors)

    def _advance(self, count: int, *, grown: bool) -> None:
        position = self._state.position + count
        again = position if grown else self._state.again
        self._state = replace(self._state, position=position, again=again)
        self._told = replace(self._told, done=self._told.done + count)
        if grown or time.monotonic() - self._saved_at > _SAVE_SECONDS:
            self._save()

    def _once_more(self, pieces: list[Piece]) -> list[Piece]:
        """Begin again with the pieces whose turn was before the person was known so well."""
        pieces = pieces[: self._state.again]
        record.write_pieces(self._app.blobs, self._told.id, pieces)
        self._state = replace(self._state, position=0, again=0)
        self._told = replace(self._told, total=self._told.total + len(pieces))
        self._save()
        return pieces

    def _keep(self, person: Person) -> None:
        """Store what was learnt of the person, and keep that out as well."""
        self._lock.check()
        self._state = replace(self._state, person=person)
        record.write_open(self._app.blobs, self._told.id, self._state)
        app = self._app
        keep_out(app.blobs, app.vault, app.leases, person.addresses, person.customer_ids)

    def _note_told(self) -> None:
        self._state = replace(self._state, told_at=to_text(utc_now()))
        record.write_open(self._app.blobs, self._told.id, self._state)

    def _save(self) -> None:
        self._lock.check()
        record.write_open(self._app.blobs, self._told.id, self._state)
        record.write_told(self._app.blobs, self._told)
        self._saved_at = time.monotonic()

    def _wait_for_lanes(self) -> None:
        """Wait until no lane goes by a payload that had the person."""
        told_at = self._state.told_at
        if told_at is not None:
            time.sleep(max(0.0, TOLD_SECONDS - seconds_since(told_at)))

    def _end(self) -> None:
        self._wait_for_lanes()
        ended = replace(self._told, ended_at=to_text(utc_now()))
        if ended.errors:
            self._put_off(replace(ended, status="incomplete"))
        else:
            record.write_told(self._app.blobs, replace(ended, status="done"))
            record.close(self._app.blobs, ended.id)
        removed = sum(1 for count in ended.removed.values() if count)
        log.event("person_erased", erasure=ended.id, places=removed, errors=len(ended.errors))

    def _put_off(self, told: Told) -> None:
        """Have what failed tried again later, and nothing else."""
        failed = [_piece_of(where) for where in told.errors]
        self._told = replace(told, total=told.total + len(failed))
        pause = _SOON if self._state.tries < _HOURS else _LATER
        self._state = replace(
            self._state,
            position=0,
            again=0,
            tries=self._state.tries + 1,
            next_try_at=to_text(utc_now() + pause),
        )
        record.write_pieces(self._app.blobs, told.id, failed)
        self._save()


def _piece_of(where: str) -> Piece:
    kind, _, piece = where.partition("/")
    return kind, piece


def _pairs(person: Person) -> list[Names]:
    """Return every address with every CustomerId of a person as rows have them."""
    return [(email, id_) for email in person.spellings for id_ in person.customer_ids]
