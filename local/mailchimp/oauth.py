"""login.mailchimp.com: the pages and calls of OAuth 2, without scopes and refresh tokens."""

import html
import uuid
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import orjson
from aiohttp import web

from .accounts import Account, token_in
from .world import World


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code stands for; it is good for one exchange."""

    client_id: str
    redirect_uri: str
    account: Account


class Login:
    """Answers `/oauth2/...`.

    The person at the screen belongs to the account in `world.oauth_account`, else to the first.
    Without registered clients any client id and secret will do.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._grants: dict[str, Grant] = {}

    async def __call__(self, request: web.BaseRequest, page: str) -> web.Response:
        """Answer one request."""
        match request.method, page:
            case ("GET", "authorize") | ("POST", "authorize"):
                return self._authorize(request)
            case "POST", "token":
                return self._token(dict(parse_qsl((await request.read()).decode())))
            case "GET", "metadata":
                return self._metadata(request.headers.get("Authorization", ""))
            case _:
                return web.Response(status=404)

    def _authorize(self, request: web.BaseRequest) -> web.Response:
        query = request.query
        client_id, back = query.get("client_id", ""), query.get("redirect_uri", "")
        if query.get("response_type") != "code" or not self._known(client_id, back):
            return web.Response(status=400, text="<html><body>Invalid client</body></html>")
        consent = self._world.switches.oauth_consent
        if consent == "page" and request.method == "GET":
            return _page(request)
        state = {"state": query["state"]} if "state" in query else {}
        if consent == "deny":
            return _redirect(back, {"error": "access_denied"} | state)
        account = self._account()
        if account is None:
            return web.Response(status=400, text="<html><body>No account</body></html>")
        code = uuid.uuid4().hex
        self._grants[code] = Grant(client_id, back, account)
        return _redirect(back, {"code": code} | state)

    def _account(self) -> Account | None:
        accounts = self._world.logins.accounts
        chosen = self._world.oauth_account
        return accounts.get(chosen) or next(iter(accounts.values()), None)

    def _known(self, client_id: str, redirect_uri: str) -> bool:
        clients = self._world.oauth_clients
        if not clients:
            return bool(client_id and redirect_uri)
        client = clients.get(client_id)
        return client is not None and redirect_uri in client.redirect_uris

    def _token(self, form: dict[str, str]) -> web.Response:
        client = self._world.oauth_clients.get(form.get("client_id", ""))
        if self._world.oauth_clients and (
            client is None or client.secret != form.get("client_secret")
        ):
            return _error(401, "invalid_client", "Unknown client or wrong secret")
        if form.get("grant_type") != "authorization_code":
            return _error(400, "unsupported_grant_type", "Only authorization_code is known")
        grant = self._grants.pop(form.get("code", ""), None)
        if (
            grant is None
            or grant.client_id != form.get("client_id")
            or grant.redirect_uri != form.get("redirect_uri")
        ):
            return _error(400, "invalid_grant", "The code is unknown, used or not yours")
        token = uuid.uuid4().hex
        self._world.add_login(grant.account, token, "owner", "admin")
        return _json({"access_token": token, "expires_in": 0, "scope": None})

    def _metadata(self, authorization: str) -> web.Response:
        login = self._world.logins.by_token(token_in(authorization) or "")
        if login is None:
            # Read in production code: a token that nobody knows gets a 200 all the same.
            return _json({"error": "invalid_token", "error_description": "Invalid token"})
        account = login.account
        return _json(
            {
                "dc": account.dc,
                "role": login.role,
                "accountname": account.name,
                "user_id": account.id,
                "login": {
                    "email": "owner@account.invalid",
                    "avatar": None,
                    "login_id": login.user_id,
                    "login_name": login.user_id,
                    "login_email": "owner@account.invalid",
                },
                "login_url": "https://login.mailchimp.com",
                "api_endpoint": self._world.switches.oauth_api_endpoint.format(dc=account.dc),
            }
        )


def _page(request: web.BaseRequest) -> web.Response:
    action = html.escape(str(request.rel_url), quote=True)
    text = (
        "<html><head><title>Mailchimp</title></head><body><h1>Allow access?</h1>"
        f'<form method="post" action="{action}"><button>Allow</button></form></body></html>'
    )
    return web.Response(text=text, content_type="text/html")


def _redirect(back: str, values: dict[str, str]) -> web.Response:
    parts = urlsplit(back)
    query = urlencode(parse_qsl(parts.query) + list(values.items()))
    location = urlunsplit(parts._replace(query=query))
    return web.Response(status=302, headers={"Location": location})


def _json(body: dict[str, object], status: int = 200) -> web.Response:
    return web.Response(
        status=status, body=orjson.dumps(body), content_type="application/json", charset="utf-8"
    )


def _error(status: int, error: str, text: str) -> web.Response:
    return _json({"error": error, "error_description": text}, status)
