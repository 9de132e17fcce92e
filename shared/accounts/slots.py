"""The right to one of an account's simultaneous connections.

An account has slots for bulk work and one more for people's requests, which bulk work never takes:
leased blobs below `slots/{account}/`. Every call is made under one. The other side goes on counting
a call whose client has gone, so a slot says whether it was given back cleanly; whoever takes one
that was not first waits out the read timeout.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from shared.accounts import board
from shared.accounts.allowance import Allowance, CallTimes
from shared.accounts.board import Board, SlotView
from shared.accounts.errors import CallError
from shared.platform import queues
from shared.platform.blobs import BlobConflictError, BlobMissingError, Blobs
from shared.platform.leases import KeptLease, LeaseKeeper, LeaseLostError
from shared.platform.queues import Queues

_POLL_SECONDS = 0.25


class NoSlotError(Exception):
    """All of the account's connections stayed busy for as long as the caller would wait."""


class SlotLostError(Exception):
    """The slot's lease ran out: no further call may be made under it."""


class Slot:
    """One connection's worth of calls; one call at a time."""

    def __init__(
        self,
        slots: "Slots",
        account: str,
        number: int,
        kept: KeptLease,
        open_for: float,
    ) -> None:
        # Called before each call, and before it is waited for; whoever holds the slot for a run
        # sees there whether it may go on.
        self.guard: Callable[[], None] | None = None
        self._slots = slots
        self.account = account
        self.number = number
        self._kept = kept
        # The other side may be working on an earlier call until then (monotonic clock).
        self._busy_until = time.monotonic() + open_for
        self._unclean = open_for > 0
        self._run = ""
        # How many calls have been answered, and how long the longest took.
        self.answered = 0
        self.longest = 0.0

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

    @property
    def limit(self) -> int:
        """How many slots an account has for bulk work."""
        return self._slots.allowance(self.account).lanes

    @property
    def borrowed(self) -> bool:
        """Whether it is the one for people."""
        return self.number == board.PEOPLE

    def busy_seconds(self) -> float:
        """Return how long the next call must still wait for an earlier one to be over."""
        return max(0.0, self._busy_until - time.monotonic())

    def call[**P, R](self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Make one call; raises SlotLostError and what the function raises."""
        if self.guard is not None:
            self.guard()
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
            answer = function(*args, **kwargs)
        except CallError as error:
            if error.may_be_open:
                times = self._slots.times
                until = max(started + times.timeout, time.monotonic())
                if error.timed_out:
                    until += times.cooldown
                self._busy_until = until
            raise
        except BaseException:
            # Where it broke off is not known: the other side may have the call.
            self._busy_until = max(self._busy_until, started + self._slots.times.timeout)
            raise
        finally:
            self.longest = max(self.longest, time.monotonic() - started)
        self.answered += 1
        return answer

    def release(self) -> None:
        """Give the slot back, marked clean when no call of ours can be open any more."""
        try:
            if self._unclean and self.busy_seconds() == 0:
                self._write(clean=True, run="")
        except (BlobConflictError, BlobMissingError):
            self._slots.leases.forget(self._kept)
            return
        except BaseException:
            # Without this the lease would be renewed for as long as the process lives.
            self._slots.leases.forget(self._kept)
            raise
        self._kept.release()

    def _write(self, *, clean: bool, run: str) -> None:
        metadata = {"clean": "1" if clean else "0", "run": run}
        self._slots.blobs.set_metadata(
            board.slot_name(self.account, self.number), metadata, self._kept.lease
        )


class Slots:
    """The slots of every account: those that `allowance` says, and one for people."""

    def __init__(
        self,
        blobs: Blobs,
        leases: LeaseKeeper,
        queues: Queues,
        accounts_board: Board,
        times: CallTimes,
        allowance: Callable[[str], Allowance],
    ) -> None:
        self.blobs = blobs
        self.leases = leases
        self.times = times
        self.allowance = allowance
        self._queues = queues
        self._board = accounts_board

    def take(self, account: str, number: int | None = None) -> Slot | None:
        """Take a free slot of the account for bulk work, or that one; None where none is free.

        A slot that was not given back cleanly counts as busy for the read timeout from now on, so
        clean ones come first.
        """
        if number is not None:
            return self._take_one(account, number)
        lanes = self.allowance(account).lanes
        view = self._board.look(account, max_age=0)
        unclean = {n for n, seen in view.slots.items() if not seen.clean}
        taken = {n for n, seen in view.slots.items() if seen.leased}
        for n in sorted(set(range(lanes)) - taken, key=lambda n: (n in unclean, n)):
            slot = self._take_one(account, n, view.slots.get(n))
            if slot is not None:
                return slot
        return None

    def borrow(self, account: str) -> Slot | None:
        """Take the slot for people for a lane, where the account shares it and nobody asks."""
        if not self.allowance(account).shares:
            return None
        view = self._board.look(account, max_age=0)
        wanted = view.people.leased or not view.people.clean or view.people_waiting
        return None if wanted else self._take_one(account, board.PEOPLE)

    def _take_one(self, account: str, number: int, seen: SlotView | None = None) -> Slot | None:
        """Take one slot; `seen`: as it was listed a moment ago."""
        name = board.slot_name(account, number)
        if seen is not None and (kept := self.leases.take(name, seen.etag)) is not None:
            # Nobody has written it since: it says what it said.
            return self._slot(account, number, kept, clean=seen.clean)
        kept = self.leases.take_or_create(name)
        if kept is None:
            return None
        try:
            info = self.blobs.info(name)
        except BaseException:
            kept.release()
            raise
        clean = info is not None and info.metadata.get("clean", "1") == "1"
        return self._slot(account, number, kept, clean=clean)

    def _slot(self, account: str, number: int, kept: KeptLease, *, clean: bool) -> Slot:
        return Slot(self, account, number, kept, 0.0 if clean else self.times.timeout)

    @contextmanager
    def hold(
        self,
        account: str,
        wait_seconds: float = 15,
        guard: Callable[[], None] | None = None,
    ) -> Iterator[Slot]:
        """Hold a slot for some calls of bulk work; lanes make room for it.

        Raises NoSlotError, also where the slot is lost meanwhile: another one may come.

        `guard` is called before each call and may raise.
        """
        end = time.monotonic() + wait_seconds
        slot = self.take(account) or self._wait_in_line(account, end)
        try:
            with self._held(slot, end, guard):
                yield slot
        finally:
            self._call_lane(account)

    @contextmanager
    def hold_for_people(
        self,
        account: str,
        wait_seconds: float = 15,
        guard: Callable[[], None] | None = None,
    ) -> Iterator[Slot]:
        """Hold the account's slot for people for what one request asks; as `hold` otherwise."""
        end = time.monotonic() + wait_seconds
        slot = self._take_one(account, board.PEOPLE) or self._wait_for_people(account, end)
        try:
            with self._held(slot, end, guard):
                yield slot
        finally:
            if self.allowance(account).shares:
                self._call_lane(account)

    @contextmanager
    def _held(self, slot: Slot, end: float, guard: Callable[[], None] | None) -> Iterator[None]:
        """Give a slot back after the block; raises NoSlotError where its next call is too late."""
        slot.guard = guard
        if slot.busy_seconds() > max(0.0, end - time.monotonic()):
            slot.release()
            # Its last holder died. Nobody who has so little time can wait that out, but a lane can.
            message = {"account": slot.account, "slot": board.slot_text(slot.number)}
            self._queues.send(queues.LANE, message)
            raise NoSlotError
        try:
            yield
        except SlotLostError:
            raise NoSlotError from None
        finally:
            slot.release()

    def _call_lane(self, account: str) -> None:
        """Call back a lane that made room, or found no slot because of us."""
        if self._board.look(account, max_age=0).sending():
            self._queues.send(queues.LANE, {"account": account})

    def _wait_in_line(self, account: str, end: float) -> Slot:
        """Wait for a slot of bulk work; lanes see that somebody does."""
        marker = board.waiting_name(account, uuid.uuid4().hex)
        self.blobs.write(marker, b"")
        try:
            return _await(lambda: self.take(account), end)
        finally:
            self.blobs.delete(marker)

    def _wait_for_people(self, account: str, end: float) -> Slot:
        """Wait for the slot for people; a lane that has borrowed it sees that somebody does."""
        marker = board.people_waiting_name(account, uuid.uuid4().hex)
        self.blobs.write(marker, b"")
        try:
            return _await(lambda: self._take_one(account, board.PEOPLE), end)
        finally:
            self.blobs.delete(marker)


def _await(take: Callable[[], Slot | None], end: float) -> Slot:
    """Take a slot as soon as there is one; raises NoSlotError at the end (monotonic clock)."""
    while time.monotonic() < end:
        time.sleep(_POLL_SECONDS)
        slot = take()
        if slot is not None:
            return slot
    raise NoSlotError
