"""The pages of App Service Authentication below /.auth/: signing in as whom one likes, and out.

A session lives in this process, under a cookie that names it and says nothing: eight hours, as the
platform's, and never longer for being used.
"""

import html
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

from aiohttp import web

PREFIX = "/.auth/"
COOKIE = "AppServiceAuthSession"
_SECONDS = 8 * 3600
_LOGIN, _LOGOUT = f"{PREFIX}login/aad", f"{PREFIX}logout"
_DONE = f"{PREFIX}login/done"
_ROLES = ("Exports.Administrator", "Exports.Contributor", "Exports.Viewer")
_NOBODY = ("", "no role")
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Sign in</title></head>
<body><main><h1>Sign in</h1><p>This stands in for Microsoft Entra, on this machine only.</p>
<form method="post"><p><label>Name <input name="name" value="ada@contoso.com" required></label></p>
<fieldset><legend>Role</legend>{roles}</fieldset><p><button>Sign in</button></p></form>
</main></body></html>"""


@dataclass(frozen=True)
class Person:
    """Who is signed in."""

    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class SignIn:
    """The sessions of one host."""

    sessions: dict[str, tuple[Person, float]] = field(default_factory=dict)

    def person(self, cookies: str) -> Person | None:
        """Return who has the session of a Cookie header; None where it has ended or is none."""
        try:
            given = SimpleCookie(cookies).get(COOKIE)
        except CookieError:
            return None
        person, end = self.sessions.get(given.value if given else "", (None, 0.0))
        return person if time.time() < end else None

    async def answer(
        self, request: web.BaseRequest, path: str, query: Mapping[str, str]
    ) -> web.Response:
        """Answer a request below /.auth/; the token store is off, so there is no /.auth/me."""
        match request.method, path.rstrip("/"):
            case "GET", login if login == _LOGIN:
                return web.Response(text=_page(), content_type="text/html")
            case "POST", login if login == _LOGIN:
                return self._enter(await request.post(), query)
            case "GET", logout if logout == _LOGOUT:
                return self._leave(request, query)
            case "GET", done if done == _DONE:
                return web.Response(text="You have signed in.")
            case _:
                return web.Response(status=404)

    def _enter(self, given: Mapping[str, object], query: Mapping[str, str]) -> web.Response:
        name, role = str(given.get("name", "")).strip(), str(given.get("role", ""))
        if not name or role not in (*_ROLES, ""):
            return web.Response(status=400)
        session = secrets.token_urlsafe(32)
        person = Person(name, (role,) if role else ())
        self.sessions[session] = person, time.time() + _SECONDS
        answer = _to(query.get("post_login_redirect_uri", ""))
        answer.set_cookie(COOKIE, session, path="/", httponly=True, samesite="Lax")
        return answer

    def _leave(self, request: web.BaseRequest, query: Mapping[str, str]) -> web.Response:
        self.sessions.pop(request.cookies.get(COOKIE, ""), None)
        answer = _to(query.get("post_logout_redirect_uri", ""))
        answer.del_cookie(COOKIE, path="/")
        return answer


def _page() -> str:
    choices = [(role, role.removeprefix("Exports.")) for role in _ROLES] + [_NOBODY]
    return _PAGE.format(
        roles="".join(
            f'<label><input type="radio" name="role" value="{html.escape(role)}"'
            f"{' checked' if not number else ''}> {html.escape(shown)}</label> "
            for number, (role, shown) in enumerate(choices)
        )
    )


def _to(path: str) -> web.Response:
    """Lead to a path of this host, never to another's."""
    own = path.startswith("/") and not path.startswith(("//", "/\\"))
    return web.Response(status=302, headers={"Location": path if own else _DONE})
