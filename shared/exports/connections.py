"""Connections: whether they can be used, what one sees of them, consent and its withdrawal."""

import logging
from collections.abc import Mapping
from typing import Any

from shared.app import App
from shared.exports import store
from shared.exports.access import Caller, Role, may_use
from shared.exports.accounts import read_token
from shared.exports.errors import ConnectionUnusableError
from shared.exports.models import Connection, Consent
from shared.exports.terms import terms_version
from shared.mailchimp.tokens import TokenError, parse_token
from shared.platform import log
from shared.platform.blobs import Document
from shared.platform.clock import to_text, utc_now
from shared.platform.vault import SecretUnreadableError

_ACCOUNT_MEMBERS = ("account_id", "account_name", "data_center")
_REASONS = {
    "needs_consent": (
        "The data privacy terms are not accepted for this connection. "
        "An administrator can accept them."
    ),
    "needs_token": "The connection has no Mailchimp token yet. An administrator can give it one.",
    "broken": (
        "The connection's Mailchimp token can't be read. "
        "Ask an administrator to verify the connection."
    ),
}


class TermsVersionError(ValueError):
    """Consent was given to a version of the terms that is not the current one."""


def status_of(app: App, connection: Document, *, fresh: bool = False) -> str:
    """Return `ready`, `needs_consent`, `needs_token` or `broken`.

    `fresh` asks the vault although it has answered within the last minute.
    """
    if not connection["consent"]["accepted"]:
        return "needs_consent"
    try:
        parse_token(app.vault.get(connection["secret_name"], fresh=fresh))
    except SecretUnreadableError as error:
        # A secret that was there once, or that the vault keeps from us, is a fault.
        never_set = not connection.get("account_id") and str(error).startswith("there is no")
        return "needs_token" if never_set else "broken"
    except TokenError:
        return "broken"
    return "ready"


def usable_connection(app: App, name: str | None) -> Document:
    """Return a connection that is ready; raises ConnectionUnusableError."""
    found = store.load_connection(app.blobs, name) if name else None
    if found is None:
        raise ConnectionUnusableError(
            "connection_missing", "The export has no connection. Choose one."
        )
    connection = found[0]
    status = status_of(app, connection)
    if status == "broken":
        try:
            # Says what is wrong, and whether it may pass; it may have passed already.
            read_token(app, connection)
        except ConnectionUnusableError as error:
            if not error.temporary:
                reason = error.code
                log.event(
                    "connection_broken", level=logging.WARNING, connection=name, reason=reason
                )
            raise
    elif status != "ready":
        raise ConnectionUnusableError("connection_not_ready", _REASONS[status])
    return connection


def why_unusable(status: str) -> str:
    """Return a sentence for people about a status other than `ready`."""
    return _REASONS[status]


def shown(app: App, connection: Document, caller: Caller) -> Document | None:
    """Return what a caller sees of a connection, None for nothing."""
    if caller.may(Role.ADMINISTRATOR):
        return connection | {"status": status_of(app, connection, fresh=True)}
    if may_use(caller, connection):
        return {key: connection[key] for key in ("name", "display_name", "type")}
    return None


def merged(given: Connection, stored: Mapping[str, Any] | None, caller: Caller) -> Document:
    """Return the document to store for what a caller has put; raises TermsVersionError."""
    now = to_text(utc_now())
    before = stored or {}
    document: Document = {
        "name": given.name,
        "display_name": given.display_name,
        "type": "mailchimp",
        "shared_with": given.shared_with,
        "secret_name": given.secret_name,
        "consent": _consent(given.consent, before.get("consent"), caller, now),
    }
    # Another secret may lead to another account, which is learnt anew.
    same_secret = before.get("secret_name") == given.secret_name
    for member in _ACCOUNT_MEMBERS:
        document[member] = before.get(member) if same_secret else None
    return document | {
        "created_by": before.get("created_by", caller.name),
        "created_at": before.get("created_at", now),
        "updated_by": caller.name,
        "updated_at": now,
    }


def withdrawn(connection: Document, caller: Caller) -> Document:
    """Return a connection without consent, so that nothing starts on it any more."""
    now = to_text(utc_now())
    consent = _consent(Consent(accepted=False), connection["consent"], caller, now)
    return connection | {"consent": consent}


def _consent(
    given: Consent | None, stored: Mapping[str, Any] | None, caller: Caller, now: str
) -> Document:
    before = dict(stored or {"accepted": False})
    if given is None:
        return before
    if not given.accepted:
        if not before["accepted"]:
            return before
        return before | {"accepted": False, "withdrawn_by": caller.name, "withdrawn_at": now}
    current = terms_version()
    agreed = before.get("terms_version") if before["accepted"] else None
    if given.terms_version not in (None, current, agreed):
        raise TermsVersionError(f"is not the current version, {current}")
    if agreed is not None and given.terms_version in (None, agreed):
        return before
    return {
        "accepted": True,
        "accepted_by": caller.name,
        "accepted_at": now,
        "terms_version": current,
    }
