"""Sends one chunk under one slot, batch by batch: retries, makes them smaller, writes outcomes."""

import math
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import assert_never

from shared.accounts.updates import refused_in_run
from shared.addresses import canonical
from shared.exports.updates import known_updates
from shared.mailchimp.client import MailchimpClient
from shared.mailchimp.errors import (
    BlockedError,
    RefusedError,
    RefusesAllError,
    RetryError,
)
from shared.mailchimp.protocols import ContactCalls
from shared.platform import tracing
from shared.runs import chunks
from shared.runs.codes import NUMBER
from shared.runs.leaving import may_leave, newly_shared
from shared.runs.payload import (
    LEAVING,
    SINGLES,
    Item,
    LeaverItem,
    PermitItem,
    TagItem,
    UpsertItem,
    all_of,
)
from shared.runs.record import note_permissions
from shared.runs.sending import calls
from shared.runs.sending.after import (
    TRIES,
    Batch,
    SendAgain,
    Settled,
    Smaller,
    after,
    after_failures,
)
from shared.runs.sending.ahead import Ahead
from shared.runs.sending.batch_sizes import MAX_BATCH
from shared.runs.sending.created import Created
from shared.runs.sending.mending import send_again, take_back, take_strays
from shared.runs.sending.missing_tags import give_lacking_tags
from shared.runs.sending.turn import Turn
from shared.runs.sending.writing import Sent, write_outcomes

# After this many consecutive single-contact refusals the fault is not in the contacts.
_MAX_REFUSED_IN_A_ROW = 100
# What rounding to seconds may hide of a time of Mailchimp's.
_ROUNDING_SECONDS = 2


@dataclass(frozen=True)
class _Try:
    """One try at the next batch, and what came of it; begun and seconds as in Sent."""

    batch: Batch
    begun: int
    seconds: float
    work: tracing.Timed
    result: calls.PendingAnswers | RefusedError | RetryError


class ChunkSender:
    """Sends what is left of a turn's chunk; `writer` has one thread."""

    def __init__(self, turn: Turn, writer: ThreadPoolExecutor) -> None:
        self._turn, self._slot = turn, turn.slot
        self._lanes, self._app = turn.lanes, turn.lanes.app
        self._plan, self._chunk, self._index = turn.plan, turn.chunk, turn.index
        self._writer = writer
        self._ahead = Ahead(turn, writer)
        chunk = turn.chunk
        self._next = chunk.position
        # How many blocks were looked at for changes that people made to the audience.
        self._noticed = 0
        # The last batch, and the end of its writing.
        self._last: tuple[Sent, Future[None]] | None = None
        # Items up to `suspect` may have been sent before, at `first_try` (seconds since 1970, our
        # clock) or later, by a call whose answer is not known.
        self._suspect, self._first_try = 0, 0
        if chunk.since is not None:
            most = 1 if self._index.kind in SINGLES else MAX_BATCH
            self._suspect = chunk.position + chunks.OPEN_CALLS * most
            self._first_try = chunk.since
        self._hopeless = chunk.tries >= TRIES
        # A batch that can't be sent whole is sent in smaller ones up to here; then they grow again.
        self._cap, self._cap_until = MAX_BATCH, 0
        # Every try at the next batch: when it was begun (seconds since 1970), how long it took.
        self._tries: list[tuple[float, float]] = []
        # Contacts whose calls were refused, since one was not.
        self._refused = 0
        updates = known_updates(self._app, self._plan.account)
        self._created = Created(self._app.blobs, self._plan.run)
        self._source = updates.source
        self._updating = calls.Updating(
            updates.way,
            partial(refused_in_run, self._app.blobs, self._plan.account),
        )

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
        if self._index.kind == "permit":
            note_permissions(self._app.blobs, self._plan.run)
        elif self._index.phase and not may_leave(self._app.board, self._app.blobs, self._plan):
            self._append(calls.not_now(count - self._next))
        while self._next < count:
            self._notice_changes(client)
            self._send_next(client)
            if self._next == count:
                # This may go back to a batch.
                self._flush()
        if self._index.kind == "upsert":
            self._notice_changes(client)
            take_strays(self._turn, client, self._app.blobs)
            take_back(self._turn, client, self._source)
            give_lacking_tags(self._turn, client)
            send_again(self._turn, client, self._updating)

    def _notice_changes(self, client: MailchimpClient) -> None:
        """Go by what people have changed in the audience as soon as an answer shows it."""
        blocks = self._chunk.blocks[self._noticed :]
        changed = [block for block in blocks if "strays" in block or "untaken" in block]
        if changed:
            self._turn.wait()
            try:
                self._lanes.changes.look(self._plan, client, self._app.blobs, changed)
            except RetryError as error:
                # Looked at again before the next call.
                self._turn.note(error, 0)
                return
        self._noticed += len(blocks)

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

    def _record(self, tried: _Try, pending: calls.PendingAnswers) -> None:
        """Have outcomes written beside the next call; at most one such write is under way."""
        batch = tried.batch
        size = len(batch.items)
        sent = Sent(
            batch.kind,
            self._next,
            size,
            tried.begun,
            tried.seconds,
            tried.work,
            self._during(tried),
            tuple(self._tries),
        )
        self._tries.clear()
        if self._flush():
            self._next += sent.size
            since = self._unwritten_since(self._next, int(sent.begun + sent.seconds))
            write = partial(write_outcomes, self._chunk, sent, batch.items, pending, since)
            self._last = sent, self._writer.submit(copy_context().run, write)
        else:
            # The one before is sent again, and then this one: so they are written in order.
            self._suspect = max(self._suspect, sent.position + sent.size)
            sent.work.end()
        self._lanes.sizes.worked(self._plan.account, self._plan.audience, batch.kind, batch.load)

    def _during(self, tried: _Try) -> tuple[int, int]:
        """Return Mailchimp's times between which a batch was carried out, whichever try did it."""
        offset = self._plan.clock_offset
        begun = self._tried() or tried.begun + offset - _ROUNDING_SECONDS
        return begun, math.ceil(tried.begun + tried.seconds) + offset + _ROUNDING_SECONDS

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

    def _size(self) -> int:
        items, kind = self._turn.items, self._index.kind
        if kind == "permit":
            return self._created.together(items.of(PermitItem), self._next)
        if kind in SINGLES:
            return 1
        largest = self._lanes.sizes.current(self._plan.account, self._plan.audience, kind)
        largest = min(largest, self._cap)
        if kind == "tag":
            return calls.tag_size(items.of(TagItem), self._next, largest)
        upserts, way = items.of(UpsertItem), self._updating.way
        again = self._next < self._suspect
        return calls.upsert_size(upserts, self._next, largest, way, again=again)

    def _send_next(self, client: MailchimpClient) -> None:
        """Send the next batch until it has an outcome or has to be made smaller."""
        size = self._size()
        failures = waits = 0
        while True:
            tried = self._try(client, size)
            match tried.result:
                case RefusedError() | RetryError() as error:
                    decision = after(error, tried.batch, self._turn.job)
                case pending:
                    self._delivered(tried, pending)
                    return
            if isinstance(decision, SendAgain):
                waits += 1
                self._turn.pause(waits)
                failures += decision.counts and self._turn.answers_others(client)
                decision = after_failures(failures, tried.batch, error)
            match decision:
                case SendAgain():
                    continue
                case Smaller(timed_out):
                    self._make_smaller(tried.batch, timed_out=timed_out)
                case Settled():
                    self._settle(tried, decision)
                case unknown:
                    assert_never(unknown)
            return

    def _try(self, client: MailchimpClient, size: int) -> _Try:
        """Make the calls of the next batch once they may be made."""
        protected = self._when_ready(client, size)
        # Only now: somebody may have been erased from it while this lane waited or looked.
        batch = self._batch(size)
        end, way, writing = self._next + size, self._updating.way, self._last and self._last[1]
        written = self._ahead.prepare(end, way, writing)
        now, started = time.time(), time.monotonic()
        begun = int(now)
        result: calls.PendingAnswers | RefusedError | RetryError
        try:
            with self._turn.in_span(batch.kind, size) as work, self._suspecting(size, begun):
                result = self._call(client, batch.items, protected, written)
        except RefusedError as error:
            result = error
        except RetryError as error:
            self._turn.note(error, size)
            if error.may_be_done:
                self._suspect_batch(size, begun)
            result = error
        seconds = time.monotonic() - started
        # Both are cut: rounded up, a call would seem to go on beside the next of its lane.
        self._tries.append((math.floor(now * 1000) / 1000, math.floor(seconds * 1000) / 1000))
        return _Try(batch, begun, seconds, work, result)

    def _batch(self, size: int) -> Batch:
        kind, items = self._index.kind, self._turn.items[self._next : self._next + size]
        return Batch(kind, items, calls.tag_load(all_of(TagItem, items)) if kind == "tag" else size)

    def _delivered(self, tried: _Try, pending: calls.PendingAnswers) -> None:
        """Go on from a batch that Mailchimp took; larger ones may be sent again."""
        self._refused = 0
        self._turn.let_through()
        if self._next + len(tried.batch.items) >= self._cap_until:
            self._cap = min(MAX_BATCH, 2 * self._cap)
        self._record(tried, pending)

    def _settle(self, tried: _Try, settled: Settled) -> None:
        """Go on from a batch whose outcome is known without an answer; raises RefusesAllError."""
        if settled.delivered:
            self._delivered(tried, calls.ready(settled.answers))
            return
        if (error := settled.refused) is not None:
            self._refused += 1
            if self._refused >= _MAX_REFUSED_IN_A_ROW:
                raise RefusesAllError(error.detail, status=error.status) from None
        self._record(tried, calls.ready(settled.answers))

    def _make_smaller(self, batch: Batch, *, timed_out: bool) -> None:
        if timed_out:
            self._lanes.sizes.timed_out(
                self._plan.account, self._plan.audience, batch.kind, batch.load
            )
        self._cap, self._cap_until = max(1, batch.load // 2), self._next + len(batch.items)

    def _when_ready(self, client: MailchimpClient, size: int) -> Mapping[str, str]:
        """Wait until the next call may be made; return whom it must leave out (see Protection)."""
        kind = self._index.kind
        protected: Mapping[str, str] = {}
        waits = 0
        while True:
            self._turn.wait()
            try:
                if kind != "tag":
                    leaving = kind in LEAVING
                    protected = self._lanes.protection.since_plan(
                        self._app, self._slot, client, self._plan, leaving=leaving
                    )
            except RetryError as error:
                self._turn.note(error, size)
                if isinstance(error, BlockedError):
                    self._turn.blocked(error)
                waits += 1
                self._turn.pause(waits)
                continue
            # Looking may have taken a while.
            self._turn.wait()
            if kind == "tag":
                return protected
            looked_at = self._lanes.protection.looked_at(self._plan.run)
            return self._lanes.told.added_to(protected, self._app, self._plan, looked_at)

    def _leaving(self, batch: list[Item], protected: Mapping[str, str]) -> calls.Leaving:
        (leaver,) = all_of(LeaverItem, batch)
        if leaver.without_times:
            # 0.1.0 planned this, and none but whom it had added before.
            planned_at = self._plan.planned_at + self._plan.clock_offset
            leaver = leaver._replace(made_from=1, made_to=planned_at)
        state = protected.get(canonical(leaver.email))
        return calls.Leaving(leaver, state, self._tried(), self._source)

    def _tried(self) -> int | None:
        """Return Mailchimp's time of a call about the next batch whose answer is not known."""
        if self._next >= self._suspect:
            return None
        return self._first_try + self._plan.clock_offset - _ROUNDING_SECONDS

    def _suspect_batch(self, size: int, begun: int) -> None:
        if self._next >= self._suspect or begun < self._first_try:
            self._first_try = begun
        self._suspect = max(self._suspect, self._next + size)

    @contextmanager
    def _suspecting(self, size: int, begun: int) -> Iterator[None]:
        """Suspect a batch that breaks off between two of its calls.

        What the first of them has done is written nowhere.
        """
        answered = self._slot.answered
        try:
            yield
        except BaseException:
            if self._slot.answered > answered:
                self._suspect_batch(size, begun)
            raise

    def _call(
        self,
        client: ContactCalls,
        batch: list[Item],
        protected: Mapping[str, str],
        written: calls.Written | None,
    ) -> calls.PendingAnswers:
        """Make the calls of a batch."""
        job, kind = self._turn.job, self._index.kind
        tried = self._tried()
        match kind:
            case "tag":
                tags = all_of(TagItem, batch)
                removes = self._index.phase == 0 and any(not item.add for item in tags)
                spared = newly_shared(self._app.blobs, self._plan) if removes else 0
                return calls.ready(calls.change_tags(client, job, tags, spared))
            case "upsert":
                upserts, updating = all_of(UpsertItem, batch), self._updating
                pending = calls.upsert(client, job, updating, upserts, protected, tried, written)
                # One that failed before, perhaps because its answer could not be read, waits for
                # it.
                return pending if tried is None else calls.ready(pending())
            case "archive":
                return calls.ready(calls.archive(client, job, self._leaving(batch, protected)))
            case "unsubscribe":
                return calls.ready(calls.unsubscribe(client, job, self._leaving(batch, protected)))
            case "permit":
                permits = all_of(PermitItem, batch)
                return calls.ready(
                    self._permit(client, permits, protected, again=tried is not None)
                )
            case unknown:
                assert_never(unknown)

    def _permit(
        self,
        client: ContactCalls,
        batch: list[PermitItem],
        protected: Mapping[str, str],
        *,
        again: bool,
    ) -> calls.Answers:
        """Give one contact its permissions, or none to several that this run has not created."""
        first = batch[0]
        made = self._created.at(first)
        if made is None:
            return calls.Answers([NUMBER["unchanged"]] * len(batch))
        state = protected.get(canonical(first.email))
        return calls.permit(client, self._turn.job, first, state, made, again=again)
