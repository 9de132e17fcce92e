"""Where the drift of an audience is kept: `audiences/{account}/{audience}/drift.json`."""

from dataclasses import dataclass

from pydantic import TypeAdapter

from shared.drift.choosing import chosen
from shared.drift.items import Choice, Code, Drift, Item, Look
from shared.drift.looking import looked, made_anew
from shared.platform.blobs import Blobs, Document
from shared.platform.clock import to_text, utc_now

_ADAPTER = TypeAdapter(Drift)


@dataclass(frozen=True)
class DriftStore:
    """The drift of one audience of an account."""

    blobs: Blobs
    account: str
    audience: str

    @property
    def name(self) -> str:
        """Return the blob."""
        return f"audiences/{self.account}/{self.audience}/drift.json"

    def load(self) -> Drift:
        """Return what is kept, nothing where there is nothing."""
        found = self.blobs.read_document(self.name)
        return _ADAPTER.validate_python(found[0]) if found else Drift()

    def take_in(self, uid: str, look: Look, kinds: frozenset[Code], *, sent: bool = False) -> int:
        """Keep what an export's look has shown; return how much of it is new.

        kinds: what a look of its sort would have shown. sent: it was a run, and made anew what it
        lacked. Nothing is written where nothing has changed.
        """
        now, found = to_text(utc_now()), 0

        def taken(document: Document) -> Document | None:
            nonlocal found
            before = _ADAPTER.validate_python(document)
            after = looked(before, uid, look, kinds, now)
            found = after.found
            drift = made_anew(after.drift, uid, now) if sent else after.drift
            return None if drift == before else _document(drift)

        if look.seen:
            self.blobs.create_document(self.name, _document(Drift()))
        self.blobs.update_document(self.name, taken)
        return found

    def choose(self, uid: str, id_: str, choice: Choice, by: str) -> tuple[Item, Item] | None:
        """Take in a person's choice; return the item before and after, None where there is none.

        Raises NotOfferedError, AlreadyDoneError.
        """
        now = to_text(utc_now())
        before: Item | None = None

        def taken(document: Document) -> Document | None:
            nonlocal before
            drift = _ADAPTER.validate_python(document)
            before = drift.item(id_)
            if before is None or uid not in before.exports:
                before = None
                return None
            return _document(chosen(drift, before, choice, by, now))

        stored = self.blobs.update_document(self.name, taken)
        after = _ADAPTER.validate_python(stored).item(id_) if stored else None
        return (before, after) if before and after else None


def _document(drift: Drift) -> Document:
    document: Document = _ADAPTER.dump_python(drift, mode="json")
    return document
