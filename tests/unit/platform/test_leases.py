"""Leases are renewed by themselves, for as long as somebody keeps them."""

import threading
import time
from typing import cast

from shared.platform.blobs import Blobs
from shared.platform.leases import KeptLease, LeaseKeeper
from tests.stand_ins.contract.waiting import until

# The storage knows no lease below 15 s; nothing in the keeper asks for one so long.
_SECONDS = 2


class Storage:
    """One blob's lease, which ends unless it is renewed; `away`: renewals fail."""

    def __init__(self, name: str = "one") -> None:
        self.name = name
        self.away = False
        # Cleared, renewals get no answer.
        self.answers = threading.Event()
        self.answers.set()
        self.renewed = self.failed = 0
        self._until = 0.0

    def lease(self, name: str, seconds: int, etag: str | None) -> "Storage | None":
        """Give the lease away where nobody holds it."""
        assert (name, etag) == (self.name, None)
        if self.held:
            return None
        self._seconds = seconds
        self._until = time.monotonic() + seconds
        return self

    @property
    def held(self) -> bool:
        return time.monotonic() < self._until

    def renew(self) -> None:
        self.answers.wait()
        if self.away:
            self.failed += 1
            raise ConnectionError
        self.renewed += 1
        self._until = time.monotonic() + self._seconds

    def release(self) -> None:
        self._until = 0.0


def taken() -> tuple[Storage, LeaseKeeper, KeptLease]:
    """Return a storage, its keeper and the lease that it keeps."""
    storage = Storage()
    keeper = LeaseKeeper(cast(Blobs, storage), _SECONDS)
    kept = keeper.take(storage.name)
    assert kept is not None
    return storage, keeper, kept


def test_a_kept_lease_stays_ours_beyond_its_length() -> None:
    storage, keeper, kept = taken()
    until(lambda: storage.renewed >= 3)
    assert storage.held
    assert not kept.lost
    assert keeper.take(storage.name) is None


def test_one_that_was_given_back_is_renewed_no_longer() -> None:
    storage, keeper, kept = taken()
    until(lambda: storage.renewed > 0)
    kept.release()
    before = storage.renewed
    other = keeper.take(storage.name)
    assert other is not None
    keeper.forget(other)
    until(lambda: not storage.held)
    assert storage.renewed == before
    assert other.lost


def test_a_renewal_that_fails_is_tried_again_before_the_lease_is_over() -> None:
    storage, _, kept = taken()
    storage.away = True
    until(lambda: storage.failed >= 2)
    assert not kept.lost
    storage.away = False
    renewed = storage.renewed
    until(lambda: storage.renewed > renewed)
    assert not kept.lost


def test_it_is_lost_when_the_storage_stays_away_for_its_length() -> None:
    storage, keeper, kept = taken()
    storage.away = True
    until(lambda: kept.lost)
    assert storage.failed > 1
    # It is asked for until somebody gives up.
    keeper.forget(kept)


def test_a_renewal_that_is_never_answered_loses_no_other_lease() -> None:
    silent = [Storage(f"silent-{number}") for number in range(20)]
    well = Storage("well")
    keeper = LeaseKeeper(cast(Blobs, Storages([*silent, well])), _SECONDS)
    for storage in silent:
        storage.answers.clear()
        assert keeper.take(storage.name) is not None
    kept = keeper.take(well.name)
    assert kept is not None
    until(lambda: well.renewed >= 3)
    assert not kept.lost
    for storage in silent:
        storage.answers.set()


class Storages:
    """Several blobs."""

    def __init__(self, blobs: list[Storage]) -> None:
        self._blobs = {blob.name: blob for blob in blobs}

    def lease(self, name: str, seconds: int, etag: str | None) -> Storage | None:
        """Give the lease of one of them away."""
        return self._blobs[name].lease(name, seconds, etag)
