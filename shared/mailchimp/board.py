"""What goes on in one Mailchimp account, read with one listing of `slots/{account}/`.

- `{n}`: the slots; leased while held, with the run they serve
- `runs/{run}`: runs that have something to send; `runs/{run}.stop` once they must not any more
- `leaving/{audience}/{run}`: contacts of the audience are archived or unsubscribed by a run
- `waiting/{id}`: somebody (a plan, an HTTP route) waits for a slot
- `erased/last`: written anew whenever a person was taken out of a run's payload
"""

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from shared.platform.blobs import BlobMissingError
from shared.platform.clock import utc_now

if TYPE_CHECKING:  # the composition root holds a Boards
    from shared.app import App

# How old a look may be. A cancelled run must not start a call later than 5 s after the answer:
# this and one listing.
LOOK_SECONDS = 3.0
# A waiter that has died is no longer waited for after this long.
_WAITING_SECONDS = 60
_DEAD_SECONDS = 3600


@dataclass(frozen=True)
class SlotView:
    """A slot as listed; `run` is the run its holder serves, or served when it died."""

    leased: bool
    clean: bool
    run: str


@dataclass(frozen=True)
class RunView:
    """A run that plans, sends or finishes; `stopped`: no call may be made for it any more."""

    state: str
    audience: str
    stopped: bool = False


@dataclass
class View:
    """One look at an account's board; `erased` changes whenever payloads have lost a person."""

    taken_at: float
    slots: dict[int, SlotView] = field(default_factory=dict)
    runs: dict[str, RunView] = field(default_factory=dict)
    leaving: set[tuple[str, str]] = field(default_factory=set)
    waiting: int = 0
    erased: str = ""

    def sending(self) -> list[str]:
        """Return the runs that lanes may work for, oldest first."""
        return sorted(
            run for run, seen in self.runs.items() if seen.state == "sending" and not seen.stopped
        )

    def lanes_of(self, run: str) -> list[int]:
        """Return the numbers of the slots that serve a run."""
        return sorted(n for n, slot in self.slots.items() if slot.leased and slot.run == run)


class Boards:
    """The last look at each account's board, shared by the lanes of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._views: dict[str, View] = {}

    def look(self, app: "App", account: str, max_age: float) -> View:
        """Return a view that is at most `max_age` seconds old when this returns."""
        asked = time.monotonic()
        with self._lock:
            lock = self._locks.setdefault(account, threading.Lock())
        with lock:
            view = self._views.get(account)
            if view is None or (view.taken_at < asked and asked - view.taken_at >= max_age):
                view = _read(app, account)
                self._views[account] = view
        return view


def look(app: "App", account: str, max_age: float) -> View:
    """Return the account's board, at most `max_age` seconds old."""
    return app.boards.look(app, account, max_age)


def slot_name(account: str, number: int) -> str:
    """Return the blob of a slot."""
    return f"slots/{account}/{number}"


def run_name(account: str, run: str) -> str:
    """Return the blob that says a run has something to send."""
    return f"slots/{account}/runs/{run}"


def waiting_name(account: str, waiter: str) -> str:
    """Return the blob that says somebody waits for a slot."""
    return f"slots/{account}/waiting/{waiter}"


def put_run(app: "App", account: str, audience: str, run: str, state: str) -> None:
    """Show a run on the board: `planning`, `sending` or `finishing`."""
    metadata = {"state": state, "audience": audience}
    app.blobs.write(run_name(account, run), b"", metadata=metadata)


def change_run(app: "App", account: str, audience: str, run: str, state: str) -> None:
    """Show another state of a run that is on the board; one that has been taken off stays off."""
    metadata = {"state": state, "audience": audience}
    with suppress(BlobMissingError):
        app.blobs.set_metadata(run_name(account, run), metadata)


def put_leaving(app: "App", account: str, audience: str, run: str) -> None:
    """Show that a run lets contacts leave an audience."""
    app.blobs.write(f"slots/{account}/leaving/{audience}/{run}", b"")


def stop_run(app: "App", account: str, run: str) -> None:
    """Let no further call be made for a run."""
    app.blobs.write(run_name(account, run) + ".stop", b"")


def put_erased(app: "App", account: str) -> None:
    """Have lanes read again what they were about to send: a person was erased from it."""
    app.blobs.write(f"slots/{account}/erased/last", b"")


def remove_run(app: "App", account: str, audience: str, run: str) -> None:
    """Take a run off the board."""
    app.blobs.delete(f"slots/{account}/leaving/{audience}/{run}")
    app.blobs.delete(run_name(account, run))
    app.blobs.delete(run_name(account, run) + ".stop")


def all_runs(app: "App") -> set[tuple[str, str, str]]:
    """Return account, audience ("" where not told) and run of every note about a run."""
    found = set()
    for blob in app.blobs.list("slots/", metadata=True):
        _, account, kind, *rest = [*blob.name.split("/"), ""]
        if kind == "runs":
            run = rest[0].removesuffix(".stop")
            found.add((account, blob.metadata.get("audience", ""), run))
        elif kind == "leaving":
            found.add((account, rest[0], rest[1]))
    return found


def drop_dead_waiters(app: "App") -> None:
    """Remove the marks of those who died while they waited for a slot."""
    for blob in app.blobs.list("slots/"):
        _, _, kind, *_ = [*blob.name.split("/"), ""]
        if kind == "waiting" and (utc_now() - blob.modified).total_seconds() > _DEAD_SECONDS:
            app.blobs.delete(blob.name)


def unclean_slots(app: "App") -> list[tuple[str, int]]:
    """Return account and number of every slot whose holder died and that nobody has taken since."""
    found = []
    for blob in app.blobs.list("slots/", metadata=True):
        _, account, *rest = blob.name.split("/")
        if len(rest) == 1 and not blob.leased and blob.metadata.get("clean", "1") != "1":
            found.append((account, int(rest[0])))
    return found


def _read(app: "App", account: str) -> View:
    prefix = f"slots/{account}/"
    view = View(taken_at=time.monotonic())
    stopped = set()
    for blob in app.blobs.list(prefix, metadata=True):
        kind, _, rest = blob.name[len(prefix) :].partition("/")
        if not rest:
            view.slots[int(kind)] = SlotView(
                leased=blob.leased,
                clean=blob.metadata.get("clean", "1") == "1",
                run=blob.metadata.get("run", ""),
            )
        elif kind == "erased":
            view.erased = blob.etag
        elif kind == "waiting":
            view.waiting += (utc_now() - blob.modified).total_seconds() < _WAITING_SECONDS
        elif kind == "leaving":
            audience, _, run = rest.partition("/")
            view.leaving.add((audience, run))
        elif rest.endswith(".stop"):
            stopped.add(rest.removesuffix(".stop"))
        else:
            metadata = blob.metadata
            view.runs[rest] = RunView(metadata.get("state", ""), metadata.get("audience", ""))
    for run in stopped & view.runs.keys():
        view.runs[run] = replace(view.runs[run], stopped=True)
    return view
