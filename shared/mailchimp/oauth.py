"""OAuth 2 with Mailchimp: the way from an administrator's consent to a token.

Its tokens have no scopes and do not expire; the metadata call tells the data centre they are for.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from requests import PreparedRequest

from shared.mailchimp.answers import text
from shared.mailchimp.errors import UnauthorizedError
from shared.mailchimp.tokens import Token, TokenError, oauth_token
from shared.mailchimp.wire import TokenAuth, call, new_session
from shared.platform.settings import Settings

# Somebody looks at an empty page meanwhile.
_PATIENCE = 30.0


@dataclass(frozen=True)
class Metadata:
    """Whom an access token belongs to, and the token to keep."""

    token: Token
    account_name: str
    role: str


def authorize_url(settings: Settings, state: str, redirect_uri: str) -> str:
    """Return the page where an administrator lets this product in; `state` comes back with them."""
    query = {
        "response_type": "code",
        "client_id": settings.mailchimp_client_id or "",
        "redirect_uri": redirect_uri,
        "state": state,
    }
    return f"{_login_url(settings)}/oauth2/authorize?{urlencode(query)}"


def exchange_code(settings: Settings, code: str, client_secret: str, redirect_uri: str) -> str:
    """Return the access token for the code that came back.

    Raises MailchimpError: RefusedError for a code that is wrong, used or too old,
    UnauthorizedError for a wrong client secret.
    """
    document = _call(
        settings,
        "POST",
        "/oauth2/token",
        form={
            "grant_type": "authorization_code",
            "client_id": settings.mailchimp_client_id or "",
            "client_secret": client_secret,
            "redirect_uri": redirect_uri,
            "code": code,
        },
    )
    access_token = text(document, "access_token")
    if not access_token:
        raise UnauthorizedError("Mailchimp gave no access token for the code", status=200)
    return access_token


def metadata(settings: Settings, access_token: str) -> Metadata:
    """Return what Mailchimp knows about an access token; raises MailchimpError.

    UnauthorizedError for a token that it does not know, or of an impossible data centre.
    """
    document = _call(settings, "GET", "/oauth2/metadata", auth=TokenAuth("OAuth", access_token))
    # A token that Mailchimp does not know gets a 200 as well, but no API to call.
    if not text(document, "api_endpoint"):
        raise UnauthorizedError("Mailchimp does not know the access token", status=200)
    try:
        token = oauth_token(access_token, text(document, "dc"))
    except TokenError as error:
        raise UnauthorizedError(str(error), status=200) from None
    return Metadata(token, text(document, "accountname"), text(document, "role"))


def _call(
    settings: Settings,
    method: str,
    path: str,
    **arguments: Any,  # noqa: ANN401 - handed on to wire.call
) -> dict[str, Any]:
    timeout = min(_PATIENCE, settings.mailchimp_timeout)
    with new_session() as session:
        # Without an auth of its own requests would look into ~/.netrc.
        arguments.setdefault("auth", _no_auth)
        url = _login_url(settings) + path
        return call(session, method, url, timeout=timeout, **arguments).document


def _no_auth(request: PreparedRequest) -> PreparedRequest:
    return request


def _login_url(settings: Settings) -> str:
    return settings.mailchimp_login_url.replace("{dc}", "login")
