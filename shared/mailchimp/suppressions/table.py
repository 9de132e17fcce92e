"""What is kept of an audience's table, and where: `suppressions/{account}/{audience}/`.

`state.json` names the parts, one immutable blob per status, so a reader sees one generation or
the next. Parts of the generation before are kept for those who read them just now. `draft.json`
and `pages/` are the checkpoints of a refresh that lists a status; `lock` is leased while one works.
`told/` is what webhooks have told since.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.addresses import CANONICAL_VERSION
from shared.app import App
from shared.mailchimp.suppressions.lines import brought_over, pack, unpack
from shared.platform.blobs import BlobMissingError, Blobs, Document
from shared.platform.clock import from_text, to_text

# The most protective first: it counts where a contact was seen under several.
STATUSES = ("cleaned", "unsubscribed", "archived", "pending", "transactional")

# How far before the last look a look for changes begins: Mailchimp may show them late.
OVERLAP = timedelta(minutes=15)

_ROOT = "suppressions/"
# A reader that is overtaken by two refreshes while it reads begins again.
_ATTEMPTS = 5


class SuppressionsMissingError(Exception):
    """The audience's table was never filled."""


@dataclass(frozen=True)
class Rows:
    """The contacts of one status.

    `part` is "" where there are none. `total` is Mailchimp's number of them at `as_of`, by
    Mailchimp's clock. `gap` is by how many addresses `count` differs from `total` for good: two
    contacts whose addresses differ in case are one here. Not `settled`: the numbers never agreed.
    hidden: how many were erased from it since, whom Mailchimp may still count.
    """

    part: str
    count: int
    total: int
    as_of: datetime
    gap: int = 0
    settled: bool = True
    hidden: int = 0

    def agrees(self) -> bool:
        """Return whether the numbers differ as they did, but for who was erased."""
        return self.gap - self.hidden <= self.count - self.total <= self.gap


@dataclass(frozen=True)
class State:
    """A table as readers see it.

    `generation` grows whenever the contacts change. `refreshed_at` is our clock when the last
    refresh began to look. `recent` lists who came in after generation `recent_since`. `canonical`
    is the version of the form in which its addresses are written.
    """

    generation: int
    refreshed_at: datetime
    rows: Mapping[str, Rows]
    recent: str = ""
    recent_since: int = 0
    previous: tuple[str, ...] = ()
    canonical: int = CANONICAL_VERSION
    etag: str = field(default="", compare=False)

    @property
    def count(self) -> int:
        """How many contacts the table holds; one under two statuses counts twice."""
        return sum(rows.count for rows in self.rows.values())

    def parts(self) -> set[str]:
        """Return the names of the blobs that it is made of."""
        return {name for name in (self.recent, *(r.part for r in self.rows.values())) if name}


class Table:
    """The blobs of one audience's table."""

    statuses: tuple[str, ...] = STATUSES
    where = _ROOT + "{account}/{audience}/"

    def __init__(self, blobs: Blobs, account_id: str, audience_id: str) -> None:
        self.blobs = blobs
        self.folder = self.where.format(account=account_id, audience=audience_id)
        self.state_name = self.folder + "state.json"
        self.draft_name = self.folder + "draft.json"
        self.lock_name = self.folder + "lock"
        self.parts_folder = self.folder + "parts/"
        self.pages_folder = self.folder + "pages/"
        self.told_folder = self.folder + "told/"

    def state(self) -> State | None:
        """Return the state, None before the first fill has ended."""
        found = self.blobs.read_document(self.state_name)
        if found is None:
            return None
        document, etag = found
        return State(
            generation=int(document["generation"]),
            refreshed_at=from_text(document["refreshed_at"]),
            rows={status: rows_from(rows) for status, rows in document["rows"].items()},
            recent=str(document["recent"]),
            recent_since=int(document["recent_since"]),
            previous=tuple(document["previous"]),
            canonical=document.get("canonical", 1),
            etag=etag,
        )

    def read[T](self, read: Callable[[State], T]) -> T:
        """Return what `read` makes of the state; again when its parts were replaced meanwhile.

        Raises SuppressionsMissingError before the first fill has ended, BlobMissingError.
        """
        for attempt in range(_ATTEMPTS):
            state = self.state()
            if state is None:
                raise SuppressionsMissingError
            try:
                return read(state)
            except BlobMissingError:
                if attempt + 1 == _ATTEMPTS:
                    raise
        raise AssertionError

    def write_state(self, state: State, before: State | None) -> State:
        """Write a state over the one it was made from; raises BlobConflictError."""
        document: Document = {
            "generation": state.generation,
            "refreshed_at": to_text(state.refreshed_at),
            "rows": {status: rows_to(rows) for status, rows in state.rows.items()},
            "recent": state.recent,
            "recent_since": state.recent_since,
            "previous": list(state.previous),
            "canonical": state.canonical,
        }
        known = before.etag if before else None
        etag = self.blobs.replace_document(self.state_name, document, known)
        return State(**{**vars(state), "etag": etag})

    def new_part(self, kind: str, suffix: str) -> str:
        """Return a name that no part has had."""
        return f"{self.parts_folder}{kind}-{uuid.uuid4().hex}.{suffix}"

    def write_part(self, status: str, lines: list[bytes]) -> str:
        """Write an immutable part and return its name, "" where there is nothing to write."""
        if not lines:
            return ""
        name = self.new_part(status, "ndjson.gz")
        self.blobs.write(name, pack(lines), create=True)
        return name

    def read_part(self, name: str, written: int = CANONICAL_VERSION) -> Iterator[bytes]:
        """Yield a part's lines; `written`: the version of their form. Raises BlobMissingError."""
        if not name:
            return iter(())
        lines = unpack(self.blobs.read(name))
        return lines if written == CANONICAL_VERSION else brought_over(lines)


class Subscribed(Table):
    """Who is subscribed to an audience, where a plan has had to know: read and kept likewise.

    Its readings only add: who is there may have left since.
    """

    statuses = ("subscribed",)
    where = "audiences/{account}/{audience}/subscribed/"


KINDS = (Table, Subscribed)


def tables(app: App) -> Iterator[tuple[str, str]]:
    """Yield account and audience of every table."""
    for account in app.blobs.folders(_ROOT):
        for audience in app.blobs.folders(f"{_ROOT}{account}/"):
            yield account, audience


def drop(app: App, account_id: str, audience_id: str) -> None:
    """Drop an audience's tables."""
    for kind in KINDS:
        table = kind(app.blobs, account_id, audience_id)
        # First what names the parts: a reader sees the whole table, or none.
        app.blobs.delete(table.state_name)
        app.blobs.delete_all(table.folder)


def rows_to(rows: Rows) -> Document:
    """Return rows as they are stored."""
    return {**vars(rows), "as_of": to_text(rows.as_of)}


def rows_from(document: Document) -> Rows:
    """Return stored rows."""
    return Rows(**{**document, "as_of": from_text(document["as_of"])})
