"""What goes on in one account, read with one listing of `slots/{account}/`.

- `{n}`: the slots; leased while held, with the run they serve
- `people/slot`: the one more that is kept for people's requests
- `people/waiting/{id}`: a person waits for it
- `runs/{run}`: runs that have something to send; `runs/{run}.stop` once they must not any more
- `leaving/{audience}/{run}`: contacts of the audience are archived or unsubscribed by a run
- `waiting/{id}`: somebody (a plan, an erasure) waits for a slot
- `told/{audience}`: its webhooks tell of contacts; written anew with every event that does
- `erased/last`: written anew whenever a person was taken out of a run's payload
"""

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace

from shared.platform.blobs import BlobInfo, BlobMissingError, Blobs
from shared.platform.clock import utc_now

# How old a look may be. A cancelled run must not start a call later than 5 s after the answer:
# this and one listing.
LOOK_SECONDS = 3.0
# A waiter that has died is no longer waited for after this long.
_WAITING_SECONDS = 60
_DEAD_SECONDS = 3600
# The number of the slot for people. It lies where an older version's look makes nothing of it.
PEOPLE = -1
_PEOPLE_SLOT, _PEOPLE_WAITING = "people/slot", "people/waiting/"


@dataclass(frozen=True)
class SlotView:
    """A slot as listed; `run` is the run its holder serves, or served when it died.

    etag: of what it says, which leases leave as it is.
    """

    leased: bool
    clean: bool
    run: str
    etag: str = field(default="", compare=False)


@dataclass(frozen=True)
class RunView:
    """A run that plans, sends or finishes; `stopped`: no call may be made for it any more."""

    state: str
    audience: str
    stopped: bool = False


@dataclass
class View:
    """One look at an account's board; `erased` changes whenever payloads have lost a person.

    slots: those of runs and other bulk work; people: the one for people's requests. told: of each
    audience with webhooks what changes whenever one has told of a contact.
    """

    taken_at: float
    slots: dict[int, SlotView] = field(default_factory=dict)
    people: SlotView = field(default_factory=lambda: SlotView(leased=False, clean=True, run=""))
    runs: dict[str, RunView] = field(default_factory=dict)
    leaving: set[tuple[str, str]] = field(default_factory=set)
    waiting: int = 0
    people_waiting: int = 0
    erased: str = ""
    told: dict[str, str] = field(default_factory=dict)

    def sending(self) -> list[str]:
        """Return the runs that lanes may work for, oldest first."""
        return sorted(
            run for run, seen in self.runs.items() if seen.state == "sending" and not seen.stopped
        )

    def lanes_of(self, run: str) -> list[int]:
        """Return the numbers of the slots that serve a run."""
        return sorted(n for n, slot in self.all_slots().items() if slot.leased and slot.run == run)

    def all_slots(self) -> dict[int, SlotView]:
        """Return the slots of bulk work and the one for people, which a lane may have borrowed."""
        return {**self.slots, PEOPLE: self.people}


def slot_name(account: str, number: int) -> str:
    """Return the blob of a slot."""
    return f"slots/{account}/{_PEOPLE_SLOT if number == PEOPLE else number}"


def slot_text(number: int) -> str:
    """Return a slot's number as a message has it."""
    return "people" if number == PEOPLE else str(number)


def slot_number(text: str) -> int:
    """Return the number of the slot that a message names."""
    return PEOPLE if text == "people" else int(text)


def run_name(account: str, run: str) -> str:
    """Return the blob that says a run has something to send."""
    return f"slots/{account}/runs/{run}"


def waiting_name(account: str, waiter: str) -> str:
    """Return the blob that says somebody waits for a slot."""
    return f"slots/{account}/waiting/{waiter}"


def people_waiting_name(account: str, waiter: str) -> str:
    """Return the blob that says a person waits for the slot for people."""
    return f"slots/{account}/{_PEOPLE_WAITING}{waiter}"


def _told_name(account: str, audience: str) -> str:
    return f"slots/{account}/told/{audience}"


class Board:
    """The board of every account; the last look at each is shared by the lanes of one process."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._views: dict[str, View] = {}

    def look(self, account: str, max_age: float) -> View:
        """Return an account's board, at most `max_age` seconds old when this returns."""
        asked = time.monotonic()
        with self._lock:
            lock = self._locks.setdefault(account, threading.Lock())
        with lock:
            view = self._views.get(account)
            if view is None or (view.taken_at < asked and asked - view.taken_at >= max_age):
                view = _read(self._blobs, account)
                self._views[account] = view
        return view

    def put_run(self, account: str, audience: str, run: str, state: str) -> None:
        """Show a run on the board: `planning`, `sending` or `finishing`."""
        metadata = {"state": state, "audience": audience}
        self._blobs.write(run_name(account, run), b"", metadata=metadata)

    def change_run(self, account: str, audience: str, run: str, state: str) -> None:
        """Show another state of a run on the board; one that has been taken off stays off."""
        metadata = {"state": state, "audience": audience}
        with suppress(BlobMissingError):
            self._blobs.set_metadata(run_name(account, run), metadata)

    def put_leaving(self, account: str, audience: str, run: str) -> None:
        """Show that a run lets contacts leave an audience."""
        self._blobs.write(f"slots/{account}/leaving/{audience}/{run}", b"")

    def stop_run(self, account: str, run: str) -> None:
        """Let no further call be made for a run."""
        self._blobs.write(run_name(account, run) + ".stop", b"")

    def put_erased(self, account: str) -> None:
        """Have lanes read again what they were about to send: a person was erased from it."""
        self._blobs.write(f"slots/{account}/erased/last", b"")

    def put_told(self, account: str, audience: str) -> None:
        """Show that an audience has webhooks, and that one has just told of a contact."""
        self._blobs.write(_told_name(account, audience), b"")

    def remove_told(self, account: str, audience: str) -> None:
        """Show that an audience has no webhooks any more."""
        self._blobs.delete(_told_name(account, audience))

    def remove_run(self, account: str, audience: str, run: str) -> None:
        """Take a run off the board."""
        self._blobs.delete(f"slots/{account}/leaving/{audience}/{run}")
        self._blobs.delete(run_name(account, run))
        self._blobs.delete(run_name(account, run) + ".stop")

    def all_runs(self) -> set[tuple[str, str, str]]:
        """Return account, audience ("" where not told) and run of every note about a run."""
        found = set()
        for blob in self._blobs.list("slots/", metadata=True):
            _, account, kind, *rest = [*blob.name.split("/"), ""]
            if kind == "runs":
                run = rest[0].removesuffix(".stop")
                found.add((account, blob.metadata.get("audience", ""), run))
            elif kind == "leaving":
                found.add((account, rest[0], rest[1]))
        return found

    def drop_dead_waiters(self) -> None:
        """Remove the marks of those who died while they waited for a slot."""
        for blob in self._blobs.list("slots/"):
            _, _, rest = blob.name.split("/", 2)
            waits = rest.startswith(("waiting/", _PEOPLE_WAITING))
            if waits and (utc_now() - blob.modified).total_seconds() > _DEAD_SECONDS:
                self._blobs.delete(blob.name)

    def unclean_slots(self) -> list[tuple[str, int]]:
        """Return account and number of every slot whose holder died and nobody took since."""
        found = []
        for blob in self._blobs.list("slots/", metadata=True):
            _, account, rest = blob.name.split("/", 2)
            number = _number_of(rest)
            if number is not None and not blob.leased and not _slot_of(blob).clean:
                found.append((account, number))
        return found


def _read(blobs: Blobs, account: str) -> View:
    prefix = f"slots/{account}/"
    view = View(taken_at=time.monotonic())
    stopped = set()
    for blob in blobs.list(prefix, metadata=True):
        name = blob.name[len(prefix) :]
        number = _number_of(name)
        kind, _, rest = name.partition("/")
        if number == PEOPLE:
            view.people = _slot_of(blob)
        elif number is not None:
            view.slots[number] = _slot_of(blob)
        elif kind == "erased":
            view.erased = blob.etag
        elif kind == "told":
            view.told[rest] = blob.etag
        elif kind == "waiting":
            view.waiting += _waits(blob)
        elif name.startswith(_PEOPLE_WAITING):
            view.people_waiting += _waits(blob)
        elif kind == "leaving":
            audience, _, run = rest.partition("/")
            view.leaving.add((audience, run))
        elif rest.endswith(".stop"):
            stopped.add(rest.removesuffix(".stop"))
        elif kind == "runs":
            metadata = blob.metadata
            view.runs[rest] = RunView(metadata.get("state", ""), metadata.get("audience", ""))
    for run in stopped & view.runs.keys():
        view.runs[run] = replace(view.runs[run], stopped=True)
    return view


def _waits(blob: BlobInfo) -> bool:
    """Return whether whoever has written a waiting mark still waits, as far as can be told."""
    return (utc_now() - blob.modified).total_seconds() < _WAITING_SECONDS


def _number_of(name: str) -> int | None:
    """Return the number of a slot by its name below the account; None for what is no slot."""
    if name == _PEOPLE_SLOT:
        return PEOPLE
    return int(name) if name.isdecimal() else None


def _slot_of(blob: BlobInfo) -> SlotView:
    clean = blob.metadata.get("clean", "1") == "1"
    run = blob.metadata.get("run", "")
    return SlotView(leased=blob.leased, clean=clean, run=run, etag=blob.etag)
