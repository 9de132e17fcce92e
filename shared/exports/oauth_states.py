"""Sign-ins with Mailchimp under way, each known by a state that works once.

A state is 256 random bits; the app keeps its hash only, so that neither a listing nor a backup of
the storage opens a connection. Being unguessable it needs no signature besides.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from shared.exports import store
from shared.exports.connection_models import StoredConnection
from shared.platform.blobs import BlobConflictError, Blobs
from shared.platform.clock import from_text, to_text, utc_now

LIFETIME = timedelta(minutes=15)
_FOLDER = f"{store.CONNECTIONS}states/"


@dataclass(frozen=True)
class SignIn:
    """Which connection somebody signs in for, and where Mailchimp sends them back to."""

    connection: str
    connection_created_at: str
    redirect_uri: str
    caller_id: str


def create_state(
    blobs: Blobs, connection: StoredConnection, redirect_uri: str, caller_id: str
) -> str:
    """Store a sign-in and return its state; forgets those that have expired."""
    _sweep(blobs)
    state = secrets.token_urlsafe(32)
    document = {
        "connection": connection.name,
        # A connection created anew under the same name is another one.
        "connection_created_at": connection.created_at,
        "redirect_uri": redirect_uri,
        "caller_id": caller_id,
        "expires_at": to_text(utc_now() + LIFETIME),
    }
    blobs.create_document(_path(state), document)
    return state


def use_state(blobs: Blobs, state: str) -> SignIn | None:
    """Return the sign-in of a state and end it; None for one unknown, used before or expired."""
    found = blobs.read_document(_path(state))
    if found is None:
        return None
    document, etag = found
    try:
        # Of two that come at once only one deletes it.
        if not blobs.delete(_path(state), etag):
            return None
    except BlobConflictError:
        return None
    if from_text(document.pop("expires_at")) <= utc_now():
        return None
    return SignIn(**document)


def _sweep(blobs: Blobs) -> None:
    for info in blobs.list(_FOLDER):
        if info.modified + 2 * LIFETIME < utc_now():
            blobs.delete(info.name)


def _path(state: str) -> str:
    return f"{_FOLDER}{hashlib.sha256(state.encode()).hexdigest()}.json"
