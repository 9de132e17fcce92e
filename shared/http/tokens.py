"""The routes that give a connection its token: by API key, or by signing in with Mailchimp.

A token goes into the vault and nowhere else; no route gives it back.
"""

import html
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.accounts.slots import NoSlotError
from shared.app import App
from shared.exports import accounts, oauth_states, store
from shared.exports.access import Caller
from shared.exports.connection_models import StoredConnection
from shared.http import audit, inputs, problems
from shared.http.connections import find
from shared.http.console import POLICY, SCRIPT, asset_url
from shared.http.messages import Request, Response
from shared.http.problems import FieldError, ProblemError
from shared.mailchimp import oauth
from shared.mailchimp.answers import Account
from shared.mailchimp.errors import (
    BlockedError,
    MailchimpError,
    NoDataCenterError,
    RefusedError,
    RetryError,
    StopError,
)
from shared.mailchimp.tokens import Token, TokenError, oauth_secret, parse_token
from shared.platform import log
from shared.platform.own_address import own_address
from shared.platform.vault import SecretUnreadableError


class ApiKey(BaseModel):
    """A Mailchimp API key, `<hex>-us21`."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    api_key: Annotated[str, Field(min_length=1, max_length=1024)]


def put_token(app: App, request: Request) -> Response:
    """Keep an API key in the vault once Mailchimp has accepted it."""
    connection, _ = find(app, request)
    text = inputs.read(ApiKey, request.document()).api_key.strip()
    try:
        token = parse_token(text)
    except TokenError as error:
        raise problems.invalid([FieldError("api_key", str(error), "malformed")]) from None
    try:
        account = _ask_account(app, token)
    except MailchimpError as error:
        wrong = wrong_with_key(error, token)
        if wrong is None:
            raise
        raise problems.invalid([wrong]) from None
    _keep(app, connection, text, account, request.caller)
    return Response(204)


def authorize(app: App, request: Request) -> Response:
    """Return where an administrator signs in with Mailchimp for this connection."""
    connection, _ = find(app, request)
    if not app.settings.mailchimp_client_id or not app.settings.mailchimp_client_secret_name:
        raise problems.conflict(
            "oauth_not_configured",
            "Signing in with Mailchimp is not set up",
            "MAILCHIMP_CLIENT_ID and MAILCHIMP_CLIENT_SECRET_NAME are not set; use an API key.",
        )
    address = own_address(app.settings, request.url)
    if address is None:
        raise problems.conflict(
            "oauth_not_configured",
            "Signing in with Mailchimp is not set up",
            "The platform does not say the app's address (WEBSITE_HOSTNAME); use an API key.",
        )
    redirect_uri = f"{address}/api/oauth/callback"
    state = oauth_states.create_state(app.blobs, connection, redirect_uri, request.caller.id)
    url = oauth.authorize_url(app.settings, state, redirect_uri)
    audit.record(request.caller, "sign_in_started", connection.name)
    return Response(document={"authorize_url": url})


def callback(app: App, request: Request) -> Response:
    """Take the browser back from Mailchimp; nothing but the state is believed."""
    sign_in = oauth_states.use_state(app.blobs, request.query.get("state", ""))
    found = store.load_connection(app.blobs, sign_in.connection) if sign_in else None
    if sign_in is None or found is None or found[0].created_at != sign_in.connection_created_at:
        return _page(400, "expired", "This sign-in is unknown, was used before or has expired.")
    code = request.query.get("code")
    if not code:
        return _page(400, "refused", "Mailchimp did not let this app in. Start the sign-in again.")
    try:
        token, account = _exchange(app, code, sign_in.redirect_uri)
        other = accounts.with_account(found[0], account).awaiting is not None
        caller = Caller(sign_in.caller_id, sign_in.caller_id, request.caller.role)
        _keep(app, found[0], oauth_secret(token), account, caller)
    except (StopError, RefusedError, BlockedError) as error:
        text = f"Mailchimp refuses this sign-in: {error.said.rstrip('.')}. Start it again."
        return _page(400, "refused", text)
    except (RetryError, NoSlotError):
        return _page(
            503, "unavailable", "Mailchimp does not answer. Start the sign-in again later."
        )
    except (SecretUnreadableError, ProblemError) as error:
        log.failure("sign_in_failed", error, connection=sign_in.connection)
        return _page(
            503, "unavailable", "The vault does not answer. Start the sign-in again later."
        )
    text = f"Mailchimp is connected, account {account.name}. You can close this page."
    if other:
        text += " It is another account than before: an administrator has to confirm it."
    return _page(200, "ok", text)


def wrong_with_key(error: MailchimpError, token: Token) -> FieldError | None:
    """Return what an error says of a key; None where it says nothing, and asking later may help."""
    match error:
        case StopError():
            code = error.code
        case BlockedError():
            code = "mailchimp_denied"
        case RefusedError():
            code = "mailchimp_refused"
        case NoDataCenterError():
            dc = token.data_center
            text = f"Mailchimp's data centre {dc}, which the key names, is not found"
            return FieldError("api_key", text, "data_center_unknown", {"data_center": dc})
        case _:
            return None
    return FieldError("api_key", error.told, code, {"said": error.said})


def _exchange(app: App, code: str, redirect_uri: str) -> tuple[Token, Account]:
    secret = app.vault.get(app.settings.mailchimp_client_secret_name or "").strip()
    access_token = oauth.exchange_code(app.settings, code, secret, redirect_uri)
    token = oauth.metadata(app.settings, access_token).token
    return token, _ask_account(app, token)


def _ask_account(app: App, token: Token) -> Account:
    with accounts.open_account_with(app, token, None, for_people=True) as mailchimp:
        return accounts.check_account(mailchimp.client.account())


def _keep(
    app: App, connection: StoredConnection, secret: str, account: Account, caller: Caller
) -> None:
    # First, so that nobody takes the new token for one of the account before.
    accounts.remember_account(app, connection, account)
    try:
        app.vault.set(connection.secret_name, secret)
    except SecretUnreadableError as error:
        accounts.forget_account(app, connection)
        raise problems.conflict("vault_refused", "The vault refuses", f"{error}.") from None
    # Whoever has the link to sign in may do so with an account of theirs: here it shows.
    before = connection.account
    old = before.account_id if before else None
    audit.act(caller, "token_set", connection.name, account=account.account_id, account_before=old)


def _page(status: int, result: str, text: str) -> Response:
    """Say how it ended: to people, and by the console's script to the window that waits."""
    script = asset_url(SCRIPT)
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="result" content="{result}">'
        + (f'<script type="module" src="{script}"></script>' if script else "")
        + "<title>Segment export</title></head><body><p>"
        + html.escape(text)
        + "</p></body></html>"
    )
    return Response(status, body=page.encode(), content_type="text/html", headers=POLICY)
