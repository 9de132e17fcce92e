"""A run's way to Mailchimp: the connection of its export, and its token."""

from shared.app import App
from shared.exports import store
from shared.exports.accounts import NEEDS_CONFIRMATION, read_token
from shared.exports.connection_models import StoredConnection
from shared.exports.errors import ConnectionUnusableError
from shared.mailchimp.client import MailchimpClient
from shared.mailchimp.tokens import Token
from shared.platform.settings import Settings


def token_of(app: App, connection: str, account: str) -> Token:
    """Return a connection's token as the vault holds it now; raises ConnectionUnusableError.

    A connection that leads to another account by now is unusable for a run of `account`: its
    slots are that account's.
    """
    token = read_token(app, _connection_of(app, connection, account))
    # What is known of the account is written before the vault has another one's token.
    _connection_of(app, connection, account)
    return token


def _connection_of(app: App, name: str, account: str) -> StoredConnection:
    found = store.load_connection(app.blobs, name)
    if found is None:
        raise ConnectionUnusableError("connection_removed", "The connection was removed.")
    connection = found[0]
    if connection.awaiting is not None:
        raise ConnectionUnusableError("connection_not_ready", NEEDS_CONFIRMATION)
    if connection.account_id not in (None, account):
        raise ConnectionUnusableError(
            "audience_not_found",
            "The connection leads to another Mailchimp account by now, which may not have this "
            "audience. Choose one of its audiences in the export.",
        )
    return connection


def new_client(settings: Settings, token: Token) -> MailchimpClient:
    """Return a client with the app's settings; its calls are made under slots."""
    return MailchimpClient(settings.mailchimp_api_url, token, settings.mailchimp_timeout)
