"""What is stored of an export's newest verification.

- `verifications/{uid}.json`: what is told of it, and how far it has come; names nobody
- `verifications/{uid}/{id}/parts/`: what was read so far; goes when it ends
- `verifications/{uid}/{id}/rows/`: whoever is not as promised
- `verifications/open/{uid}`: there while it has not ended
- `verifications/locks/{uid}`: leased by whoever works on it
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from pydantic import TypeAdapter

from shared.platform.blobs import BlobConflictError, BlobInfo, Blobs, Document
from shared.platform.clock import to_text, utc_now

FOLDER = "verifications/"
OPEN = f"{FOLDER}open/"
Status = Literal["waiting", "running", "succeeded", "failed", "stopped"]
Code = Literal["by_hand", "protected", "foreign", "refused", "unexplained"]
What = Literal["missing", "status", "tag_missing", "tag_extra", "value"]
CODES: tuple[Code, ...] = ("by_hand", "protected", "foreign", "refused", "unexplained")
WHATS: tuple[What, ...] = ("missing", "status", "tag_missing", "tag_extra", "value")


class StoppedError(Exception):
    """Somebody has stopped the verification, or begun another one."""


class ActiveError(Exception):
    """The export has a verification under way."""


@dataclass(frozen=True)
class Differing:
    """How many rows there are of a kind."""

    code: Code
    what: What
    count: int
    repairable: bool


@dataclass(frozen=True, kw_only=True)
class Verification:
    """A verification; times are text, `error` and `waiting` are codes.

    account, audience, run, ledgers: what it compares with: the run that was folded last, and every
    ledger on the audience by its uid, with its ETag. listing, offset: what is read next. parts,
    done, total: how much was read. not_compared: how many contacts by what could not be judged.
    """

    id: str
    export: str
    uid: str
    asked_by: str
    asked_at: str
    status: Status = "waiting"
    waiting: str | None = None
    waiting_since: str | None = None
    error: str | None = None
    account: str = ""
    audience: str = ""
    run: str = ""
    ledgers: dict[str, str | None] = field(default_factory=dict)
    listing: int = 0
    offset: int = 0
    parts: int = 0
    done: int = 0
    total: int = 0
    calls: int = 0
    checked_at: str | None = None
    ended_at: str | None = None
    as_promised: int | None = None
    differing: tuple[Differing, ...] = ()
    not_compared: dict[str, int] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Whether nothing more is done."""
        return self.status in ("succeeded", "failed", "stopped")

    @property
    def folder(self) -> str:
        """Return where its tables lie."""
        return f"{FOLDER}{self.uid}/{self.id}/"

    @property
    def rows_folder(self) -> str:
        """Return where its rows lie."""
        return f"{self.folder}rows/"

    def part_name(self, number: int) -> str:
        """Return the blob of a part."""
        return f"{self.folder}parts/{number:06d}.parquet"

    def as_ended(self, status: Status, error: str | None = None) -> "Verification":
        """Return it as it ends now."""
        return replace(
            self,
            status=status,
            error=error,
            waiting=None,
            waiting_since=None,
            ended_at=to_text(utc_now()),
        )


_ADAPTER = TypeAdapter(Verification)


def lock_name(uid: str) -> str:
    """Return the blob whose lease whoever works on an export's verification holds."""
    return f"{FOLDER}locks/{uid}"


def read(blobs: Blobs, uid: str) -> Verification | None:
    """Return an export's newest verification, None before the first."""
    found = blobs.read_document(_name(uid))
    return _ADAPTER.validate_python(found[0]) if found else None


def begin(blobs: Blobs, export: str, uid: str, by: str) -> Verification:
    """Store a new verification in the place of the one before; raises ActiveError."""
    found = blobs.read_document(_name(uid))
    old = _ADAPTER.validate_python(found[0]) if found else None
    if old is not None and not old.ended:
        raise ActiveError
    id_ = secrets.token_hex(8)
    new = Verification(id=id_, export=export, uid=uid, asked_by=by, asked_at=to_text(utc_now()))
    # First: without it the tick would not come back to one that is cut off right here.
    blobs.write(f"{OPEN}{uid}", b"")
    try:
        blobs.replace_document(_name(uid), _document(new), found[1] if found else None)
    except BlobConflictError:
        raise ActiveError from None
    if old is not None:
        blobs.delete_all(old.folder)
    return new


def save(blobs: Blobs, now: Verification) -> None:
    """Store how far a verification has come; raises StoppedError."""
    saved = False

    def changed(document: Document) -> Document | None:
        nonlocal saved
        stored = _ADAPTER.validate_python(document)
        saved = stored.id == now.id and not stored.ended
        return _document(now) if saved else None

    blobs.update_document(_name(now.uid), changed)
    if not saved:
        raise StoppedError
    if now.ended:
        close(blobs, now.uid)


def stop(blobs: Blobs, uid: str) -> Verification | None:
    """End a verification now; its last call may still be answered."""

    def stopped(document: Document) -> Document | None:
        stored = _ADAPTER.validate_python(document)
        return None if stored.ended else _document(stored.as_ended("stopped"))

    found = blobs.update_document(_name(uid), stopped)
    close(blobs, uid)
    return _ADAPTER.validate_python(found) if found else None


def close(blobs: Blobs, uid: str) -> None:
    """Note that a verification has ended."""
    blobs.delete(f"{OPEN}{uid}")


def drop(blobs: Blobs, uid: str) -> None:
    """Drop all that is kept of an export's verification."""
    blobs.delete_all(f"{FOLDER}{uid}/")
    blobs.delete(_name(uid))
    blobs.delete(lock_name(uid))
    close(blobs, uid)


def all_open(blobs: Blobs) -> Iterator[str]:
    """Yield the uids of the exports whose verification has not ended."""
    return (blob.name.removeprefix(OPEN) for blob in blobs.list(OPEN))


def all_blobs(blobs: Blobs) -> Iterator[BlobInfo]:
    """Yield the documents of all exports' verifications."""
    return (blob for blob in blobs.level(FOLDER) if blob.name.endswith(".json"))


def uid_of(blob: BlobInfo) -> str:
    """Return the uid of the export whose verification a document is about."""
    return blob.name.removeprefix(FOLDER).removesuffix(".json")


def _document(verification: Verification) -> Document:
    document: Document = _ADAPTER.dump_python(verification, mode="json")
    return document


def _name(uid: str) -> str:
    return f"{FOLDER}{uid}.json"
