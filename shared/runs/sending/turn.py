"""A lane's turn at a chunk: what it works with, and when it has to leave.

It leaves when its time is over, when the run was stopped, and when somebody else needs the slot
or the lane more. A turn looks at the board before each call.
"""

import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from shared.accounts import board
from shared.accounts.slots import Slot
from shared.app import App
from shared.mailchimp.client import MailchimpClient
from shared.mailchimp.errors import (
    BlockedError,
    DeniedError,
    MailchimpError,
    RetryError,
    StopError,
)
from shared.platform import log, tracing
from shared.platform.clock import from_text, to_text, utc_now
from shared.runs import payload
from shared.runs.chunks import Chunk, last_accepted, states
from shared.runs.job import Job
from shared.runs.plan_document import Plan
from shared.runs.record import Run, change_run
from shared.runs.sending.lanes import Lanes

_NOT_READY_SECONDS = 5.0
_BORROWED_LOOK = 1.0
_FIRST_WAIT, _LONGEST_WAIT = 0.125, 60.0
# So long a firewall may let nothing through before the run ends for it.
_BLOCKED_FOR = timedelta(hours=1)


# A lane whose calls take longer doesn't work under the slot for people: one may come meanwhile.
LONG_CALL_SECONDS = 5.0


class GiveWayError(Exception):
    """The lane has to leave its chunk: nothing is wrong with it."""


def must_make_room(slot: Slot, view: board.View) -> bool:
    """Return whether a lane is among the first that give their slot to somebody who waits.

    The slot for people goes back when a person waits, or might have to wait for long.
    """
    if slot.borrowed:
        return view.people_waiting > 0 or slot.longest >= LONG_CALL_SECONDS
    free = slot.limit - sum(seen.leased for seen in view.slots.values())
    if view.waiting <= max(0, free):
        return False
    lanes = sorted(n for n, seen in view.slots.items() if seen.leased and seen.run in view.runs)
    return slot.number in lanes[: view.waiting]


def look(app: App, slot: Slot) -> board.View:
    """Look at the board for a lane: sooner where a person may wait for its slot."""
    return app.board.look(slot.account, _BORROWED_LOOK if slot.borrowed else board.LOOK_SECONDS)


def _since_now(run: Run) -> Run:
    return run if run.blocked_since else replace(run, blocked_since=to_text(utc_now()))


class Turn:
    """`items` are the chunk's, without those about people who were erased meanwhile.

    end: when to leave the chunk (monotonic clock). not_ready: runs that had nothing to claim, and
    when.
    """

    def __init__(
        self,
        lanes: Lanes,
        slot: Slot,
        plan: Plan,
        chunk: Chunk,
        end: float,
        not_ready: Mapping[str, float],
    ) -> None:
        self.lanes, self._app = lanes, lanes.app
        self.slot = slot
        self.plan = plan
        self.chunk = chunk
        self.index = plan.chunks[chunk.number]
        self.items = payload.no_items(self.index.kind)
        self._end = end
        self._not_ready = not_ready
        # What the board said of erased people when the items were read.
        self._erased = ""
        # Whether this lane has noted in the run's record that nothing is let through.
        self._blocked = False

    @property
    def job(self) -> Job:
        """What the calls have in common, by what is known of the audience now."""
        return self.lanes.changes.job(self.plan)

    def begin(self) -> None:
        """Read the items."""
        # Asked for before the payload is read: who is erased later shows as a change.
        self._erased = self._view().erased
        self._read()

    def guard(self) -> None:
        """Let no call begin for a run that was stopped, or after the end, whatever it is for.

        What is asked in between, or goes on contact by contact, is no longer than the host waits.
        """
        if time.monotonic() > self._end:
            raise GiveWayError
        mine = self._view().runs.get(self.chunk.run)
        if mine is None or mine.stopped:
            raise GiveWayError

    def wait(self) -> None:
        """Wait until the slot is free for a call; raise GiveWayError when to leave the chunk."""
        while True:
            if time.monotonic() > self._end or self.chunk.kept.lost:
                raise GiveWayError
            self._look()
            busy = self.slot.busy_seconds()
            if busy == 0:
                return
            time.sleep(min(1.0, busy))

    def pause(self, waits: int) -> None:
        """Wait with exponential backoff and jitter, keeping the slot; raises GiveWayError."""
        longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0**waits)
        end = time.monotonic() + longest * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        while (left := end - time.monotonic()) > 0:
            self.wait()
            time.sleep(min(1.0, left))
        self.wait()

    @contextmanager
    def in_span(self, kind: str, contacts: int) -> Iterator[tracing.Timed]:
        """Time the calls of a batch; a failed one is told by its kind of error and its status.

        The caller ends the span of a batch that went through.
        """
        run, chunk = self.chunk.run, self.chunk.number
        with tracing.timed(
            "batch", run, expected=(GiveWayError,), chunk=chunk, kind=kind, contacts=contacts
        ) as work:
            try:
                yield work
            except MailchimpError as error:
                tracing.note(status=error.status)
                raise

    def answers_others(self, client: MailchimpClient) -> bool:
        """Return whether Mailchimp answers other calls, so that a batch is what is wrong."""
        try:
            client.ping()
        except StopError:
            raise
        except BlockedError as error:
            self.blocked(error)
            return False
        except MailchimpError:
            return False
        return True

    def blocked(self, error: BlockedError) -> None:
        """Note that Mailchimp's firewall lets nothing through; raise DeniedError after an hour."""
        self._blocked = True
        run = change_run(self._app.blobs, self.chunk.run, _since_now)
        if run is None or run.blocked_since is None:
            return
        accepted = last_accepted(states(self._app.blobs, self.chunk.run))
        since = max(from_text(run.blocked_since), datetime.fromtimestamp(accepted, UTC))
        if utc_now() - since > _BLOCKED_FOR:
            raise DeniedError(error.detail, status=error.status, cause="firewall")

    def let_through(self) -> None:
        """Note that Mailchimp takes calls, where this lane has noted that it takes none."""
        if self._blocked:
            self._blocked = False
            change_run(self._app.blobs, self.chunk.run, lambda r: replace(r, blocked_since=None))

    def note(self, error: RetryError, size: int) -> None:
        """Log a call about so many contacts that has to be made again."""
        log.event(
            "call_failed" if error.counts else "throttled",
            run=self.chunk.run,
            account_id=self.slot.account,
            chunk=self.chunk.number,
            error=type(error).__name__,
            status=error.status,
            size=size,
        )

    def _view(self) -> board.View:
        return look(self._app, self.slot)

    def _read(self) -> None:
        self.items = payload.read_chunk(self._app.blobs, self.plan.payload, self.index)

    def _look(self) -> None:
        view = self._view()
        if view.erased != self._erased:
            self._erased = view.erased
            self._read()
        mine = view.runs.get(self.chunk.run)
        if mine is None or mine.stopped or must_make_room(self.slot, view):
            raise GiveWayError
        lanes = view.lanes_of(self.chunk.run)
        starving = [
            run
            for run in view.sending()
            if not view.lanes_of(run)
            # A run whose chunks are all held, perhaps by lanes that died, gains nothing.
            and time.monotonic() - self._not_ready.get(run, -_NOT_READY_SECONDS)
            >= _NOT_READY_SECONDS
        ]
        if starving and len(lanes) > 1 and self.slot.number in lanes[: len(starving)]:
            raise GiveWayError
