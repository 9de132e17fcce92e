"""A lane: a worker that holds a slot of an account and sends batch after batch.

It serves the run with the fewest lanes; ties go to the run served least recently. It claims a chunk
of it, sends its batches one after the other, and gives way between two calls: to a
run without lanes, to somebody who waits for a slot.
A lane message names an account; one too many finds no slot, or no work, and ends.
"""

import math
import time
from concurrent.futures import ThreadPoolExecutor

from shared.accounts import board
from shared.accounts.slots import Slot, SlotLostError
from shared.erased import ErasureKeyError
from shared.exports.accounts import noting_refusal
from shared.exports.errors import ConnectionUnusableError
from shared.mailchimp.client import MailchimpClient
from shared.mailchimp.errors import DeniedError, StopError, UnauthorizedError
from shared.mailchimp.tokens import Token
from shared.notice import Notice
from shared.platform import log, queues, tracing
from shared.runs import chunks
from shared.runs.chunks import Chunk, ChunkLostError, ChunkState
from shared.runs.connect import new_client, token_of
from shared.runs.plan_document import Plan, load_plan
from shared.runs.record import RunStatus, read_run
from shared.runs.sending.choice import AllDone, NoneReady, Ready, by_need, next_chunks
from shared.runs.sending.chunk_sender import ChunkSender
from shared.runs.sending.lanes import Lanes
from shared.runs.sending.turn import (
    LONG_CALL_SECONDS,
    GiveWayError,
    Turn,
    look,
    must_make_room,
)
from shared.runs.stopping import BY_APP, stop

# Well below the ten minutes that a platform update leaves a running invocation.
WORK_SECONDS = 300.0
# How long a lane waits before it asks a vault again that did not answer.
_VAULT_SECONDS = 5.0
# For how long the slot for people is not borrowed where calls have taken too long.
_SLOW_SECONDS = 600.0


def send_batches(lanes: Lanes, message: dict[str, str]) -> None:
    """Handle a lane message."""
    app = lanes.app
    account = message["account"]
    wanted = message.get("slot")
    if wanted is None:
        slot = _take(lanes, account)
    else:
        slot = app.slots.take(account, board.slot_number(wanted))
    if slot is None:
        return
    lane = Lane(lanes, slot)
    try:
        if slot.number >= slot.limit or (slot.borrowed and wanted is not None):
            # It is people's, or fewer are allowed than before: its last call is waited out, and no
            # other made.
            lane.wait_out()
            return
        more = lane.work()
    except SlotLostError:
        more = True
    finally:
        lane.close()
        if slot.borrowed and slot.longest >= LONG_CALL_SECONDS:
            lanes.slow[account] = time.monotonic()
        slot.release()
    if more:
        app.queues.send(queues.LANE, {"account": account})


def _take(lanes: Lanes, account: str) -> Slot | None:
    """Take a slot that is free, or else the one for people where that may be borrowed."""
    slots = lanes.app.slots
    slot = slots.take(account)
    quick = time.monotonic() - lanes.slow.get(account, -math.inf) >= _SLOW_SECONDS
    return slots.borrow(account) if slot is None and quick else slot


class Lane:
    """One invocation's work under one slot."""

    def __init__(self, lanes: Lanes, slot: Slot) -> None:
        self._lanes, self._app = lanes, lanes.app
        self._slot = slot
        self._end = time.monotonic() + WORK_SECONDS
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="outcomes")
        self._clients: dict[str, MailchimpClient] = {}
        self._tokens: dict[str, Token] = {}
        self._plans: dict[str, Plan] = {}
        # What was listed a moment ago: the next claim needs not list it again.
        self._listed: dict[str, dict[int, ChunkState]] = {}
        # Runs that had no chunk to claim, and when (monotonic clock).
        self._not_ready: dict[str, float] = {}
        # Runs that this lane has stopped: the board may say so a moment later.
        self._stopped: set[str] = set()

    def close(self) -> None:
        """Close connections and the writer."""
        self._writer.shutdown()
        for client in self._clients.values():
            client.close()

    def work(self) -> bool:
        """Send until the time is over or nothing is left; return whether to put a message back."""
        while time.monotonic() < self._end:
            self.wait_out()
            view = look(self._app, self._slot)
            if must_make_room(self._slot, view):
                return False
            claimed = self._claim(view)
            if claimed is None:
                return False
            plan, chunk = claimed
            try:
                with tracing.span("chunk", chunk.run, expected=(GiveWayError,), chunk=chunk.number):
                    self._send_chunk(plan, chunk)
            except GiveWayError:
                continue
            except ChunkLostError:
                log.event("chunk_lost", run=chunk.run, chunk=chunk.number)
        return True

    def wait_out(self) -> None:
        """Wait until no earlier call under the slot can be open at Mailchimp any more.

        Neither its last holder's nor one of a run that was stopped while the call timed out: the
        slot says whose call may be open, and says the next run's name as soon as that is served.
        """
        time.sleep(self._slot.busy_seconds())

    def _claim(self, view: board.View) -> tuple[Plan, Chunk] | None:
        """Claim a chunk of the run with the fewest lanes that has one."""
        listed, self._listed = self._listed, {}
        for run in by_need(view, self._lanes.served):
            plan = None if run in self._stopped else self._plan(run)
            if plan is None:
                continue
            states = listed.get(run) or chunks.states(self._app.blobs, run)
            match next_chunks(plan.chunks, states, self._slot.number):
                case AllDone():
                    self._all_done(plan)
                case NoneReady():
                    self._not_ready[run] = time.monotonic()
                case Ready(numbers):
                    for number in numbers:
                        chunk = self._claim_chunk(run, number, begun=number in states)
                        if chunk is not None:
                            self._serve(chunk)
                            return plan, chunk
        return None

    def _claim_chunk(self, run: str, number: int, *, begun: bool) -> Chunk | None:
        return chunks.claim(self._app.blobs, self._app.leases, run, number, begun=begun)

    def _serve(self, chunk: Chunk) -> None:
        """Note that the slot's next calls are for a claimed chunk's run."""
        try:
            self._slot.serve(chunk.run)
            self._lanes.served[chunk.run] = time.monotonic()
        except BaseException:
            chunk.abandon()
            raise

    def _plan(self, run: str) -> Plan | None:
        if run not in self._plans:
            plan = load_plan(self._app.blobs, run)
            if plan is None:
                return None
            self._plans[run] = plan
        return self._plans[run]

    def _all_done(self, plan: Plan) -> None:
        run = plan.run
        self._lanes.protection.forget(run)
        self._lanes.changes.forget(run)
        self._lanes.served.pop(run, None)
        self._app.queues.send(queues.FINISH, {"run": run})
        # The run may have ended already, and must not come back.
        self._app.board.change_run(plan.account, plan.audience, run, "finishing")

    def _send_chunk(self, plan: Plan, chunk: Chunk) -> None:
        """Send what is left of a chunk, and give it back."""
        turn = Turn(self._lanes, self._slot, plan, chunk, self._end, self._not_ready)
        sender = ChunkSender(turn, self._writer)
        try:
            try:
                self._send_with_token(plan, sender)
            except GiveWayError:
                sender.give_back()
                raise
            chunk.release(done=True)
        except GiveWayError:
            raise
        except BaseException:
            # What happened to the last call is not known: the next holder is to see that.
            chunk.abandon()
            raise
        self._wake_next(plan, chunk)

    def _send_with_token(self, plan: Plan, sender: ChunkSender) -> None:
        """Send with the connection's token; when Mailchimp refuses it, look for a newer one."""
        connection = plan.connection
        try:
            try:
                sender.send(self._client(connection))
            except (UnauthorizedError, DeniedError):
                if not self._has_newer_token(connection):
                    with noting_refusal(self._app, connection, self._tokens[connection]):
                        raise
                sender.send(self._client(connection))
        except StopError as error:
            self._stop(plan, Notice(error.code, error.reason, {"said": error.said}))
            raise GiveWayError from None
        except (ConnectionUnusableError, ErasureKeyError) as error:
            if error.temporary:
                time.sleep(_VAULT_SECONDS)
            elif isinstance(error, ConnectionUnusableError):
                self._stop(plan, Notice(error.code, error.detail))
            else:
                self._stop(plan, Notice("secret_unreadable", str(error)))
            raise GiveWayError from None

    def _client(self, connection: str) -> MailchimpClient:
        if connection not in self._clients:
            token = token_of(self._app, connection, self._slot.account)
            self._clients[connection] = new_client(self._app.settings, token)
            self._tokens[connection] = token
        return self._clients[connection]

    def _has_newer_token(self, connection: str) -> bool:
        if token_of(self._app, connection, self._slot.account) == self._tokens[connection]:
            return False
        self._clients.pop(connection).close()
        return True

    def _stop(self, plan: Plan, why: Notice) -> None:
        self._stopped.add(plan.run)
        run = read_run(self._app.blobs, plan.run)
        if run is not None:
            stop(self._app, run, RunStatus.FAILED, why, BY_APP)

    def _wake_next(self, plan: Plan, chunk: Chunk) -> None:
        """After the last chunk of a phase, call the lanes back, or the finisher."""
        states = chunks.states(self._app.blobs, chunk.run)
        left = chunks.unfinished(len(plan.chunks), states)
        if not left:
            self._all_done(plan)
            return
        if any(n not in states for n in left):
            self._listed = {chunk.run: states}
        phase = plan.chunks[chunk.number].phase
        if all(plan.chunks[n].phase > phase for n in left):
            most = self._app.slots.allowance(plan.account).most_lanes
            for _ in range(min(len(left), most) - 1):
                self._app.queues.send(queues.LANE, {"account": plan.account})
