"""One person's file: what is held of them, whence it came, what was sent where, under what consent.

It is made of what explains the person, and of a look at what is remembered of the audiences.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from shared.app import App
from shared.erasure.memories import known
from shared.erasure.person import Person
from shared.exports import store
from shared.exports.connection_models import StoredConnection
from shared.exports.models import StoredExport
from shared.exports.processing import NOT_STATED
from shared.mailchimp import suppressions
from shared.people.asked import Asked, Patience
from shared.people.audience import InAudience, Place
from shared.people.explain import Explained, Explanation, LeftOut, Position, explain
from shared.people.facts import Told
from shared.platform.clock import to_text
from shared.runs.names import begun_at
from shared.segments.columns import CUSTOMER_ID

# For what explains the person, and for what is remembered besides.
EXPLAINING_SECONDS, REMEMBERING_SECONDS = 7.0, 2.0
_SENT = {"created", "updated", "tagged", "untagged", "archived", "unsubscribed"}

What = Literal["contact", "outcome", "memory", "protected_contact"]


@dataclass(frozen=True)
class HeldPart:
    """Something that is held: a place as erasures name it; until: a time, or what must happen."""

    where: str
    what: What
    since: str | None
    until: str


@dataclass(frozen=True)
class Origin:
    """A segment whose snapshot has the person, and the columns that are read of it."""

    export: str
    segment: str
    snapshot: str | None
    source: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class SentTo:
    """An audience that the person was sent to by one export.

    first, last: of the runs that are kept, or since when the export holds the contact. values: what
    the audience holds now in the merge fields that the export fills.
    """

    export: str
    connection: str | None
    account: str | None
    audience_id: str
    purpose: str
    legal_basis: str
    first: str | None
    last: str | None
    status: str | None
    tags: tuple[str, ...]
    values: dict[str, str]


@dataclass(frozen=True)
class ConsentOf:
    """What a profile says in the column that an export asks for consent."""

    export: str
    segment: str
    column: str
    answer: Literal["given", "refused", "blank"]


@dataclass
class Report:
    """The file; `left_out` and `next` are those of an explanation."""

    addresses: set[str] = field(default_factory=set)
    customer_ids: set[str] = field(default_factory=set)
    held: list[HeldPart] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    sent_to: list[SentTo] = field(default_factory=list)
    consents: list[ConsentOf] = field(default_factory=list)
    erased: bool = False
    left_out: list[LeftOut] = field(default_factory=list)
    next: Position | None = None


def report(
    app: App,
    asked: Asked,
    exports: Iterable[StoredExport],
    start: Position | None = None,
    *,
    seconds: tuple[float, float] = (EXPLAINING_SECONDS, REMEMBERING_SECONDS),
) -> Report:
    """Write a person's file by exports in the order of their names; raises ErasureKeyError."""
    seen: dict[str, StoredExport] = {}

    def noting() -> Iterator[StoredExport]:
        for export in exports:
            seen[export.name] = export
            yield export

    explained = explain(app, asked, noting(), start, seconds=seconds[0])
    writer = _Writer(app, asked, explained)
    for one in explained.exports:
        writer.write(seen[one.export], one)
    writer.remember(Patience(seconds[1]))
    return writer.report


class _Writer:
    """Writes export by export, then audience by audience."""

    def __init__(self, app: App, asked: Asked, explained: Explanation) -> None:
        self.report = Report(left_out=explained.left_out, next=explained.next)
        self._app = app
        self._asked = asked
        self._audiences = explained.audiences
        # Account and audience, and the first export that was seen there.
        self._places: dict[tuple[str, str], str] = {}
        if asked.email:
            self.report.addresses.add(asked.email)
        if asked.customer_id:
            self.report.customer_ids.add(asked.customer_id)

    def write(self, export: StoredExport, one: Explained) -> None:
        """Write what one export knows of the person."""
        report, facts = self.report, one.facts
        connection = self._connection(export)
        if connection is not None and connection.account is not None:
            place = (connection.account.account_id, export.audience_id)
            self._places.setdefault(place, export.name)
        report.erased |= facts.erased
        told = [run for run in facts.told if run.email or run.customer_id]
        if facts.erased:
            return
        self._name(one, told)
        if facts.held is not None:
            since = _moment(facts.held.made_at)
            where = f"ledgers/{export.name}/{export.audience_id}"
            report.held.append(HeldPart(where, "contact", since, "export_removed"))
        report.held += [
            HeldPart(f"outcomes/{run.run}", "outcome", run.ended_at, self._end_of(run))
            for run in told
        ]
        report.origins += [
            Origin(
                export.name,
                segment.name,
                segment.snapshot,
                f"{export.source.container}/{export.source.folder}",
                tuple(dict.fromkeys((CUSTOMER_ID, *export.columns))),
            )
            for segment in facts.segments
            if segment.member
        ]
        if export.consent is not None:
            report.consents += [
                ConsentOf(export.name, profile.segment, export.consent.field, profile.consent)
                for profile in facts.profiles
                if profile.consent is not None
            ]
        self._sent(export, connection, one, told)

    def remember(self, patience: Patience) -> None:
        """Look whether the audiences' memories and tables of protected contacts have the person."""
        # Whoever shares an address is somebody else: only a CustomerId that was asked for counts.
        ids = frozenset([self._asked.customer_id] if self._asked.customer_id else [])
        person = Person(frozenset(self.report.addresses), ids)
        for (account, audience), export in self._places.items():
            if patience.begin() is None:
                self.report.left_out.append(LeftOut(export, "audience", "time", audience))
                if self.report.next is None or export < self.report.next.export:
                    self.report.next = Position(export)
                return
            if any(True for _ in known(self._app, account, audience, person)):
                part = HeldPart(f"memory/{audience}", "memory", None, "audience_unused")
                self.report.held.append(part)
            if suppressions.holds(self._app, account, audience, person.addresses):
                where = f"protected/{audience}"
                part = HeldPart(where, "protected_contact", None, "audience_unused")
                self.report.held.append(part)

    def _name(self, one: Explained, told: list[Told]) -> None:
        """Note under which names the export knows the person."""
        facts = one.facts
        known_as = [(profile.email, profile.customer_id) for profile in facts.profiles]
        known_as += [(run.email, run.customer_id) for run in told]
        if facts.held is not None:
            known_as.append((facts.held.email, facts.held.customer_id))
        self.report.addresses |= {email for email, _ in known_as if email}
        self.report.customer_ids |= {id_ for _, id_ in known_as if id_}

    def _sent(
        self,
        export: StoredExport,
        connection: StoredConnection | None,
        one: Explained,
        told: list[Told],
    ) -> None:
        facts = one.facts
        sent = sorted(run.ended_at for run in told if run.code in _SENT)
        accepted = facts.held is not None and facts.held.accepted
        if not sent and not accepted:
            return
        since = _moment(facts.held.made_at) if facts.held else None
        now = self._audiences.get(Place(export.connection or "", export.audience_id))
        account = connection.account if connection else None
        self.report.sent_to.append(
            SentTo(
                export=export.name,
                connection=export.connection,
                account=(account.account_name or account.account_id) if account else None,
                audience_id=export.audience_id,
                purpose=export.purpose or NOT_STATED,
                legal_basis=export.legal_basis or NOT_STATED,
                first=min([*sent[:1], *([since] if since else [])], default=None),
                last=sent[-1] if sent else since,
                status=_status(now),
                tags=facts.held.tags if facts.held else (),
                values=_filled(export, now),
            )
        )

    def _connection(self, export: StoredExport) -> StoredConnection | None:
        found = store.load_connection(self._app.blobs, export.connection or "")
        return found[0] if found and export.connection else None

    def _end_of(self, run: Told) -> str:
        begun = begun_at(run.run) or datetime.now(UTC)
        return to_text(begun + timedelta(days=self._app.settings.run_retention_days))


def _filled(export: StoredExport, now: InAudience | None) -> dict[str, str]:
    tags = {tag.upper() for tag in export.merge_fields}
    return {tag: value for tag, value in (now.values if now else {}).items() if tag.upper() in tags}


def _status(now: InAudience | None) -> str | None:
    return None if now is None or now.status in ("unknown", "missing") else now.status


def _moment(seconds: int) -> str | None:
    return to_text(datetime.fromtimestamp(seconds, UTC)) if seconds else None
