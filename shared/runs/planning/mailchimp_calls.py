"""The calls to Mailchimp that a plan makes, and what it means for the plan when one fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from shared.accounts.slots import NoSlotError
from shared.accounts.updates import Updates, fingerprint
from shared.app import App
from shared.exports.accounts import (
    Guard,
    check_account,
    learn_account,
    noting_refusal,
    remember_account,
)
from shared.exports.connection_models import StoredConnection
from shared.exports.connections import usable_connection
from shared.exports.errors import ConnectionUnusableError
from shared.exports.models import Export
from shared.exports.updates import known_updates, settle_updates
from shared.mailchimp import suppressions
from shared.mailchimp.answers import Account
from shared.mailchimp.client import MailchimpClient
from shared.mailchimp.errors import MailchimpError
from shared.mailchimp.tokens import Token
from shared.runs.connect import new_client, token_of
from shared.runs.planning.attempt import PlanningAttempt
from shared.runs.planning.waiting import SOON, RetryLaterError, as_failure

# How long a planner waits for a slot, and works at the suppression table, before it lets its
# message come back: well below the ten minutes that a platform update leaves it.
_SLOT_SECONDS = 30.0
_SUPPRESSIONS_SECONDS = 180.0


def connection_of(app: App, export: Export, guard: Guard) -> StoredConnection:
    """Return the export's connection, which is ready and knows its account."""
    try:
        return learn_account(app, usable_connection(app, export.connection), guard)
    except (ConnectionUnusableError, MailchimpError, NoSlotError) as error:
        raise as_failure(error) from None


def attempt_token(attempt: PlanningAttempt) -> Token:
    """Return the token with which an attempt begins."""
    try:
        return attempt.token
    except ConnectionUnusableError as error:
        raise as_failure(error) from None


@contextmanager
def client_of(attempt: PlanningAttempt, token: Token | None = None) -> Iterator[MailchimpClient]:
    """Give a client whose calls are made under a slot, with the token of now or with this one."""
    app, account = attempt.app, attempt.account
    try:
        token = token or token_of(app, attempt.connection.name, account)
        with (
            noting_refusal(app, attempt.connection.name, token),
            app.slots.hold(account, _SLOT_SECONDS, attempt.check_not_stopped) as slot,
            new_client(app.settings, token) as client,
        ):
            yield client.under(slot.call)
    except (ConnectionUnusableError, MailchimpError, NoSlotError) as error:
        raise as_failure(error) from None


def check_same_account(attempt: PlanningAttempt, client: MailchimpClient) -> Account:
    """Return the account; begin again when the connection's secret now leads to another one."""
    account = check_account(client.account())
    if account.account_id != attempt.account:
        remember_account(attempt.app, attempt.connection, account)
        attempt.app.board.remove_run(attempt.account, attempt.run.audience, attempt.run.id)
        raise RetryLaterError(SOON)
    return account


def updates_of(attempt: PlanningAttempt) -> Updates:
    """Return how contacts that exist are updated; a trial finds it out where it is due."""
    app, account = attempt.app, attempt.account
    known = known_updates(app, account)
    secret = attempt_token(attempt).secret
    wanted = app.settings.mailchimp_trial and known.wants_trial(fingerprint(secret))
    # A preview writes nothing to Mailchimp.
    if not wanted or attempt.run.preview:
        return known
    with client_of(attempt) as client:
        return settle_updates(app, account, attempt.run.audience, client)


def refresh_suppressions(attempt: PlanningAttempt) -> None:
    """Bring the table of protected contacts up to date; it is resumed where time runs out."""
    _refresh(attempt)


def _refresh(
    attempt: PlanningAttempt,
    kind: type[suppressions.Table] = suppressions.Table,
    *,
    additions_only: bool = False,
) -> None:
    app, account = attempt.app, attempt.account
    token = attempt_token(attempt)
    try:
        with noting_refusal(app, attempt.connection.name, token):
            result = suppressions.refresh(
                app,
                account,
                attempt.run.audience,
                lambda: new_client(app.settings, token),
                budget_seconds=_SUPPRESSIONS_SECONDS,
                slots=lambda: app.slots.hold(account, _SLOT_SECONDS, attempt.check_not_stopped),
                additions_only=additions_only,
                kind=kind,
            )
    except (ConnectionUnusableError, MailchimpError, NoSlotError) as error:
        raise as_failure(error) from None
    if not result.finished:
        raise RetryLaterError(SOON)


def read_subscribed(attempt: PlanningAttempt) -> None:
    """Find out who is subscribed: everybody the first time, then what has changed since."""
    # Long after the attempt has begun: with the token of now.
    _refresh(replace(attempt), kind=suppressions.Subscribed, additions_only=True)
