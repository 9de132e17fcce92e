"""The right to one of an account's simultaneous connections to Mailchimp.

An account has as many slots as MAILCHIMP_MAX_CONNECTIONS: leased blobs below
`slots/{account}/`. Every call is made under one. Mailchimp goes on counting a call whose client
has gone, so a slot says whether it was given back cleanly; whoever takes one that was not first
waits out the read timeout.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from shared.app import App
from shared.mailchimp import board
from shared.mailchimp.errors import MailchimpError, RetryError, TimedOutError
from shared.platform import queues
from shared.platform.blobs import BlobConflictError, BlobMissingError
from shared.platform.leases import KeptLease, LeaseLostError

_POLL_SECONDS = 0.25


class NoSlotError(Exception):
    """All of the account's connections stayed busy for as long as the caller would wait."""


class SlotLostError(Exception):
    """The slot's lease ran out: no further call may be made under it."""


class Slot:
    """One connection's worth of calls; one call at a time."""

    def __init__(
        self,
        app: App,
        account: str,
        number: int,
        kept: KeptLease,
        open_for: float,
    ) -> None:
        # Called before each call; whoever holds the slot for a run sees there whether it may go on.
        self.guard: Callable[[], None] | None = None
        self._app = app
        self.account = account
        self.number = number
        self._kept = kept
        # Mailchimp may be working on an earlier call until then (monotonic clock).
        self._busy_until = time.monotonic() + open_for
        self._unclean = open_for > 0
        self._run = ""

    def serve(self, run: str) -> None:
        """Note in the slot which run the next calls belong to, and that calls are made.

        Raises SlotLostError. Not while an earlier run's call may be open: the note says so.
        """
        if run == self._run:
            return
        try:
            self._write(clean=False, run=run)
        except (BlobConflictError, BlobMissingError):
            raise SlotLostError from None
        self._run, self._unclean = run, True

    def busy_seconds(self) -> float:
        """Return how long the next call must still wait for an earlier one to be over."""
        return max(0.0, self._busy_until - time.monotonic())

    def call[**P, R](self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Make one call to Mailchimp; raises SlotLostError and what the function raises."""
        if busy := self.busy_seconds():
            time.sleep(busy)
        if self.guard is not None:
            self.guard()
        try:
            self._kept.check()
        except LeaseLostError:
            raise SlotLostError from None
        if not self._run:
            self.serve("-")
        started = time.monotonic()
        try:
            return function(*args, **kwargs)
        except RetryError as error:
            if error.may_be_open:
                settings = self._app.settings
                until = max(started + settings.mailchimp_timeout, time.monotonic())
                if isinstance(error, TimedOutError):
                    until += settings.mailchimp_cooldown
                self._busy_until = until
            raise
        except MailchimpError:
            raise
        except BaseException:
            # Where it broke off is not known: Mailchimp may have the call.
            self._busy_until = max(self._busy_until, started + self._app.settings.mailchimp_timeout)
            raise

    def release(self) -> None:
        """Give the slot back, marked clean when no call of ours can be open any more."""
        try:
            if self._unclean and self.busy_seconds() == 0:
                self._write(clean=True, run="")
        except (BlobConflictError, BlobMissingError):
            self._app.leases.forget(self._kept)
            return
        except BaseException:
            # Without this the lease would be renewed for as long as the process lives.
            self._app.leases.forget(self._kept)
            raise
        self._kept.release()

    def _write(self, *, clean: bool, run: str) -> None:
        metadata = {"clean": "1" if clean else "0", "run": run}
        self._app.blobs.set_metadata(
            board.slot_name(self.account, self.number), metadata, self._kept.lease
        )


def take_slot(app: App, account: str, number: int | None = None) -> Slot | None:
    """Take a free slot of the account, or that one; None where it or all are held.

    A slot that was not given back cleanly counts as busy for the read timeout from now on, so
    clean ones come first.
    """
    view = board.look(app, account, max_age=0)
    unclean = {n for n, seen in view.slots.items() if not seen.clean}
    taken = {n for n, seen in view.slots.items() if seen.leased}
    wanted = range(app.settings.max_connections) if number is None else [number]
    for number in sorted(set(wanted) - taken, key=lambda n: (n in unclean, n)):
        name = board.slot_name(account, number)
        kept = app.leases.take_or_create(name)
        if kept is None:
            continue
        try:
            info = app.blobs.info(name)
        except BaseException:
            kept.release()
            raise
        clean = info is not None and info.metadata.get("clean", "1") == "1"
        return Slot(app, account, number, kept, 0.0 if clean else app.settings.mailchimp_timeout)
    return None


@contextmanager
def hold_slot(
    app: App,
    account: str,
    wait_seconds: float = 15,
    guard: Callable[[], None] | None = None,
) -> Iterator[Slot]:
    """Hold a slot for some calls; lanes make room for it.

    Raises NoSlotError, also where the slot is lost meanwhile: another one may come.

    `guard` is called before each call and may raise.
    """
    slot = _wait(app, account, wait_seconds)
    slot.guard = guard
    try:
        yield slot
    except SlotLostError:
        raise NoSlotError from None
    finally:
        slot.release()
        # A lane that made room, or found no slot because of us, comes back.
        if board.look(app, account, max_age=0).sending():
            app.queues.send(queues.LANE, {"account": account})


def _wait(app: App, account: str, seconds: float) -> Slot:
    """Take a slot that is ready for a call within some seconds."""
    end = time.monotonic() + seconds
    slot = take_slot(app, account)
    if slot is None:
        slot = _wait_in_line(app, account, end)
    if slot.busy_seconds() > max(0.0, end - time.monotonic()):
        slot.release()
        # Its last holder died. Nobody who has so little time can wait that out, but a lane can.
        app.queues.send(queues.LANE, {"account": account, "slot": str(slot.number)})
        raise NoSlotError
    return slot


def _wait_in_line(app: App, account: str, end: float) -> Slot:
    marker = board.waiting_name(account, uuid.uuid4().hex)
    app.blobs.write(marker, b"")
    try:
        while time.monotonic() < end:
            time.sleep(_POLL_SECONDS)
            slot = take_slot(app, account)
            if slot is not None:
                return slot
    finally:
        app.blobs.delete(marker)
    raise NoSlotError
