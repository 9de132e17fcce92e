"""Makes a live check, and removes what it has made.

It asks under one of the account's slots for bulk work: two minutes under the one for people would
keep everybody else from their answers, and lanes make room for it. Whatever cuts it off, it is not
begun again: its traces are removed, now or at the next tick, and it has failed.
"""

from dataclasses import replace
from datetime import timedelta

from shared.accounts.slots import NoSlotError
from shared.app import App
from shared.exports import store
from shared.exports.accounts import AccountSession, open_account
from shared.exports.connection_models import StoredConnection
from shared.exports.connections import usable_connection
from shared.exports.errors import ConnectionUnusableError
from shared.live_check import record
from shared.live_check.audience import NotATestAudienceError, check_small, check_unused
from shared.live_check.record import LiveCheck, SupersededError
from shared.mailchimp.errors import AudienceNotFoundError, MailchimpError, RefusedError, StopError
from shared.mailchimp.live_check.probe import Allowance, Probe
from shared.mailchimp.live_check.questions import ask_all
from shared.mailchimp.live_check.rows import Row
from shared.mailchimp.live_check.traces import CheckCalls, Names, clear
from shared.platform import log, queues
from shared.platform.clock import seconds_since, to_text, utc_now
from shared.platform.leases import KeptLease, LeaseLostError
from shared.platform.own_address import own_address

_AGAIN_SECONDS = 5.0
_LONGEST_WAIT = timedelta(minutes=10)
# What can't be removed for so long, as the connection leads nowhere, is left to people.
_LONGEST_CLEARING = timedelta(hours=24)


def work_on(app: App, connection: str) -> None:
    """Handle a message about the live check of a connection."""
    with app.leases.held(record.lock_name(connection)) as lock:
        if lock is None:
            return
        found = record.read(app.blobs, connection)
        if found is None:
            record.close(app.blobs, connection)
            return
        try:
            _Worker(app, lock, found).work()
        except SupersededError:
            log.event("live_check_superseded", connection=connection)


class _Worker:
    """One invocation's work, under the lock of the connection's live check."""

    def __init__(self, app: App, lock: KeptLease, now: LiveCheck) -> None:
        self._app, self._lock, self._now = app, lock, now

    def work(self) -> None:
        """Do what is left to be done: ask, or clear up."""
        now = self._now
        if now.status == "waiting":
            self._begin()
        elif now.names is None:
            record.close(self._app.blobs, now.connection)
        else:
            # Whoever was at it is gone.
            self._save(now if now.ended else now.as_failed("internal_error"))
            self._clear_after(now.names)

    def _begin(self) -> None:
        now = self._now
        try:
            connection = usable_connection(self._app, now.connection)
            if connection.account_id != now.account:
                raise ConnectionUnusableError("connection_not_ready", "Another account by now.")
            with open_account(
                self._app, connection, self._check_lock, for_people=False
            ) as mailchimp:
                self._ask(mailchimp)
        except NoSlotError:
            self._wait()
        except ConnectionUnusableError as error:
            self._end(error.code)
        except StopError as error:
            self._end(error.code, error.said)
        except MailchimpError as error:
            refused = isinstance(error, RefusedError)
            self._end("mailchimp_refused" if refused else "mailchimp_unavailable", error.said)

    def _check_lock(self) -> None:
        try:
            self._lock.check()
        except LeaseLostError:
            # The next to hold it finds what this one leaves.
            raise SupersededError from None

    def _wait(self) -> None:
        """Come back while the account has no connection to spare; traces wait for the tick."""
        now = self._now
        if now.status != "waiting":
            self._save(now if now.ended else now.as_failed("internal_error"))
        elif seconds_since(now.asked_at) > _LONGEST_WAIT.total_seconds():
            self._end("mailchimp_busy")
        else:
            message = {"live_check": now.connection}
            self._app.queues.send(queues.UPKEEP, message, delay=_AGAIN_SECONDS)

    def _end(self, error: str, said: str = "") -> None:
        """End it as failed; before its first call about a contact nothing can be left of it."""
        failed = self._now.as_failed(error, said)
        self._save(failed.as_cleared() if self._now.status == "waiting" else failed)

    def _ask(self, mailchimp: AccountSession) -> None:
        now, names = self._now, self._now.names
        if names is None:
            return
        allowance = Allowance()
        counted = mailchimp.client.noting(allowance.spend)
        try:
            check_unused(self._app, now.audience)
            check_small(counted, now.audience)
            audience = counted.audience(now.audience)
        except NotATestAudienceError:
            self._end("not_a_test_audience")
            return
        # Before anything is made: whoever comes after a crash has to know.
        self._save(replace(now, status="running"))
        url = own_address(self._app.settings, "")
        probe = Probe(counted, audience, names, url)
        rows: tuple[Row, ...] = ()
        ended = replace(self._now, status="succeeded", checked_at=to_text(utc_now()))
        try:
            rows = ask_all(probe, self._check_wanted)
        except StopError as error:
            ended = self._now.as_failed(error.code, error.said)
        except ConnectionUnusableError as error:
            ended = self._now.as_failed(error.code)
        allowance.clearing = True
        cleared = self._clear(counted, names, probe.addresses) and not probe.unsure
        ended = replace(ended, rows=rows, calls=allowance.calls)
        self._save(ended.as_cleared() if cleared else ended)
        log.event("live_check_made", connection=now.connection, calls=allowance.calls)

    def _check_wanted(self) -> None:
        """Ask no more of an account that may no longer be sent to."""
        usable_connection(self._app, self._now.connection)

    def _clear(self, client: CheckCalls, names: Names, addresses: list[str] | None) -> bool:
        """Remove what was made; return whether all of it is gone."""
        try:
            clear(client, self._now.audience, names, addresses)
        except AudienceNotFoundError:
            return True
        except MailchimpError as error:
            log.failure("live_check_not_cleared", error, connection=self._now.connection)
            return False
        return True

    def _clear_after(self, names: Names) -> None:
        """Remove what one has left that was cut off; what fails is tried again at the next tick."""
        now = self._now
        try:
            connection = self._connection()
            if connection is None:
                cleared = False
            else:
                with open_account(
                    self._app, connection, self._check_lock, for_people=False
                ) as mailchimp:
                    cleared = self._clear(mailchimp.client, names, None)
        except (NoSlotError, ConnectionUnusableError, MailchimpError):
            cleared = False
        if not cleared and seconds_since(now.asked_at) > _LONGEST_CLEARING.total_seconds():
            log.event("live_check_left", connection=now.connection)
            cleared = True
        if cleared:
            self._save(self._now.as_cleared())

    def _connection(self) -> StoredConnection | None:
        """Return the connection while it leads to the account that was asked."""
        found = store.load_connection(self._app.blobs, self._now.connection)
        return found[0] if found and found[0].account_id == self._now.account else None

    def _save(self, now: LiveCheck) -> None:
        record.save(self._app.blobs, now)
        self._now = now
