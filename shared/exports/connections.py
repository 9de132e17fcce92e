"""Connections: whether they can be used, what one sees of them, consent and its withdrawal."""

import logging
from typing import Literal

from shared.app import App
from shared.exports import store
from shared.exports.access import Caller
from shared.exports.accounts import NEEDS_CONFIRMATION, is_refused, read_token
from shared.exports.connection_models import Connection, Consent, StoredConnection, StoredConsent
from shared.exports.errors import ConnectionUnusableError
from shared.exports.terms import terms_version
from shared.mailchimp.tokens import TokenError, parse_token
from shared.platform import log
from shared.platform.clock import to_text, utc_now
from shared.platform.vault import SecretMissingError, SecretUnreadableError

Status = Literal["ready", "needs_consent", "needs_token", "needs_confirmation", "broken"]
_REASONS = {
    "needs_consent": (
        "The data privacy terms are not accepted for this connection. "
        "An administrator can accept them."
    ),
    "needs_token": "The connection has no Mailchimp token yet. An administrator can give it one.",
    "needs_confirmation": NEEDS_CONFIRMATION,
    "broken": (
        "The connection's Mailchimp token can't be read, or Mailchimp refuses it. "
        "Ask an administrator to verify the connection."
    ),
}


class TermsVersionError(ValueError):
    """Consent was given to a version of the terms that is not the current one."""


class ConsentWithdrawnError(ValueError):
    """Consent was withdrawn, and what asks for it again may be an old copy of the document."""


def status_of(app: App, connection: StoredConnection, *, fresh: bool = False) -> Status:
    """Return whether a connection can be used, or what it lacks.

    `fresh` asks the vault although it has answered within the last minute.
    """
    if not connection.consent.accepted:
        return "needs_consent"
    try:
        token = parse_token(app.vault.get(connection.secret_name, fresh=fresh))
    except SecretMissingError:
        # A secret that was there once is a fault.
        return "broken" if connection.account_id else "needs_token"
    except (SecretUnreadableError, TokenError):
        return "broken"
    if is_refused(connection, token):
        return "broken"
    return "needs_confirmation" if connection.awaiting else "ready"


def usable_connection(app: App, name: str | None) -> StoredConnection:
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
            token = read_token(app, connection)
        except ConnectionUnusableError as error:
            if not error.temporary:
                reason = error.code
                log.event(
                    "connection_broken", level=logging.WARNING, connection=name, reason=reason
                )
            raise
        if is_refused(connection, token):
            raise ConnectionUnusableError("connection_not_ready", _REASONS[status])
    elif status != "ready":
        raise ConnectionUnusableError("connection_not_ready", _REASONS[status])
    return connection


def why_unusable(status: Status) -> str:
    """Return a sentence for people about a status other than `ready`."""
    return _REASONS[status]


def merged(
    given: Connection, before: StoredConnection | None, caller: Caller, *, deliberate: bool = True
) -> StoredConnection:
    """Return what to store for what a caller has put over `before`.

    deliberate: the caller has seen that consent was withdrawn, or writes consent anew; what was
        read before the withdrawal and is sent back must not undo it.
    Raises TermsVersionError and ConsentWithdrawnError.
    """
    now = to_text(utc_now())
    stored = before.consent if before else StoredConsent(accepted=False)
    if stored.withdrawn_at and given.consent and given.consent.accepted and not deliberate:
        raise ConsentWithdrawnError
    # Another secret may lead to another account, which is learnt anew.
    same = before if before and before.secret_name == given.secret_name else None
    return StoredConnection(
        name=given.name,
        display_name=given.display_name,
        shared_with=given.shared_with,
        secret_name=given.secret_name,
        consent=_consent(given.consent, stored, caller, now),
        webhooks=given.webhooks,
        exclusive_user=given.exclusive_user,
        plan_size=given.plan_size,
        block_size=given.block_size,
        block_price=given.block_price,
        account_id=same.account_id if same else None,
        account_name=same.account_name if same else None,
        data_center=same.data_center if same else None,
        awaiting=same.awaiting if same else None,
        refused_token=same.refused_token if same else None,
        account_before=same.account_before if same else before.account if before else None,
        created_by=before.created_by if before else caller.name,
        created_at=before.created_at if before else now,
        updated_by=caller.name,
        updated_at=now,
    )


def withdrawn(connection: StoredConnection, caller: Caller) -> StoredConnection:
    """Return a connection without consent, so that nothing starts on it any more."""
    consent = _consent(Consent(accepted=False), connection.consent, caller, to_text(utc_now()))
    return connection.model_copy(update={"consent": consent})


def _consent(
    given: Consent | None, before: StoredConsent, caller: Caller, now: str
) -> StoredConsent:
    if given is None:
        return before
    if not given.accepted:
        if not before.accepted:
            return before
        taken_back = {"accepted": False, "withdrawn_by": caller.name, "withdrawn_at": now}
        return before.model_copy(update=taken_back)
    current = terms_version()
    agreed = before.terms_version if before.accepted else None
    if given.terms_version not in (None, current, agreed):
        raise TermsVersionError(f"is not the current version, {current}")
    if agreed is not None and given.terms_version in (None, agreed):
        return before
    return StoredConsent(
        accepted=True,
        accepted_by=caller.name,
        accepted_at=now,
        terms_version=current,
        terms_language=given.terms_language or "en",
    )
