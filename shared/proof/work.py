"""Works on a verification: reads the audience page by page, for a while at a time, then compares.

May be repeated and cut off anywhere: what was read is stored now and then. Runs come first: it has
one slot, and gives that back as soon as somebody waits for one or a run works on the audience.
Where a ledger has changed meanwhile it begins anew.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import polars as pl

from shared.accounts import board
from shared.accounts.slots import NoSlotError
from shared.app import App
from shared.drift.looking import OF_VERIFICATIONS
from shared.drift.store import DriftStore
from shared.erased import ErasureKeyError, load_erased
from shared.exports import accounts, store
from shared.exports.connection_models import StoredConnection
from shared.exports.connections import usable_connection
from shared.exports.errors import ConnectionUnusableError
from shared.exports.models import StoredExport
from shared.frames import tables
from shared.mailchimp.answers import ContactsPage
from shared.mailchimp.errors import RefusedError, RetryError, StopError
from shared.mailchimp.protocols import ProofCalls
from shared.platform import log, queues
from shared.platform.clock import seconds_since, to_text, utc_now
from shared.platform.leases import KeptLease
from shared.proof import record, rows
from shared.proof.compare import ROWS, SEEN, Compared, Given, compare, is_held
from shared.proof.drift import look_of
from shared.proof.promised import (
    Promised,
    called,
    given_by_others,
    given_of,
    held_rows,
    load_promised,
    owned_mask,
)
from shared.proof.reading import Reader
from shared.proof.record import StoppedError, Verification
from shared.runs.neighbours import UnknownNeighbourError

WORK_SECONDS = 240.0
_LONGEST = timedelta(hours=24)
_SAVE_SECONDS = 15.0
# How old what is known of a stop may be when a call begins.
_LOOK_SECONDS = 2.0
# What a wait is looked at by a message for; then the tick does.
_MESSAGES_SECONDS, _AGAIN_SECONDS = 60.0, 5.0
# Pages overlap: contacts that leave the list while it is read move the later ones up.
_COUNT, _LEAST, _MARGIN = 1000, 100, 10
_PAUSE_SECONDS = 1.0
# Contacts that were not seen are asked for one by one, where there are not too many of them.
_MOST_ASKED = 1000
_LISTINGS: tuple[str | None, ...] = (None, "archived")
# What follows the listings, once or twice.
_ASKING = 2 * len(_LISTINGS)


class _WaitError(Exception):
    """Something has to be waited for; `code` says what."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _FailedError(Exception):
    """The verification ends here; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def work_on(app: App, uid: str) -> None:
    """Handle a message about the verification of an export."""
    again = work(app, uid, WORK_SECONDS)
    if again is not None:
        app.queues.send(queues.UPKEEP, {"verification": uid}, delay=again)


def work(app: App, uid: str, seconds: float = WORK_SECONDS) -> float | None:
    """Work on it for so long; return after how many seconds to go on, None for not by a message."""
    with app.leases.held(record.lock_name(uid)) as lock:
        if lock is None:
            return None
        found = record.read(app.blobs, uid)
        if found is None or found.ended:
            return None
        return _Worker(app, lock, found).work(time.monotonic() + seconds)


class _Worker:
    """One invocation's work, under the lock of the export's verification."""

    def __init__(self, app: App, lock: KeptLease, now: Verification) -> None:
        self._app, self._lock, self._now = app, lock, now
        self._connection = ""
        self._looked_at = self._saved_at = 0.0
        self._unsaved: list[pl.DataFrame] = []
        self._held = pl.DataFrame()
        self._count = _COUNT

    def work(self, end: float) -> float | None:
        """Work until the end (monotonic clock); see `work` above."""
        try:
            if seconds_since(self._now.asked_at) > _LONGEST.total_seconds():
                raise _FailedError("stalled")
            return None if self._work(end) else _AGAIN_SECONDS
        except StoppedError:
            self._app.blobs.delete_all(self._now.folder)
        except (_FailedError, StopError) as error:
            self._end(self._now.as_ended("failed", error.code))
        except ConnectionUnusableError as error:
            if error.temporary:
                return self._wait("vault")
            self._end(self._now.as_ended("failed", error.code))
        except (_WaitError, NoSlotError, RetryError) as error:
            code = error.code if isinstance(error, _WaitError) else None
            return self._wait(code or ("slot" if isinstance(error, NoSlotError) else "mailchimp"))
        except (ErasureKeyError, UnknownNeighbourError):
            return self._wait("vault")
        except RefusedError:
            self._end(self._now.as_ended("failed", "internal_error"))
        return None

    def _work(self, end: float) -> bool:
        """Work until the end; return whether nothing is left to be done."""
        export = self._export()
        connection = usable_connection(self._app, export.connection)
        self._connection = connection.name
        account = connection.account_id
        promised = load_promised(self._app, export, account) if account else None
        if promised is None or promised.own.etag is None:
            # Nothing was ever sent, so nothing is promised.
            nothing = Compared(pl.DataFrame(schema=ROWS), 0, 0, {})
            self._tell(replace(self._now, audience=export.audience_id), nothing)
            return True
        self._check_alone(promised, 0)
        self._begin(promised)
        self._held = held_rows(self._app, promised)
        owned = owned_mask(self._app, promised)
        given = self._read(promised, connection, owned, end)
        return given is not None and self._compare(promised, given)

    def _export(self) -> StoredExport:
        found = store.load_export(self._app.blobs, self._now.export)
        if found is None or found[0].uid != self._now.uid:
            raise _FailedError("internal_error")
        return found[0]

    def _check_alone(self, promised: Promised, max_age: float) -> None:
        """Let runs on the audience go first, and whoever waits for a slot."""
        own = promised.own
        view = self._app.board.look(own.account, max_age)
        if any(seen.audience == own.audience for seen in view.runs.values()):
            raise _WaitError("audience")
        if view.waiting:
            raise _WaitError("slot")

    def _begin(self, promised: Promised) -> None:
        """Go on, or begin anew where a ledger is another one than before."""
        own, now = promised.own, self._now
        if now.ledgers != promised.versions:
            self._app.blobs.delete_all(f"{now.folder}parts/")
            now = replace(now, listing=0, offset=0, parts=0, done=0, total=0)
        self._now = replace(
            now,
            status="running",
            waiting=None,
            waiting_since=None,
            account=own.account,
            audience=own.audience,
            run=own.run,
            ledgers=promised.versions,
        )
        self._save()

    def _read(
        self, promised: Promised, connection: StoredConnection, owned: int, end: float
    ) -> Given | None:
        """Read what is left of the audience; None where time was up."""
        own = promised.own
        view = self._app.board.look(own.account, max_age=0)
        taken = sum(slot.leased for slot in view.slots.values())
        if taken >= self._app.slots.allowance(own.account).lanes:
            raise _WaitError("slot")
        try:
            with accounts.open_account(
                self._app, connection, lambda: self._check(promised), for_people=False
            ) as mailchimp:
                there = self._call(mailchimp.client.merge_fields, own.audience)
                reader = Reader(own, self._held, called(own, there), owned)
                while self._now.listing < _ASKING:
                    if time.monotonic() > end:
                        return None
                    self._read_page(mailchimp.client, reader)
                if not self._ask_for_unseen(mailchimp.client, reader, end):
                    return None
        finally:
            self._keep_read()
        kept = DriftStore(self._app.blobs, own.account, own.audience).load()
        return given_of(promised, owned, there, kept)

    def _check(self, promised: Promised) -> None:
        """Raise where the next call must not be made."""
        self._check_alone(promised, board.LOOK_SECONDS)
        if time.monotonic() - self._looked_at < _LOOK_SECONDS:
            return
        found = record.read(self._app.blobs, self._now.uid)
        if found is None or found.id != self._now.id or found.ended:
            raise StoppedError
        connection = store.load_connection(self._app.blobs, self._connection)
        if connection is None or not connection[0].consent.accepted:
            raise _FailedError("consent_withdrawn" if connection else "connection_removed")
        self._looked_at = time.monotonic()

    def _call[**P, R](self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        self._now = replace(self._now, calls=self._now.calls + 1)
        return function(*args, **kwargs)

    def _read_page(self, client: ProofCalls, reader: Reader) -> None:
        """Read the next page of a listing, and go to the next listing at its end."""
        now, page = self._now, self._page(client)
        self._unsaved.append(reader.part(page.items))
        behind = now.offset + len(page.items)
        now = self._now
        if now.listing == 0:
            done = min(max(now.done, behind), page.total_items)
            now = replace(now, done=done, total=page.total_items)
        self._now = replace(now, offset=behind - _MARGIN)
        if behind >= page.total_items or len(page.items) <= _MARGIN:
            self._now = replace(now, listing=now.listing + 1, offset=0)
            if self._now.listing == len(_LISTINGS):
                self._keep_read()
                # So many have not moved from one page to another: they are looked for once more.
                again = self._unseen().height > _MOST_ASKED
                self._now = replace(self._now, listing=len(_LISTINGS) if again else _ASKING)
        if time.monotonic() - self._saved_at > _SAVE_SECONDS:
            self._keep_read()

    def _page(self, client: ProofCalls) -> ContactsPage:
        """Read a page, a smaller one where a large one fails."""
        now = self._now
        status = _LISTINGS[now.listing % len(_LISTINGS)]
        while True:
            try:
                return self._call(
                    client.contacts,
                    now.audience,
                    status=status,
                    offset=now.offset,
                    count=self._count,
                )
            except RetryError:
                if self._count <= _LEAST:
                    raise
            self._count = max(_LEAST, self._count // 2)
            time.sleep(_PAUSE_SECONDS)

    def _ask_for_unseen(self, client: ProofCalls, reader: Reader, end: float) -> bool:
        """Ask for those whom no page had: they may have moved from one to another meanwhile."""
        self._keep_read()
        unseen = self._unseen()
        if unseen.height > _MOST_ASKED:
            return True
        left = unseen.filter(pl.col("place") >= self._now.offset)
        for place, email in left.select("place", "email").iter_rows():
            if time.monotonic() > end:
                return False
            member = self._call(client.member, self._now.audience, email)
            if member is not None:
                self._unsaved.append(reader.part([{**member, "email_address": email}]))
            self._now = replace(self._now, offset=place + 1)
        return True

    def _unseen(self) -> pl.DataFrame:
        """Return the rows of those who are held and were not seen, with their places."""
        places = self._seen()["place"].drop_nulls().unique()
        rows = self._held.with_row_index("place")
        return rows.filter(is_held(), ~pl.col("place").is_in(places.implode()))

    def _seen(self) -> pl.DataFrame:
        """Return all that was read and stored."""
        names = map(self._now.part_name, range(self._now.parts))
        found = [tables.read(self._app.blobs, name) for name in names]
        return pl.concat([pl.DataFrame(schema=SEEN), *found])

    def _keep_read(self) -> None:
        """Store what was read since the last time."""
        if self._unsaved:
            self._lock.check()
            name, part = self._now.part_name(self._now.parts), pl.concat(self._unsaved)
            erased = None
            while erased != (erased := load_erased(self._app.blobs, self._app.vault)):
                # Of who is in the ledger it has the place alone, so these are strangers.
                who = part.select("email", customer_id=pl.lit(""))
                left = part.filter(~erased.is_erased(who)) if erased else part
                tables.write(self._app.blobs, name, left)
            self._unsaved = []
            self._now = replace(self._now, parts=self._now.parts + 1)
        self._save()

    def _compare(self, promised: Promised, given: Given) -> bool:
        """Compare, unless something has changed meanwhile."""
        app = self._app
        if not app.heavy_work.acquire(timeout=app.heavy_work_wait):
            return False
        try:
            others = given_by_others(app, promised)
            now = load_promised(app, promised.export, promised.own.account)
            self._check_alone(promised, 0)
            if now.versions != self._now.ledgers:
                return False
            found = compare(self._held, self._seen(), others, given)
            if self._tell(self._now, found):
                self._keep_drift(promised, found, retyped=given.retyped)
        finally:
            app.heavy_work.release()
        return True

    def _keep_drift(self, promised: Promised, found: Compared, *, retyped: bool) -> None:
        """Keep what it has shown of changes by hand, for people to choose."""
        own = promised.own
        look = look_of(found, own, promised.others, retyped=retyped)
        kept = DriftStore(self._app.blobs, own.account, own.audience)
        kept.take_in(own.uid, look, OF_VERIFICATIONS)

    def _tell(self, now: Verification, found: Compared) -> bool:
        """Write the rows, without who was erased meanwhile, and end; False where it was stopped."""
        app, who = self._app, ("email", "customer_id")
        erased = None
        while erased != (erased := load_erased(app.blobs, app.vault)):
            told = found.rows
            if erased:
                told = told.filter(~erased.is_erased(told.select(who)))
            app.blobs.delete_all(now.rows_folder)
            rows.write(app.blobs, now, told)
        ended = replace(
            now.as_ended("succeeded"),
            checked_at=to_text(utc_now()),
            as_promised=found.as_promised,
            differing=found.differing,
            not_compared=found.not_compared,
        )
        if not self._end(ended):
            return False
        log.event(
            "verification_ended",
            export=now.export,
            held=found.held,
            as_promised=found.as_promised,
            calls=now.calls,
        )
        return True

    def _end(self, ended: Verification) -> bool:
        """End it; False where somebody has stopped it before."""
        try:
            record.save(self._app.blobs, ended)
        except StoppedError:
            self._app.blobs.delete_all(ended.folder)
            return False
        self._app.blobs.delete_all(f"{ended.folder}parts/")
        return True

    def _wait(self, code: str) -> float | None:
        """Say what is waited for; a message looks again soon, and later the tick."""
        now = self._now
        since = now.waiting_since if now.waiting == code else None
        waiting = replace(
            now, status="waiting", waiting=code, waiting_since=since or to_text(utc_now())
        )
        try:
            record.save(self._app.blobs, waiting)
        except StoppedError:
            self._app.blobs.delete_all(now.folder)
            return None
        soon = seconds_since(waiting.waiting_since or now.asked_at) < _MESSAGES_SECONDS
        return _AGAIN_SECONDS if soon else None

    def _save(self) -> None:
        self._lock.check()
        record.save(self._app.blobs, self._now)
        self._saved_at = time.monotonic()
