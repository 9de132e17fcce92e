"""From a connection to its Mailchimp account: token, slots, and what the account is called."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from time import monotonic

from shared.app import App
from shared.exports import store
from shared.exports.errors import ConnectionUnusableError
from shared.mailchimp.answers import Account
from shared.mailchimp.client import MailchimpClient
from shared.mailchimp.errors import UnavailableError
from shared.mailchimp.slots import NoSlotError, hold_slot
from shared.mailchimp.tokens import Token, TokenError, parse_token
from shared.platform.blobs import Document
from shared.platform.vault import SecretUnreadableError, VaultUnreachableError

# How long a route waits for one of the account's connections.
WAIT_SECONDS = 15.0
# The host must answer within 230 s, so one call may not take as long as a lane lets it.
CALL_SECONDS = 60.0


class Reach:
    """An account that can be asked, one call at a time, while its slots are held."""

    def __init__(self, client: MailchimpClient, call: Callable[..., object]) -> None:
        self._client = client
        self._call = call

    def ask[R](self, question: Callable[[MailchimpClient], R]) -> R:
        """Make one call; raises MailchimpError."""
        answers: list[R] = []
        self._call(lambda: answers.append(question(self._client)))
        return answers[0]


def read_token(app: App, connection: Document) -> Token:
    """Return a connection's token as the vault holds it now; raises ConnectionUnusableError."""
    try:
        return parse_token(app.vault.get(connection["secret_name"], fresh=True))
    except (SecretUnreadableError, TokenError) as error:
        raise ConnectionUnusableError(
            "secret_unreadable",
            f"{error}.",
            temporary=isinstance(error, VaultUnreachableError),
        ) from None


@contextmanager
def reach(app: App, connection: Document) -> Iterator[Reach]:
    """Reach a connection's account; raises ConnectionUnusableError, NoSlotError."""
    token = read_token(app, connection)
    with reach_with(app, token, connection.get("account_id")) as account:
        yield account


@contextmanager
def reach_with(app: App, token: Token, account_id: str | None) -> Iterator[Reach]:
    """Reach the account of a token; raises NoSlotError.

    Whose token it is shows only when Mailchimp is asked. Until then it may be any account of its
    data centre, so a slot of each known one is held.
    """
    settings = app.settings
    end = monotonic() + WAIT_SECONDS
    timeout = min(settings.mailchimp_timeout, CALL_SECONDS)
    accounts = [account_id] if account_id else _possible_accounts(app, token.data_center)
    with ExitStack() as stack:
        client = stack.enter_context(MailchimpClient(settings.mailchimp_api_url, token, timeout))
        call: Callable[..., object] = _just_call
        for account in accounts:
            slot = stack.enter_context(hold_slot(app, account, max(0.0, end - monotonic())))
            if slot.busy_seconds() > max(0.0, end - monotonic()):
                raise NoSlotError
            call = partial(slot.call, call)
        yield Reach(client, call)


def learn_account(app: App, connection: Document) -> Document:
    """Return a connection that knows its account, asking Mailchimp where it doesn't yet.

    What is learnt is stored. Raises ConnectionUnusableError, NoSlotError, MailchimpError.
    """
    if connection.get("account_id"):
        return connection
    token = read_token(app, connection)
    with reach_with(app, token, None) as mailchimp:
        account = check_account(mailchimp.ask(MailchimpClient.account))
    return remember_account(app, connection, account) or {**connection, **account_members(account)}


def remember_account(app: App, connection: Document, account: Account) -> Document | None:
    """Store whose account a connection leads to; None where the connection has gone."""

    def change(stored: Document) -> Document | None:
        if stored["secret_name"] != connection["secret_name"]:
            return None
        return stored | account_members(account)

    return app.blobs.update_document(f"{store.CONNECTIONS}{connection['name']}.json", change)


def account_members(account: Account) -> Document:
    """Return what a connection's document holds of its account."""
    return {
        "account_id": account.account_id,
        "account_name": account.name,
        "data_center": account.data_center,
    }


def check_account(account: Account) -> Account:
    """Return an account whose id can be part of a blob's name; raises UnavailableError."""
    if not re.fullmatch(r"[0-9A-Za-z]{1,64}", account.account_id):
        raise UnavailableError("the answer names no account")
    return account


def _possible_accounts(app: App, data_center: str) -> list[str]:
    known = {
        connection["account_id"]
        for connection in store.list_connections(app.blobs)
        if connection.get("account_id") and connection.get("data_center") == data_center
    }
    # In one order, so that two of these never wait for each other.
    return [f"unknown-{data_center}", *sorted(known)]


def _just_call(function: Callable[[], object]) -> object:
    return function()
