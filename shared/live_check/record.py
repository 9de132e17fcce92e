"""What is stored of a connection's newest live check.

- `live-checks/{connection}.json`: what is told of it, and by which mark its traces are found
- `live-checks/open/{connection}`: there while it has not ended, or may have left something
- `live-checks/locks/{connection}`: leased by whoever works on it
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import TypeAdapter

from shared.mailchimp.live_check.rows import Row
from shared.mailchimp.live_check.traces import Names, new_mark
from shared.platform.blobs import BlobConflictError, Blobs, Document
from shared.platform.clock import to_text, utc_now

FOLDER = "live-checks/"
OPEN = f"{FOLDER}open/"
Status = Literal["waiting", "running", "succeeded", "failed"]


class ActiveError(Exception):
    """The connection has a live check under way."""


class SupersededError(Exception):
    """The live check is no longer the connection's newest."""


@dataclass(frozen=True, kw_only=True)
class LiveCheck:
    """A live check; times are text, `error` is a code, `said` are Mailchimp's words about it.

    account, audience: where it is made. mark, email: what its traces are named by; the address is
    forgotten as soon as nothing of it can be left.
    """

    id: str
    connection: str
    account: str
    audience: str
    mark: str
    email: str
    asked_by: str
    asked_at: str
    status: Status = "waiting"
    error: str | None = None
    said: str = ""
    checked_at: str | None = None
    calls: int = 0
    rows: tuple[Row, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether no more questions are asked."""
        return self.status in ("succeeded", "failed")

    @property
    def names(self) -> Names | None:
        """What its traces are called, None where it can have left none."""
        return Names(self.email, self.mark) if self.email else None

    def as_failed(self, error: str, said: str = "") -> "LiveCheck":
        """Return it as it fails now."""
        now = to_text(utc_now())
        return replace(self, status="failed", error=error, said=said, checked_at=now)

    def as_cleared(self) -> "LiveCheck":
        """Return it without the address, of which nothing is left."""
        return replace(self, email="")


_ADAPTER = TypeAdapter(LiveCheck)


def lock_name(connection: str) -> str:
    """Return the blob whose lease whoever works on a connection's live check holds."""
    return f"{FOLDER}locks/{connection}"


def read(blobs: Blobs, connection: str) -> LiveCheck | None:
    """Return a connection's newest live check, None before the first."""
    found = blobs.read_document(_name(connection))
    return _ADAPTER.validate_python(found[0]) if found else None


def begin(
    blobs: Blobs, connection: str, account: str, audience: str, email: str, by: str
) -> LiveCheck:
    """Store a new live check in the place of the one before; raises ActiveError."""
    found = blobs.read_document(_name(connection))
    old = _ADAPTER.validate_python(found[0]) if found else None
    if old is not None and (not old.ended or old.names is not None):
        raise ActiveError
    new = LiveCheck(
        id=secrets.token_hex(8),
        connection=connection,
        account=account,
        audience=audience,
        mark=new_mark(),
        email=email,
        asked_by=by,
        asked_at=to_text(utc_now()),
    )
    # First: without it the tick would not come back to one that is cut off right here.
    blobs.write(f"{OPEN}{connection}", b"")
    try:
        blobs.replace_document(_name(connection), _document(new), found[1] if found else None)
    except BlobConflictError:
        raise ActiveError from None
    return new


def save(blobs: Blobs, now: LiveCheck) -> None:
    """Store how a live check is; raises SupersededError."""
    saved = False

    def changed(document: Document) -> Document | None:
        nonlocal saved
        saved = _ADAPTER.validate_python(document).id == now.id
        return _document(now) if saved else None

    blobs.update_document(_name(now.connection), changed)
    if not saved:
        raise SupersededError
    if now.ended and now.names is None:
        close(blobs, now.connection)


def close(blobs: Blobs, connection: str) -> None:
    """Note that nothing is left to be done for a connection's live check."""
    blobs.delete(f"{OPEN}{connection}")


def drop(blobs: Blobs, connection: str) -> None:
    """Drop all that is kept of a connection's live check."""
    blobs.delete(_name(connection))
    blobs.delete(lock_name(connection))
    close(blobs, connection)


def all_open(blobs: Blobs) -> Iterator[str]:
    """Yield the connections whose live check has not ended, or may have left something."""
    return (blob.name.removeprefix(OPEN) for blob in blobs.list(OPEN))


def _document(check: LiveCheck) -> Document:
    document: Document = _ADAPTER.dump_python(check, mode="json")
    return document


def _name(connection: str) -> str:
    return f"{FOLDER}{connection}.json"
