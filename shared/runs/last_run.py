"""The last run that counts for an export's schedule: what it left behind, one small document.

Not below runs/: it outlives them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter

from shared.notice import Notice
from shared.platform.blobs import Blobs, Document
from shared.platform.forms import FormError
from shared.platform.index import Index, Told
from shared.runs import ledger
from shared.runs.counts import Counts
from shared.runs.record import Before, Run, RunStatus, read_run

_FOLDER = "exports/_last/"
_GOOD = (RunStatus.SUCCEEDED, RunStatus.PARTIAL)
_TIMES = 5


@dataclass(frozen=True)
class Ended:
    """A run's end, as exports that run after this one go by it."""

    run: str
    status: RunStatus
    at: str


@dataclass(frozen=True)
class LastRun:
    """What is remembered of it; `snapshots` by segment, those of an earlier one where it had none.

    ledger: account and audience of the ledger that was written last. leavers_due: whether leavers
    were left to the next run, as another export was at work on the audience. failures: how often in
    a row runs on the same snapshots have failed. states: what tells each snapshot's state from
    others of the same name, where that is known. served_at: up to when times of a cron schedule
    have been served, None where 0.1.0 has written this. stale: segments of a refresh schedule whose
    newest data is older than the export allows, with when it was written. exported: the snapshots
    of the last run that ended succeeded or partial; exported_at: when the last five of those ended.
    kept_by: what other exports, by name, had exported that kept this run's leavers waiting.
    counts, error: what the run came to; contacts: how many `ledger` holds. All three are here for
    lists, which would have to look at the run and the ledger of every export otherwise.
    done: the newest end after which other exports run; undone: a newer one after which they don't.
    followed: the run of another export that one of this export was begun by last. has_followers:
    other exports run after this one.
    """

    uid: str
    run: str
    status: RunStatus
    snapshots: dict[str, str]
    submitted_at: str
    ended_at: str
    ledger: tuple[str, str] | None = None
    leavers_due: bool = False
    failures: int = 0
    states: dict[str, str] = field(default_factory=dict)
    served_at: str | None = None
    # The last one that succeeded, at least in part.
    good: Before | None = None
    exported: dict[str, str] = field(default_factory=dict)
    exported_at: tuple[str, ...] = ()
    kept_by: dict[str, dict[str, str]] = field(default_factory=dict)
    stale: dict[str, str] = field(default_factory=dict)
    counts: Counts | None = None
    error: Notice | None = None
    # None where 0.1.0 has written this, which noted none of the three.
    contacts: int | None = None
    done: Ended | None = None
    undone: Ended | None = None
    followed: str | None = None
    has_followers: bool = False

    def exported_to(self, ledger: tuple[str, str] | None) -> dict[str, str]:
        """Return the snapshots that were exported to the end to an account's audience."""
        return self.exported if self.ledger == ledger else {}

    def has_seen(self, segment: str, stamp: str, state: str) -> bool:
        """Return whether a segment's snapshot, in this state, or a newer one was tried already."""
        tried = self.snapshots.get(segment, "")
        return stamp < tried or (stamp == tried and self.states.get(segment, state) == state)


_ADAPTER = TypeAdapter(LastRun)


def read_last(blobs: Blobs, export: str, uid: str) -> LastRun | None:
    """Return an export's last run, None where none has counted yet."""
    found = _read(blobs, export)
    return None if found is None or found[0].uid != uid else found[0]


def completed(blobs: Blobs, last: LastRun) -> LastRun:
    """Return a last run with its results, which 0.1.0 left to the run's record and the ledger.

    The record may be past its retention, and its counts with it.
    """
    if last.contacts is not None:
        return last
    run = read_run(blobs, last.run)
    counts, error = (run.counts, run.error) if run else (last.counts, last.error)
    if last.ledger is None:
        return replace(last, counts=counts, error=error, contacts=0)
    held = ledger.load(blobs, *last.ledger, last.uid).contacts
    return replace(last, counts=counts, error=error, contacts=held)


def last_runs(blobs: Blobs) -> "LastRuns":
    """Return the last runs of all exports, by the index alone, however many there are."""
    return LastRuns(blobs, INDEX.read(blobs))


@dataclass(frozen=True)
class LastRuns:
    """What is remembered of every export; read as it is asked for."""

    _blobs: Blobs
    _facts: Mapping[str, dict[str, object] | None]

    def of(self, export: str, uid: str) -> LastRun | None:
        """Return what `read_last` does, but for what no schedule needs: `good`."""
        if export not in self._facts:
            return None
        facts = self._facts[export]
        if facts is None:
            return read_last(self._blobs, export, uid)
        last = _ADAPTER.validate_python(facts)
        return last if last.uid == uid else None


def _read(blobs: Blobs, export: str) -> tuple[LastRun, str] | None:
    found = blobs.read_document(f"{_FOLDER}{export}")
    if found is None:
        return None
    last = _ADAPTER.validate_python(found[0])
    if not last.exported_at and last.status in _GOOD:
        # Written by 0.1.0.
        last = replace(last, exported=last.snapshots, exported_at=(last.ended_at,))
    return last, found[1]


def good_before(blobs: Blobs, run: Run) -> Before | None:
    """Return the run that an ended one is compared with, None for previews and for the first."""
    if run.preview or run.only:
        return None
    last = read_last(blobs, run.export, run.uid)
    return None if last is None or last.run == run.id else _good_of(blobs, last)


def _good_of(blobs: Blobs, last: LastRun) -> Before | None:
    if last.good is not None or last.status not in _GOOD:
        return last.good
    # 0.1.0 noted no more than its id.
    found = read_run(blobs, last.run)
    return Before(found.id, found.counts) if found else None


def note_end(blobs: Blobs, run: Run) -> LastRun | None:
    """Remember an ended run; previews do not count. May be repeated.

    Returns what is remembered now, None for previews.
    """
    if run.preview:
        return None
    last = read_last(blobs, run.export, run.uid)
    if run.only and last is None:
        return None
    place, contacts = _held(blobs, run, last)
    if last and last.submitted_at >= run.submitted_at:
        if last.run == run.id:
            _note_results(blobs, run, last, place, contacts)
        return last
    if run.only and last:
        return _written(blobs, run.export, _with_asked(blobs, last, run, place, contacts))
    failed = run.status in (RunStatus.FAILED, RunStatus.SKIPPED)
    same = last is not None and (not run.snapshots or _has_seen_all(last, run))
    ended = LastRun(
        uid=run.uid,
        run=run.id,
        status=run.status,
        snapshots=run.snapshots or (last.snapshots if last else {}),
        submitted_at=run.submitted_at,
        ended_at=run.ended_at or run.submitted_at,
        ledger=place,
        leavers_due=run.leavers_due,
        states=run.states or (last.states if last and not run.snapshots else {}),
        served_at=_served_at(last, run),
        kept_by=run.kept_by,
        stale=last.stale if last else {},
        failures=(last.failures + 1 if last and same else 1) if failed else 0,
        good=Before(run.id, run.counts) if run.status in _GOOD else run.before,
        counts=run.counts,
        error=run.error,
        contacts=contacts,
        followed=run.follows or (last.followed if last else None),
        has_followers=last is not None and last.has_followers,
    )
    return _written(blobs, run.export, _with_end(_with_exported(ended, last), last))


def _written(blobs: Blobs, export: str, ended: LastRun) -> LastRun:
    with INDEX.changing(blobs, export):
        blobs.write_document(f"{_FOLDER}{export}", _ADAPTER.dump_python(ended, mode="json"))
    return ended


def _with_asked(
    blobs: Blobs, last: LastRun, run: Run, place: tuple[str, str] | None, contacts: int
) -> LastRun:
    """Return what is remembered, with the end of a run that asked some contacts again.

    For schedules and other exports it is none: what they go by stays that of the run before.
    """
    return replace(
        last,
        run=run.id,
        status=run.status,
        submitted_at=run.submitted_at,
        # A failed run is tried again so long after its own end.
        ended_at=last.ended_at if last.failures else run.ended_at or run.submitted_at,
        served_at=last.served_at or last.submitted_at,
        good=_good_of(blobs, last),
        ledger=place,
        counts=run.counts,
        error=run.error,
        contacts=contacts,
    )


def note_contacts(blobs: Blobs, export: str, held: ledger.Ledger) -> None:
    """Remember how many contacts a ledger holds that was changed by no run."""
    place = [held.account, held.audience]

    def noted(document: Document) -> Document | None:
        if document["uid"] != held.uid or document.get("ledger") != place:
            return None
        return {**document, "contacts": held.contacts} if "contacts" in document else None

    with INDEX.changing(blobs, export):
        blobs.update_document(f"{_FOLDER}{export}", noted)


def note_stale(blobs: Blobs, export: str, uid: str, stale: dict[str, str]) -> bool:
    """Remember which segments are stale now; return whether that was not known."""
    known = True

    def noted(document: Document) -> Document | None:
        nonlocal known
        known = document["uid"] != uid or document.get("stale", {}) == stale
        return None if known else {**document, "stale": stale}

    with INDEX.changing(blobs, export):
        blobs.update_document(f"{_FOLDER}{export}", noted)
    return not known


def note_followers(blobs: Blobs, export: str, uid: str, *, there: bool) -> None:
    """Remember whether other exports run after this one: its ends tell only those who listen."""

    def noted(document: Document) -> Document | None:
        known = document["uid"] != uid or document.get("has_followers", False) == there
        return None if known else {**document, "has_followers": there}

    with INDEX.changing(blobs, export):
        blobs.update_document(f"{_FOLDER}{export}", noted)


def _with_end(ended: LastRun, last: LastRun | None) -> LastRun:
    """Add what exports that run after this one go by."""
    end = Ended(ended.run, ended.status, ended.ended_at)
    if ended.status in _GOOD:
        return replace(ended, done=end)
    return replace(ended, done=last.done if last else None, undone=end)


def _with_exported(ended: LastRun, last: LastRun | None) -> LastRun:
    """Add what was exported to the end by this run or, where it was not, by those before."""
    # What was exported to another audience says nothing here.
    same = last is not None and last.ledger == ended.ledger
    times = last.exported_at if last and same else ()
    if ended.status in _GOOD:
        times = (*times, ended.ended_at)[-_TIMES:]
        return replace(ended, exported=ended.snapshots, exported_at=times)
    return replace(ended, exported=last.exported if last and same else {}, exported_at=times)


def _served_at(last: LastRun | None, run: Run) -> str:
    """Whatever comes of a scheduled run, it was one; one by hand serves once it has sent."""
    if run.kind == "scheduled" or run.status in _GOOD:
        return run.submitted_at
    if last is None:
        return run.configuration.scheduled_since
    return last.served_at or last.submitted_at


def _has_seen_all(last: LastRun, run: Run) -> bool:
    states = run.states or {}
    return last.snapshots == run.snapshots and all(
        last.states.get(segment, state) == state for segment, state in states.items()
    )


def _held(blobs: Blobs, run: Run, last: LastRun | None) -> tuple[tuple[str, str] | None, int]:
    """Return the place of the ledger that was written last, None for none, and its contacts."""
    if run.account:
        found = ledger.load(blobs, run.account, run.audience, run.uid)
        if found.etag is not None:
            return (run.account, run.audience), found.contacts
    if last is None or last.ledger is None:
        return None, 0
    return last.ledger, completed(blobs, last).contacts or 0


def _note_results(
    blobs: Blobs, run: Run, last: LastRun, place: tuple[str, str] | None, contacts: int
) -> None:
    """Note once more what a run came to whose results were added up after it had ended."""
    told = replace(last, counts=run.counts, error=run.error, ledger=place, contacts=contacts)
    if told == last:
        return
    members: Document = _ADAPTER.dump_python(told, mode="json")
    results = {name: members[name] for name in ("counts", "error", "ledger", "contacts")}

    def noted(document: Document) -> Document | None:
        return {**document, **results} if document["run"] == run.id else None

    with INDEX.changing(blobs, run.export):
        blobs.update_document(f"{_FOLDER}{run.export}", noted)


def _tell(blobs: Blobs, export: str) -> Told | None:
    try:
        found = _read(blobs, export)
    except (FormError, ValueError):
        info = blobs.info(f"{_FOLDER}{export}")
        return None if info is None else Told(info.etag, None)
    if found is None:
        return None
    last = completed(blobs, found[0])
    facts: dict[str, object] = _ADAPTER.dump_python(last, mode="json", exclude={"good"})
    return Told(found[1], facts)


def _versions(blobs: Blobs) -> Iterator[tuple[str, str]]:
    for info in blobs.level(_FOLDER):
        yield info.name.removeprefix(_FOLDER), info.etag


INDEX = Index("index/last-runs/", _tell, _versions)
