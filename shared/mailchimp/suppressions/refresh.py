"""Bringing an audience's table up to date with Mailchimp."""

import random
import time
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from shared.addresses import CANONICAL_VERSION
from shared.app import App
from shared.erased import Register, load_erased
from shared.mailchimp.suppressions.calls import (
    Caller,
    ClientSource,
    OutOfTimeError,
    ReadPage,
    SlotSource,
)
from shared.mailchimp.suppressions.changes import Increment, read_changes, read_returned
from shared.mailchimp.suppressions.draft import Draft
from shared.mailchimp.suppressions.lines import email_of
from shared.mailchimp.suppressions.pages import Listing
from shared.mailchimp.suppressions.recent import add_recent
from shared.mailchimp.suppressions.table import OVERLAP, State, Table
from shared.mailchimp.suppressions.told import is_over
from shared.platform import log
from shared.platform.blobs import BlobConflictError, BlobMissingError
from shared.platform.clock import from_text, to_text, utc_now
from shared.platform.leases import KeptLease, LeaseLostError

# Another's refresh that ended while we waited for it counts as ours when it is no older.
_SHARED_AGE = timedelta(minutes=5)
# Right after a listing the changes since its first page are enough, by a clock that may be coarse.
_AFTER_LISTING = timedelta(minutes=1)
_POLL_SECONDS = 0.5
# So many pages of contacts that may have come back are read before a status is listed anew.
_MOST_RETURNED = 3


@dataclass(frozen=True)
class RefreshResult:
    """How a refresh ended; `state` is the table as it is now, `calls` what it took.

    Not `finished`: the time was up. What was read is kept for the next call.
    """

    finished: bool
    state: State | None
    calls: int = 0


def refresh(  # noqa: PLR0913 - a plan and a lane differ in each of them
    app: App,
    account_id: str,
    audience_id: str,
    client_factory: ClientSource,
    *,
    budget_seconds: float,
    slots: SlotSource,
    workers: int = 4,
    max_age_seconds: float = 0,
    additions_only: bool = False,
    overlap: timedelta = OVERLAP,
    kind: type[Table] = Table,
) -> RefreshResult:
    """Fill or update an audience's table, for at most about `budget_seconds`.

    Every call is made under a slot from `slots`, by up to `workers` at once. The budget should be
    minutes: five calls are made again when it ends between them. A table younger than
    `max_age_seconds` is left as it is. Of two refreshes at once one works, the other takes its
    result. `additions_only` (in the middle of a run) does not spend calls on finding out who has
    left. kind: which of the audience's tables. Raises StopError and RefusedError of Mailchimp, and
    what `client_factory` raises.
    """
    table = kind(app.blobs, account_id, audience_id)
    caller = Caller(audience_id, client_factory, slots, deadline=time.monotonic() + budget_seconds)
    newest = utc_now() - timedelta(seconds=max_age_seconds)
    state = before = table.state()
    while True:
        if _fresh(state, before, newest):
            return RefreshResult(True, state, caller.made)
        if caller.seconds_left() <= 0:
            return RefreshResult(False, state, caller.made)
        try:
            with app.leases.held(table.lock_name) as lease:
                if lease is not None and not _fresh(state := table.state(), before, newest):
                    step = _Refresh(app, table, caller, state, workers, additions_only, overlap)
                    return RefreshResult(True, step.run(lease), caller.made)
        except OutOfTimeError:
            return RefreshResult(False, state, caller.made)
        except (BlobConflictError, BlobMissingError, LeaseLostError) as error:
            # Overtaken, or somebody was erased from what we were working on: once more.
            log.failure("suppressions_overtaken", error, audience_id=audience_id)
        pause = _POLL_SECONDS * random.uniform(0.5, 1.0)  # noqa: S311 - spreads the tries
        time.sleep(min(pause, max(0, caller.seconds_left())))
        state = table.state()


def _fresh(state: State | None, before: State | None, newest: datetime) -> bool:
    if state is None:
        return False
    if before is None or state.etag != before.etag:
        newest -= _SHARED_AGE
    return state.refreshed_at >= newest


@dataclass
class _Refresh:
    """One refresh by the holder of the table's lease."""

    app: App
    table: Table
    caller: Caller
    state: State | None
    workers: int
    additions_only: bool
    overlap: timedelta
    _erased: Register = field(init=False)

    def run(self, lease: KeptLease) -> State:
        """Return the new state; raises OutOfTimeError, BlobConflictError, BlobMissingError."""
        erased = self._erased = load_erased(self.app.blobs, self.app.vault)
        there = {blob.name for blob in self.table.blobs.list(self.table.folder)}
        draft = Draft.load(self.table, self.state, there)
        self._drop_missing(draft, there)
        missing = [status for status in self.table.statuses if status not in draft.rows]
        if missing and not draft.to_list:
            draft.begin_listing(missing)
        while True:
            if draft.to_list:
                self._list(draft)
            began = from_text(to_text(utc_now()))  # as it is stored
            # Last of all, so that nobody is missed who moved from one list to another meanwhile.
            # Who moves once more between these five reads shows in the next refresh's overlap.
            again = self._take_changes(draft)
            if not again:
                lease.check()
                if load_erased(self.app.blobs, self.app.vault) != erased:
                    # What was read before may hold somebody who was erased meanwhile.
                    self.table.blobs.delete(self.table.draft_name)
                    raise BlobConflictError("somebody was erased")
                return self._commit(draft, began)
            log.event(
                "suppressions_listed_again",
                statuses={status: draft.tries.get(status, 0) + 1 for status in again},
            )
            draft.begin_listing(again)

    def _drop_missing(self, draft: Draft, there: set[str]) -> None:
        """Have what somebody deleted listed anew."""
        for status, rows in list(draft.rows.items()):
            if rows.part and rows.part not in there:
                del draft.rows[status]
        if self.state and self.state.recent and self.state.recent not in there:
            draft.entered = None

    def _list(self, draft: Draft) -> None:
        listing = Listing(self.table, draft.listing, self._erased.has_address)
        listing.read(self.caller, draft.to_list, self.workers)
        for status in list(draft.to_list):
            draft.take_listed(status, listing.collect(status))
            draft.to_list.remove(status)
            draft.save()

    def _take_changes(self, draft: Draft) -> list[str]:
        """Read and take what changed; return the statuses to list anew."""
        changes: dict[str, Increment | None] = {}

        def read_status(status: str, read: ReadPage) -> None:
            rows = draft.rows[status]
            listed = status in draft.tries
            since = rows.as_of - (min(self.overlap, _AFTER_LISTING) if listed else self.overlap)
            found = read_changes(read, status, since, rows.total, bounded=not listed)
            if found is not None and self._erased:
                kept = {
                    line for line in found.lines if not self._erased.has_address(email_of(line))
                }
                found = replace(found, lines=kept)
            changes[status] = found

        statuses = self.table.statuses
        self.caller.run([partial(read_status, status) for status in statuses], self.workers)
        known = {status: one for status, one in changes.items() if one is not None}
        if len(known) < len(statuses):
            return [status for status in statuses if status not in known]
        before = min(draft.rows[status].as_of for status in statuses)
        draft.take_changes(known)
        again = draft.to_list_again(additions_only=self.additions_only)
        if not again or not draft.may_have_returned(again):
            return again
        seen = {line for one in known.values() for line in one.lines}
        returned = self._read_returned(before - self.overlap)
        draft.take_returned(returned - seen)
        return draft.to_list_again(additions_only=self.additions_only)

    def _read_returned(self, since: datetime) -> set[bytes]:
        """Return who is subscribed and was changed since then, where those are few."""
        found: list[set[bytes] | None] = []
        self.caller.run([lambda read: found.append(read_returned(read, since, _MOST_RETURNED))])
        return found[-1] or set()

    def _commit(self, draft: Draft, began: datetime) -> State:
        """Make the draft the table; raises BlobConflictError when the state is another by now."""
        before = self.state
        if draft.etag is not None:
            # Somebody who erases a person deletes it.
            draft.save()
        if before is not None and {s: r.part for s, r in before.rows.items()} == {
            s: r.part for s, r in draft.rows.items()
        }:
            state = replace(
                before, refreshed_at=began, rows=draft.rows, canonical=CANONICAL_VERSION
            )
        else:
            generation = draft.base + 1
            recent, since = add_recent(self.table, before, generation, draft.entered)
            state = State(
                generation=generation,
                refreshed_at=began,
                rows=draft.rows,
                recent=recent,
                recent_since=since,
                previous=tuple(sorted(before.parts())) if before else (),
            )
        state = self.table.write_state(state, before)
        self._clean_up(state)
        log.event(
            "suppressions_refreshed",
            generation=state.generation,
            calls=self.caller.made,
            counts={status: rows.count for status, rows in state.rows.items()},
        )
        return state

    def _clean_up(self, state: State) -> None:
        """Delete the checkpoints, and the parts that neither this nor the last state names."""
        kept = {self.table.state_name, self.table.lock_name, *state.parts(), *state.previous}
        for blob in self.table.blobs.list(self.table.folder):
            if blob.name.startswith(self.table.told_folder) and not is_over(blob):
                continue
            if blob.name not in kept:
                self.table.blobs.delete(blob.name)
