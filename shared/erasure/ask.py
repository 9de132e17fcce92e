"""How an erasure begins: the person is kept out first, and what leads to them is stored."""

import json
import time
from dataclasses import replace

from shared.app import App
from shared.erased import keep_out, keyed_name
from shared.erasure import record
from shared.erasure.person import Person
from shared.erasure.record import Open, Told
from shared.erasure.work import TOLD_SECONDS, hold_back
from shared.platform import queues
from shared.platform.clock import seconds_since

# How long whoever asks waits for the end at most.
WAIT_SECONDS = 5.0
_LOOK_SECONDS = 0.2


def ask(
    app: App, *, email: str | None = None, customer_id: str | None = None, delete: bool = False
) -> Told:
    """Erase the person with this address or CustomerId, and return how far that has come.

    delete: in Mailchimp, too. When this returns nobody sends them any more. Raises
    ErasureKeyError.
    """
    end = time.monotonic() + WAIT_SECONDS
    id_ = begin(app, email=email, customer_id=customer_id, delete=delete)
    hold_back(app, id_)
    app.queues.send(queues.UPKEEP, {"erasure": id_})
    while True:
        told, opened = record.read_told(app.blobs, id_), record.read_open(app.blobs, id_)
        waits = _lanes_may_not_know(opened)
        if told is not None and not waits and (told.status != "running" or time.monotonic() > end):
            return told
        time.sleep(_LOOK_SECONDS)


def begin(app: App, *, email: str | None, customer_id: str | None, delete: bool = False) -> str:
    """Store what is asked for, and keep the person out; return its id.

    Who asks for the same again has the same id: what is under way goes on, what is done begins
    anew, as something may have come between.
    """
    given = Person.of(email, customer_id)
    text = json.dumps([sorted(given.addresses), sorted(given.customer_ids), delete])
    id_ = keyed_name(app.blobs, app.vault, app.leases, text)
    with app.leases.held(record.lock_name(id_)) as lock:
        # Whoever holds it works on it already.
        if lock is not None:
            if record.read_open(app.blobs, id_) is None:
                record.write_open(app.blobs, id_, Open(given, given, delete))
            told = record.read_told(app.blobs, id_) or record.new_told(id_)
            record.write_told(app.blobs, replace(told, status="running", ended_at=None))
    keep_out(app.blobs, app.vault, app.leases, given.addresses, given.customer_ids)
    return id_


def _lanes_may_not_know(opened: Open | None) -> bool:
    told_at = opened.told_at if opened else None
    return told_at is not None and seconds_since(told_at) < TOLD_SECONDS
