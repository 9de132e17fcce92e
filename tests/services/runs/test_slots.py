"""A slot that may be somebody else's is not worked with, and none is kept for nothing."""

import time

import pytest
from azure.storage.blob import BlobLeaseClient, BlobServiceClient

from local.azurite import Azurite
from shared.accounts import board
from shared.accounts.slots import Slot, SlotLostError
from shared.app import App
from shared.bootstrap import APP_CONTAINER
from shared.platform.leases import KeptLease, LeaseLostError

ACCOUNT = "a1"


def take(app: App) -> Slot:
    slot = app.slots.take(ACCOUNT)
    assert slot is not None
    return slot


def test_a_lease_that_was_not_renewed_in_time_is_lost_whatever_the_reason(app: App) -> None:
    name = "leases/one"
    app.blobs.write(name, b"")
    lease = app.blobs.lease(name, 15)
    assert lease is not None
    asked_at = time.monotonic() - app.leases.seconds
    kept = KeptLease(app.leases, lease, asked_at)
    with pytest.raises(LeaseLostError):
        kept.check()
    kept.renew()
    kept.check()
    lease.release()


def test_no_call_is_made_under_a_slot_that_somebody_else_has_got(
    app: App, azurite: Azurite
) -> None:
    slot = take(app)
    service = BlobServiceClient.from_connection_string(azurite.connection_string)
    name = board.slot_name(ACCOUNT, slot.number)
    blob = service.get_blob_client(APP_CONTAINER, name)
    BlobLeaseClient(blob).break_lease(lease_break_period=0)
    BlobLeaseClient(blob).acquire(15)
    calls: list[str] = []
    with pytest.raises(SlotLostError):
        slot.call(calls.append, "made")
    assert calls == []
    slot.release()


def test_who_may_not_call_any_more_waits_for_no_open_call(app: App) -> None:
    slot = take(app)
    with pytest.raises(MemoryError):
        slot.call(_breaks)
    slot.guard = _says_no
    with pytest.raises(PermissionError):
        slot.call(_breaks)
    assert slot.busy_seconds() > 0
    slot.release()


def _breaks() -> None:
    raise MemoryError


def _says_no() -> None:
    raise PermissionError


def test_a_call_that_broke_off_is_waited_out_like_one_without_an_answer(app: App) -> None:
    slot = take(app)

    def breaks() -> None:
        raise MemoryError

    with pytest.raises(MemoryError):
        slot.call(breaks)
    assert slot.busy_seconds() > 0
    slot.release()
    seen = app.board.look(ACCOUNT, max_age=0).slots[slot.number]
    assert not seen.clean
    assert not seen.leased
