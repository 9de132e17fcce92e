"""From a connection to its Mailchimp account: token, slots, and what the account is called."""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http import HTTPStatus
from time import monotonic

from shared.accounts.slots import NoSlotError
from shared.accounts.updates import fingerprint
from shared.app import App
from shared.exports import store
from shared.exports.connection_models import KnownAccount, StoredConnection
from shared.exports.errors import ConnectionUnusableError
from shared.mailchimp.answers import Account
from shared.mailchimp.client import MailchimpClient
from shared.mailchimp.errors import UnauthorizedError, UnavailableError
from shared.mailchimp.tokens import Token, TokenError, parse_token
from shared.platform import log
from shared.platform.vault import SecretUnreadableError, VaultUnreachableError

Guard = Callable[[], None]
# How long one waits for connections of the account.
WAIT_SECONDS = 15.0
NEEDS_CONFIRMATION = (
    "The connection was signed in with another Mailchimp account than before. "
    "An administrator can confirm it."
)
# The host must answer within 230 s, so one call may not take as long as a lane lets it.
CALL_SECONDS = 60.0


class AccountSession:
    """An account that can be asked, one call at a time, while its slots are held.

    `connection` is the one that led here, as it is stored now; None where only a token did.
    """

    def __init__(
        self,
        app: App,
        client: MailchimpClient,
        stack: ExitStack,
        guard: Guard | None,
        *,
        for_people: bool,
    ) -> None:
        self.connection: StoredConnection | None = None
        # Makes each call under all slots that are held.
        self.client = client
        self._stack = stack
        self._guard = guard
        self._hold = app.slots.hold_for_people if for_people else app.slots.hold
        self._end = monotonic() + WAIT_SECONDS
        self._held: set[str] = set()
        self._call: Callable[..., object] | None = None

    def hold(self, account: str) -> None:
        """Make the calls under a slot of this account, too; raises NoSlotError."""
        if account in self._held:
            return
        slot = self._stack.enter_context(self._hold(account, self._left(), self._guard))
        if slot.busy_seconds() > self._left():
            raise NoSlotError
        self._held.add(account)
        self._call = partial(slot.call, self._call) if self._call else slot.call
        self.client = self.client.under(self._call)

    def _left(self) -> float:
        """Return how many seconds may still be waited, for all slots together."""
        return max(0.0, self._end - monotonic())


def read_token(app: App, connection: StoredConnection) -> Token:
    """Return a connection's token as the vault holds it now; raises ConnectionUnusableError."""
    try:
        return parse_token(app.vault.get(connection.secret_name, fresh=True))
    except (SecretUnreadableError, TokenError) as error:
        raise ConnectionUnusableError(
            "secret_unreadable",
            f"{error}.",
            temporary=isinstance(error, VaultUnreachableError),
        ) from None


@contextmanager
def open_account(
    app: App, connection: StoredConnection, guard: Guard | None = None, *, for_people: bool
) -> Iterator[AccountSession]:
    """Reach a connection's account, and learn and store which it is where that isn't known yet.

    for_people: a person waits for the answer; the calls are made under the slot for people.
    An account that waits to be confirmed is not reached.
    `guard` is called before each call and may raise. Raises ConnectionUnusableError, NoSlotError,
    and MailchimpError where the account has to be learnt.
    """
    _check_confirmed(connection)
    token = read_token(app, connection)
    account_id = connection.account_id
    with (
        noting_refusal(app, connection.name, token),
        open_account_with(app, token, account_id, guard, for_people=for_people) as mailchimp,
    ):
        if not connection.account_id:
            account = check_account(mailchimp.client.account())
            # Once it is stored others call it as well, under its own slots.
            mailchimp.hold(account.account_id)
            stored = remember_account(app, connection, account)
            connection = stored or with_account(connection, account)
            _check_confirmed(connection)
        mailchimp.connection = connection
        yield mailchimp


@contextmanager
def open_account_with(
    app: App,
    token: Token,
    account_id: str | None,
    guard: Guard | None = None,
    *,
    for_people: bool,
) -> Iterator[AccountSession]:
    """Reach the account of a token, as `open_account` does; raises NoSlotError.

    Whose token it is shows only when Mailchimp is asked. Until then it may be any account of its
    data centre, so a slot of each known one is held.
    """
    settings = app.settings
    timeout = min(settings.mailchimp_timeout, CALL_SECONDS)
    with ExitStack() as stack:
        client = stack.enter_context(MailchimpClient(settings.mailchimp_api_url, token, timeout))
        mailchimp = AccountSession(app, client, stack, guard, for_people=for_people)
        for account in [account_id] if account_id else _possible_accounts(app, token.data_center):
            mailchimp.hold(account)
        yield mailchimp


@contextmanager
def noting_refusal(app: App, connection: str, token: Token) -> Iterator[None]:
    """Keep that Mailchimp refuses a connection's token in the block: it is broken from then on."""
    try:
        yield
    except UnauthorizedError as error:
        if error.status == HTTPStatus.UNAUTHORIZED:
            note_refused(app, connection, token)
        raise


def note_refused(app: App, connection: str, token: Token) -> None:
    """Keep that Mailchimp refuses a connection's token."""
    mark = fingerprint(token.secret)

    def change(stored: StoredConnection) -> StoredConnection | None:
        known = stored.refused_token == mark
        return None if known else stored.model_copy(update={"refused_token": mark})

    store.change_connection(app.blobs, connection, change)
    reason = UnauthorizedError.code
    log.event("connection_broken", level=logging.WARNING, connection=connection, reason=reason)


def is_refused(connection: StoredConnection, token: Token) -> bool:
    """Return whether Mailchimp has refused this token, and nobody has verified it since."""
    return connection.refused_token == fingerprint(token.secret)


def learn_account(app: App, connection: StoredConnection, guard: Guard) -> StoredConnection:
    """Return a connection that knows its account, asking Mailchimp where it doesn't yet.

    Raises what `open_account` raises.
    """
    if connection.account_id:
        return connection
    with open_account(app, connection, guard, for_people=False) as mailchimp:
        return mailchimp.connection or connection


def remember_account(
    app: App, connection: StoredConnection, account: Account
) -> StoredConnection | None:
    """Store whose account a connection leads to; None where the connection has gone.

    Another one than before waits to be confirmed.
    """

    def change(stored: StoredConnection) -> StoredConnection | None:
        same = stored.secret_name == connection.secret_name
        return with_account(stored, account) if same else None

    return store.change_connection(app.blobs, connection.name, change)


def forget_account(app: App, connection: StoredConnection) -> None:
    """Put back which account a connection leads to: the vault has not taken the other's token."""

    def change(stored: StoredConnection) -> StoredConnection | None:
        known = {*KnownAccount.model_fields, "awaiting", "account_before", "refused_token"}
        was = {member: getattr(connection, member) for member in known}
        same = stored.secret_name == connection.secret_name
        return stored.model_copy(update=was) if same else None

    store.change_connection(app.blobs, connection.name, change)


def with_account(connection: StoredConnection, account: Account) -> StoredConnection:
    """Return a connection that knows which account its token leads to."""
    now = KnownAccount(
        account_id=account.account_id, account_name=account.name, data_center=account.data_center
    )
    known = connection.account
    if known is None or known.account_id == now.account_id:
        return _leading_to(connection, now, None)
    return _leading_to(connection, known, now)


def confirmed(connection: StoredConnection) -> StoredConnection:
    """Return a connection that may send to the account that it waited with."""
    awaited = connection.awaiting
    return _leading_to(connection, awaited, None) if awaited else connection


def _leading_to(
    connection: StoredConnection, account: KnownAccount, awaiting: KnownAccount | None
) -> StoredConnection:
    known = {**account.model_dump(), "awaiting": awaiting}
    # Mailchimp has just told whose the token is.
    return connection.model_copy(update={**known, "account_before": None, "refused_token": None})


def _check_confirmed(connection: StoredConnection) -> None:
    if connection.awaiting is not None:
        raise ConnectionUnusableError("connection_not_ready", NEEDS_CONFIRMATION)


def check_account(account: Account) -> Account:
    """Return an account whose id can be part of a blob's name; raises UnavailableError."""
    if not re.fullmatch(r"[0-9A-Za-z]{1,64}", account.account_id):
        raise UnavailableError("the answer names no account")
    return account


def _possible_accounts(app: App, data_center: str) -> list[str]:
    known = {
        account.account_id
        for connection in store.list_connections(app.blobs)
        for account in (connection.account, connection.awaiting)
        if account is not None and account.data_center == data_center
    }
    # In one order, so that two of these never wait for each other.
    return [f"unknown-{data_center}", *sorted(known)]
