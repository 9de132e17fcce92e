"""Sends one chunk under one slot, batch by batch: retries, makes them smaller, writes outcomes."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass

from shared.accounts.slots import Slot
from shared.mailchimp.client import MailchimpClient
from shared.mailchimp.errors import (
    RefusedError,
    RefusesAllError,
    RetryError,
    TimedOutError,
)
from shared.mailchimp.protocols import ContactCalls
from shared.platform import log, tracing
from shared.runs import chunks
from shared.runs.chunks import Chunk
from shared.runs.codes import FAILED, NUMBER, REJECTED
from shared.runs.leaving import may_leave, newly_shared
from shared.runs.payload import SINGLES
from shared.runs.plan_document import Plan
from shared.runs.sending import batch_sizes, calls
from shared.runs.sending.lanes import Lanes
from shared.runs.sending.missing_tags import give_lacking_tags
from shared.runs.sending.turn import NO_ANSWER, TRIES, Turn

# How long after a batch its answer is read and its outcomes are written.
_LATER_SECONDS = 0.02
# So many contacts after each other whose calls are refused, each by itself: it is not them.
_REFUSED_IN_A_ROW = 100


def _counts(answers: calls.Answers) -> dict[str, int]:
    codes = answers.codes
    return {
        "created": codes.count(NUMBER["created"]),
        "updated": codes.count(NUMBER["updated"]),
        "errors": sum(code == FAILED or code in REJECTED for code in codes),
    }


@dataclass(frozen=True)
class _Sent:
    """A batch that Mailchimp has answered: `size` items from `position` on.

    Neither the items nor the answer are kept here: letting go of half a thousand contacts takes
    a while, which the next call need not wait for. begun: when it was sent (seconds since 1970).
    seconds: how long that took.
    """

    position: int
    size: int
    begun: int
    seconds: float
    work: tracing.Timed


class ChunkSender:
    """Sends what is left of a chunk; `end` is when to leave it (monotonic clock).

    not_ready: runs that had nothing to claim, and when (see Turn).
    """

    def __init__(
        self,
        lanes: Lanes,
        slot: Slot,
        writer: ThreadPoolExecutor,
        plan: Plan,
        chunk: Chunk,
        end: float,
        not_ready: Mapping[str, float],
    ) -> None:
        self._turn = Turn(lanes, slot, plan, chunk, end, not_ready)
        self._lanes, self._app = lanes, lanes.app
        self._slot, self._plan, self._chunk = slot, plan, chunk
        self._writer = writer
        self._index = self._turn.index
        self._next = chunk.position
        # The last batch, and the end of its writing.
        self._last: tuple[_Sent, Future[None]] | None = None
        # Items up to `suspect` may have been sent before, at `first_try` (seconds since 1970, our
        # clock) or later, by a call whose answer is not known.
        self._suspect, self._first_try = 0, 0
        if chunk.since is not None:
            most = 1 if self._index.kind in SINGLES else batch_sizes.MOST
            self._suspect = chunk.position + chunks.OPEN_CALLS * most
            self._first_try = chunk.since
        self._hopeless = chunk.tries >= TRIES
        # A batch that can't be sent whole is sent in smaller ones up to here; then they grow again.
        self._cap, self._cap_until = batch_sizes.MOST, 0
        # Contacts whose calls were refused, since one was not.
        self._refused = 0

    def send(self, client: MailchimpClient) -> None:
        """Send every batch that has no outcome yet, then the tags that are still lacking.

        Raises GiveWayError, StopError, SlotLostError, ChunkLostError.
        """
        self._slot.guard = self._turn.guard
        try:
            self._send_all(client)
        finally:
            self._slot.guard = None

    def _send_all(self, client: MailchimpClient) -> None:
        client = client.under(self._slot.call)
        self._turn.begin()
        # Of an attempt that another token goes on with.
        self._flush()
        count = self._index.items
        if self._hopeless and self._next < count:
            self._hopeless = False
            self._append(calls.given_up(self._size(), "this app failed at it several times"))
        if self._index.phase and not may_leave(self._app, self._plan):
            self._append(calls.not_now(count - self._next))
        while self._next < count:
            self._send_next(client)
            if self._next == count:
                # This may go back to a batch.
                self._flush()
        if self._index.kind == "upsert":
            give_lacking_tags(self._turn, client)

    def give_back(self) -> None:
        """Leave the chunk to another lane once what is known is written."""
        self._flush()
        unsure = self._first_try if self._next < self._suspect else None
        self._chunk.release(unsure_since=unsure)

    def _append(self, answers: calls.Answers) -> None:
        """Write outcomes of the next items that were not sent."""
        end = self._next + len(answers.codes)
        block = answers.block(self._next, self._turn.items[self._next : end])
        self._chunk.append(block, self._unwritten_since(end, None))
        self._next = end

    def _unwritten_since(self, end: int, answered: int | None) -> int | None:
        """Return when what follows `end` was sent at the earliest; `answered`: the call before."""
        return self._first_try if end < self._suspect else answered

    def _record(self, sent: _Sent, batch: list[calls.Item], unread: calls.Unread) -> None:
        """Have outcomes written beside the next call; at most one such write is under way."""
        if not self._flush():
            # The one before is sent again, and then this one: so they are written in order.
            self._suspect = max(self._suspect, sent.position + sent.size)
            sent.work.end()
            return
        self._next += sent.size
        since = self._unwritten_since(self._next, int(sent.begun + sent.seconds))
        written = self._writer.submit(copy_context().run, self._write, sent, batch, unread, since)
        self._last = sent, written

    def _flush(self) -> bool:
        """Wait until the last batch's outcomes are written; go back to it if it has none."""
        if self._last is None:
            return True
        (sent, written), self._last = self._last, None
        try:
            written.result()
        except RetryError as error:
            self._turn.note(error, sent.size)
            self._next = sent.position
            self._suspect_batch(sent.size, sent.begun)
            return False
        return True

    def _write(
        self,
        sent: _Sent,
        batch: list[calls.Item],
        unread: calls.Unread,
        since: int | None,
    ) -> None:
        """Read an answer and write what it says; raises RetryError where it can't be read."""
        if sent.size > 1:
            # The next call goes out first: both at once would contend for the interpreter.
            time.sleep(_LATER_SECONDS)
        try:
            answers = unread()
        except RetryError as error:
            sent.work.fail(error)
            raise
        self._chunk.append(answers.block(sent.position, batch), since)
        counts = _counts(answers)
        sent.work.end(**counts)
        log.event(
            "batch_sent",
            run=self._chunk.run,
            chunk=self._chunk.number,
            kind=self._index.kind,
            contacts=len(answers.codes),
            seconds=round(sent.seconds, 3),
            **counts,
        )

    def _size(self) -> int:
        items, kind = self._turn.items, self._index.kind
        if kind in SINGLES:
            return 1
        most = self._lanes.sizes.current(self._plan.account, self._plan.audience, kind)
        most = min(most, self._cap)
        if kind == "tag":
            return calls.tag_size(items, self._next, most)
        return calls.upsert_size(items, self._next, most, self._plan.job)

    def _send_next(self, client: MailchimpClient) -> None:
        """Send the next batch until it has an outcome or has to be made smaller."""
        plan, kind = self._plan, self._index.kind
        size = self._size()
        failures = waits = 0
        delivered = True
        while True:
            protected = self._when_ready(client, size)
            # Only now: somebody may have been erased from it while this lane waited or looked.
            batch = self._turn.items[self._next : self._next + size]
            begun, started = int(time.time()), time.monotonic()
            try:
                with self._turn.in_span(kind, len(batch)) as work:
                    unread = self._call(client, batch, protected)
                break
            except RefusedError as error:
                if kind == "tag" and error.status == 404:
                    unread = calls.at_hand(calls.tag_gone(plan.job, batch, error.detail))
                    break
                if size > 1:
                    self._make_smaller(size)
                    return
                self._refused += 1
                if self._refused >= _REFUSED_IN_A_ROW:
                    raise RefusesAllError(error.detail, status=error.status) from None
                unread, delivered = calls.at_hand(calls.refused_alone(error)), False
                break
            except RetryError as error:
                self._turn.note(error, size)
                if error.may_be_done:
                    self._suspect_batch(size, begun)
                load = self._load(size)
                if isinstance(error, TimedOutError) and load > batch_sizes.LEAST:
                    self._lanes.sizes.timed_out(plan.account, plan.audience, kind, load)
                    self._make_smaller(size)
                    return
                waits += 1
                self._turn.pause(waits)
                failures += error.counts and self._turn.answers_others(client)
                if failures >= TRIES:
                    if size > 1:
                        self._make_smaller(size)
                        return
                    unread, delivered = calls.at_hand(calls.given_up(size, NO_ANSWER)), False
                    break
        load = self._load(size)
        sent = _Sent(self._next, len(batch), begun, time.monotonic() - started, work)
        if delivered:
            self._refused = 0
            if sent.position + sent.size >= self._cap_until:
                self._cap = min(batch_sizes.MOST, 2 * self._cap)
        self._record(sent, batch, unread)
        self._lanes.sizes.worked(plan.account, plan.audience, kind, load)

    def _when_ready(self, client: MailchimpClient, size: int) -> Mapping[str, str]:
        """Wait until the next call may be made; return whom it must leave out (see Protection)."""
        kind = self._index.kind
        protected: Mapping[str, str] = {}
        waits = 0
        while True:
            self._turn.wait()
            try:
                if kind != "tag":
                    leaving = kind != "upsert"
                    protected = self._lanes.protection.since_plan(
                        self._app, self._slot, client, self._plan, leaving=leaving
                    )
            except RetryError as error:
                self._turn.note(error, size)
                waits += 1
                self._turn.pause(waits)
                continue
            # Looking may have taken a while.
            self._turn.wait()
            return protected

    def _load(self, size: int) -> int:
        """Return how many contacts the next call is about, as its limit counts them."""
        if self._index.kind != "tag":
            return size
        return calls.tag_load(self._turn.items[self._next : self._next + size])

    def _make_smaller(self, size: int) -> None:
        self._cap, self._cap_until = max(1, self._load(size) // 2), self._next + size

    def _suspect_batch(self, size: int, begun: int) -> None:
        if self._next >= self._suspect or begun < self._first_try:
            self._first_try = begun
        self._suspect = max(self._suspect, self._next + size)

    def _call(
        self, client: MailchimpClient, batch: list[calls.Item], protected: Mapping[str, str]
    ) -> calls.Unread:
        """Make the calls of a batch. One that breaks off between two of them is suspect: what
        the first has done is written nowhere.
        """
        begun, answered = int(time.time()), False

        def note[**P, R](function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
            nonlocal answered
            answer = self._slot.call(function, *args, **kwargs)
            answered = True
            return answer

        try:
            return self._call_for(client.under(note), batch, protected)
        except BaseException:
            if answered:
                self._suspect_batch(len(batch), begun)
            raise

    def _call_for(
        self,
        client: ContactCalls,
        batch: list[calls.Item],
        protected: Mapping[str, str],
    ) -> calls.Unread:
        job, kind = self._plan.job, self._index.kind
        again = self._next < self._suspect
        if kind == "tag":
            removes = self._index.phase == 0 and any(not item[2] for item in batch)
            spared = newly_shared(self._app.blobs, self._plan) if removes else 0
            return calls.at_hand(calls.change_tags(client, job, batch, spared))
        if kind == "upsert":
            # Mailchimp's clock, less what rounding to seconds may hide.
            tried = self._first_try + job.clock_offset - 2 if again else None
            unread = calls.upsert(client, job, batch, protected, tried)
            # One that failed before, perhaps because its answer could not be read, waits for it.
            return calls.at_hand(unread()) if again else unread
        state = protected.get(batch[0][0])
        if kind == "archive":
            return calls.at_hand(calls.archive(client, job, batch[0], state, again=again))
        return calls.at_hand(calls.unsubscribe(client, job, batch[0], state))
