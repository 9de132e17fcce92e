"""Keeps the leases of this process alive, side by side: none waits for one that is not answered."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from shared.platform import log
from shared.platform.blobs import BlobConflictError, BlobMissingError, Blobs, Lease


class LeaseLostError(Exception):
    """The lease ran out before it could be renewed: what it stood for may be somebody else's."""


class KeptLease:
    """A lease that is renewed until it is released or lost; `asked_at` is when (monotonic clock)
    it was last asked for with success.
    """

    def __init__(self, keeper: "LeaseKeeper", lease: Lease, asked_at: float) -> None:
        self._keeper = keeper
        self._refused = False
        self.lease = lease
        self.asked_at = asked_at

    @property
    def lost(self) -> bool:
        """Whether it may be somebody else's: not renewed in time counts, whatever the reason."""
        return self._refused or time.monotonic() - self.asked_at >= self._keeper.seconds

    def renew(self) -> None:
        """Renew it; raises what the storage says."""
        asked_at = time.monotonic()
        try:
            self.lease.renew()
        except (BlobConflictError, BlobMissingError):
            self._refused = True
            raise
        self.asked_at = asked_at

    def check(self) -> None:
        """Raise LeaseLostError when it is lost."""
        if self.lost:
            raise LeaseLostError(self.lease.name)

    def release(self) -> None:
        """Stop renewing and give the blob back."""
        self._keeper.forget(self)
        self.lease.release()


class LeaseKeeper:
    """Renews every kept lease when half of its length is over; again and again where that fails.

    `seconds` is that length, 15 to 60: how long a dead holder's work stays untouched.
    """

    def __init__(self, blobs: Blobs, seconds: int) -> None:
        self._blobs = blobs
        self.seconds = seconds
        self._held: set[KeptLease] = set()
        self._renewing: set[KeptLease] = set()
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._thread: threading.Thread | None = None

    def take(self, name: str, etag: str | None = None) -> KeptLease | None:
        """Take and keep a blob's lease; None where somebody holds it or there is no blob.

        With an ETag None, too, where the blob has been written since.
        """
        try:
            return self._take(name, etag)
        except BlobMissingError:
            return None

    def _take(self, name: str, etag: str | None = None) -> KeptLease | None:
        asked_at = time.monotonic()
        lease = self._blobs.lease(name, self.seconds, etag)
        if lease is None:
            return None
        kept = KeptLease(self, lease, asked_at)
        with self._lock:
            self._held.add(kept)
            if self._thread is None:
                self._thread = threading.Thread(target=self._renew, daemon=True, name="leases")
                self._thread.start()
        return kept

    def take_or_create(self, name: str) -> KeptLease | None:
        """Like `take`, and creates an empty blob where there is none."""
        try:
            return self._take(name)
        except BlobMissingError:
            try:
                self._blobs.write(name, b"", create=True)
            except BlobConflictError:
                return None
        return self.take(name)

    @contextmanager
    def held(self, name: str) -> Iterator[KeptLease | None]:
        """Hold a blob's lease, made where missing, for the block; None where it is taken."""
        kept = self.take_or_create(name)
        try:
            yield kept
        finally:
            if kept is not None:
                kept.release()

    def forget(self, kept: KeptLease) -> None:
        """Renew this lease no longer."""
        with self._lock:
            self._held.discard(kept)

    def _renew(self) -> None:
        while True:
            with self._lock:
                self._wake.wait(self.seconds / 12)
                half = time.monotonic() - self.seconds / 2
                due = {kept for kept in self._held if kept.asked_at <= half} - self._renewing
                self._renewing |= due
            for kept in due:
                renewal = threading.Thread(target=self._renew_one, args=(kept,), daemon=True)
                renewal.start()

    def _renew_one(self, kept: KeptLease) -> None:
        try:
            kept.renew()
        except (BlobConflictError, BlobMissingError):
            self.forget(kept)
        except Exception as error:  # the storage is out of reach: try until it is lost
            with self._lock:
                released = kept not in self._held
            if not released:
                log.failure("lease_not_renewed", error)
        finally:
            with self._lock:
                self._renewing.discard(kept)
