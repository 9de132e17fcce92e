"""Explains one person: export by export what is known, the verdict, and what would change it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from shared.app import App
from shared.erased import Register, load_erased
from shared.exports import store
from shared.exports.connection_models import StoredConnection
from shared.exports.models import StoredExport
from shared.people.asked import Asked, Patience
from shared.people.audience import InAudience, Place, ask
from shared.people.facts import Facts, Held, Profile, Segment, Told
from shared.people.holding import held_by
from shared.people.past import Past, read_past, runs_of
from shared.people.profiles import Look, Names, SegmentLooker
from shared.people.verdict import Step, Verdict, judge, steps_of, worst
from shared.runs import ledger
from shared.runs.last_run import LastRun, read_last
from shared.runs.record import Run, read_run

SECONDS = 10.0


@dataclass(frozen=True)
class LeftOut:
    """What the answer lacks: of which export, which part, and why."""

    export: str
    what: Literal["export", "runs", "segment", "audience"]
    code: str
    name: str | None = None


@dataclass(frozen=True)
class Position:
    """Where an answer broke off: at an export, at a run of it ("": none was left out)."""

    export: str
    run: str = ""


@dataclass(frozen=True)
class Explained:
    """A person in one export."""

    export: str
    facts: Facts
    verdict: Verdict
    would_change: tuple[Step, ...]


@dataclass
class Explanation:
    """The whole answer, as far as there was time for it."""

    verdict: Verdict = field(default_factory=lambda: Verdict("unknown_person"))
    would_change: tuple[Step, ...] = ()
    exports: list[Explained] = field(default_factory=list)
    audiences: dict[Place, InAudience] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    next: Position | None = None


@dataclass(frozen=True)
class _LastLook:
    """The last run or preview that found snapshots, and by which configuration."""

    export: StoredExport
    snapshots: dict[str, str]
    run: Run | None
    ahead: bool


def explain(
    app: App,
    asked: Asked,
    exports: Iterable[StoredExport],
    start: Position | None = None,
    *,
    seconds: float = SECONDS,
) -> Explanation:
    """Explain a person by these exports, which are in the order of their names.

    Raises ErasureKeyError.
    """
    explainer = _Explainer(
        app, asked, load_erased(app.blobs, app.vault), Patience(seconds), seconds
    )
    answer = explainer.answer
    for export in exports:
        if start is not None and export.name < start.export:
            continue
        at_start = start is not None and export.name == start.export
        if not explainer.explain(export, start.run if start and at_start else None):
            break
    judged = [(one.facts, one.verdict) for one in answer.exports]
    answer.verdict = worst(judged)
    of_that = [facts for facts, verdict in judged if verdict == answer.verdict]
    answer.would_change = steps_of(answer.verdict, of_that[0] if of_that else Facts(looked=False))
    return answer


class _Explainer:
    """Goes from export to export until there is no more time."""

    def __init__(
        self, app: App, asked: Asked, erased: Register, patience: Patience, seconds: float
    ) -> None:
        self.answer = Explanation()
        self._app = app
        self._asked = asked
        self._erased = erased
        self._patience = patience
        self._seconds = seconds

    def explain(self, export: StoredExport, start: str | None) -> bool:
        """Explain one export; False where there was no time for it."""
        # Of the first export something is always found out.
        if self.answer.exports and self._patience.over():
            self._leave_out(LeftOut(export.name, "export", "time"), Position(export.name))
            return False
        facts = self._facts(export, start)
        verdict = judge(facts)
        steps = steps_of(verdict, facts)
        self.answer.exports.append(Explained(export.name, facts, verdict, steps))
        return True

    def _leave_out(self, part: LeftOut, position: Position | None = None) -> None:
        self.answer.left_out.append(part)
        if position is not None and self.answer.next is None:
            self.answer.next = position

    def _facts(self, export: StoredExport, start: str | None) -> Facts:
        blobs, asked = self._app.blobs, self._asked
        found = store.load_connection(blobs, export.connection) if export.connection else None
        connection = found[0] if found else None
        last = read_last(blobs, export.name, export.uid)
        held = self._held(export, connection, last)
        runs = runs_of(blobs, export.name)
        past = self._past(export, runs, start)
        look = _last_look(self._app, export, runs, last)
        seen = self._look(export, look, held, past, continued=start is not None)
        address = _address(asked, seen.profiles, held, past.told)
        in_audience = self._ask(export, connection, address)
        profiles = tuple(one for one in seen.profiles if one.email == address or not one.email)
        ours = next((one for one in held if one.email == address), None)
        erased = self._is_erased(address)
        return Facts(
            looked=look is not None,
            erased=erased,
            snapshot_newer=seen.newer,
            changed=look is not None and _differs(look.export, export),
            ahead=look is not None and look.ahead,
            address=address,
            asked_id=asked.customer_id,
            elsewhere=bool(seen.profiles) and not profiles,
            profiles=profiles,
            segments=_segments(export, look, seen, profiles, past.told),
            held=ours,
            told=past.told,
            status=in_audience.status if in_audience else "unknown",
            tag_ids=in_audience.tag_ids if in_audience else None,
            columns={
                "email": export.email_field,
                **({"consent": export.consent.field} if export.consent else {}),
            },
        )

    def _held(
        self, export: StoredExport, connection: StoredConnection | None, last: LastRun | None
    ) -> tuple[Held, ...]:
        place = last.ledger if last else None
        if connection is not None and connection.account_id:
            place = (connection.account_id, export.audience_id)
        if place is None:
            return ()
        found = ledger.load(self._app.blobs, *place, export.uid)
        return held_by(self._app.blobs, found, self._asked)

    def _past(self, export: StoredExport, runs: Sequence[str], start: str | None) -> Past:
        past = read_past(self._app.blobs, export.uid, runs, self._asked, self._patience, start)
        if past.left_out_from is not None:
            position = Position(export.name, past.left_out_from)
            self._leave_out(LeftOut(export.name, "runs", "time", past.left_out_from), position)
        return past

    def _look(
        self,
        export: StoredExport,
        look: _LastLook | None,
        held: Sequence[Held],
        past: Past,
        *,
        continued: bool,
    ) -> Look:
        """Look for whom the person is known to be; once more for others of a new address."""
        if look is None:
            return Look()
        asked = self._asked
        container = self._app.segment_container(look.export.source.container)
        quiet = self._app.settings.snapshot_quiet
        looker = SegmentLooker(container, look.export, look.snapshots, quiet)
        emails = {asked.email} if asked.email else set()
        ids = {asked.customer_id} if asked.customer_id else set()
        if asked.email is None:
            emails |= {one.email for one in held if one.email}
            emails |= {one.email for one in past.told if one.email}
        else:
            # Who shares the address without being sent is somebody else.
            ids |= {one.customer_id for one in held if one.customer_id}
            ids |= {o.customer_id for o in past.told if o.customer_id and o.code != _DUPLICATE}
        # What was left out before has time of its own.
        patience = Patience(self._seconds) if continued else self._patience
        seen = looker.look(Names(frozenset(emails), frozenset(ids)), patience)
        others = {one.email for one in seen.profiles if one.email} - emails
        if others and asked.email is None:
            seen = looker.look(Names(frozenset(emails | others), frozenset(ids)), patience)
        for name, why in seen.unread.items():
            position = Position(export.name) if why == "time" else None
            self._leave_out(LeftOut(export.name, "segment", why, name), position)
        return seen

    def _ask(
        self, export: StoredExport, connection: StoredConnection | None, address: str
    ) -> InAudience | None:
        if connection is None or "@" not in address:
            return None
        place = Place(connection.name, export.audience_id)
        found = self.answer.audiences.get(place)
        if found is None:
            found = ask(self._app, connection, export.audience_id, address)
            self.answer.audiences[place] = found
            if found.problem is not None:
                part = LeftOut(export.name, "audience", found.problem, export.audience_id)
                self._leave_out(part)
        return found

    def _is_erased(self, address: str) -> bool:
        people = {"email": [address], "customer_id": [self._asked.customer_id or ""]}
        return bool(self._erased and self._erased.is_erased(pl.DataFrame(people)).any())


_DUPLICATE = "skipped_duplicate"


def _last_look(
    app: App, export: StoredExport, runs: Sequence[str], last: LastRun | None
) -> _LastLook | None:
    """Return the newest run or preview that found snapshots; of one that is gone what is left."""
    for id_ in runs:
        run = read_run(app.blobs, id_)
        # Who was asked again was so on the snapshots of a run before.
        if run is not None and run.uid == export.uid and run.snapshots and not run.only:
            ahead = run.preview or not run.outcomes
            return _LastLook(run.configuration, run.snapshots, run, ahead)
    if last is not None and last.snapshots:
        return _LastLook(export, last.snapshots, None, ahead=False)
    return None


def _differs(one: StoredExport, other: StoredExport) -> bool:
    """Return whether an export sends otherwise by now than by an earlier configuration."""
    members = (
        "audience_id",
        "source",
        "segments",
        "email_field",
        "consent",
        "filter",
        "connection",
    )
    return any(getattr(one, name) != getattr(other, name) for name in members)


def _address(
    asked: Asked, profiles: Sequence[Profile], held: Sequence[Held], told: Sequence[Told]
) -> str:
    """Return the address that is judged: of a CustomerId the one that its profile has now."""
    if asked.email is not None:
        return asked.email
    own = (one.email for one in profiles if one.customer_id == asked.customer_id)
    known = [*own, *(one.email for one in held), *(one.email for one in told)]
    return known[0] if known else ""


def _segments(
    export: StoredExport,
    look: _LastLook | None,
    seen: Look,
    profiles: Sequence[Profile],
    told: Sequence[Told],
) -> tuple[Segment, ...]:
    """Tell segment by segment; where no snapshot could be looked into, as the run has told it."""
    there = {one.segment for one in profiles}
    told_then = next((one for one in told if look and look.run and one.run == look.run.id), None)

    def member(name: str) -> bool | None:
        if look is None or name not in look.snapshots:
            return None
        if name not in seen.unread:
            return name in there
        if told_then is not None:
            return name in told_then.segments
        return None

    snapshots = look.snapshots if look else {}
    names = look.export.segment_names if look else export.segment_names
    return tuple(Segment(name, snapshots.get(name), member(name)) for name in names)
