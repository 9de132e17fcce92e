"""A run's way to Mailchimp: the connection of its export, and its token."""

from shared.app import App
from shared.exports import store
from shared.exports.accounts import read_token
from shared.exports.errors import ConnectionUnusableError
from shared.mailchimp.client import MailchimpClient
from shared.mailchimp.tokens import Token
from shared.platform.settings import Settings


def token_of(app: App, connection: str, account: str) -> Token:
    """Return a connection's token as the vault holds it now; raises ConnectionUnusableError.

    A connection that leads to another account by now is unusable for a run of `account`: its
    slots are that account's.
    """
    found = store.load_connection(app.blobs, connection)
    if found is None:
        raise ConnectionUnusableError("connection_removed", "The connection was removed.")
    if found[0].account_id not in (None, account):
        raise ConnectionUnusableError(
            "audience_not_found",
            "The connection leads to another Mailchimp account by now, which may not have this "
            "audience. Choose one of its audiences in the export.",
        )
    return read_token(app, found[0])


def new_client(settings: Settings, token: Token) -> MailchimpClient:
    """Return a client with the app's settings; its calls are made under slots."""
    return MailchimpClient(settings.mailchimp_api_url, token, settings.mailchimp_timeout)
