"""Who calls, as far as that is certain, and whether a browser was led to call."""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from shared.exports import access
from shared.exports.access import Caller, Role
from shared.http import problems
from shared.http.route import Route

if TYPE_CHECKING:
    from shared.platform.settings import Settings

_SESSION = "AppServiceAuthSession"
_DEFAULT_PORTS = {"http": 80, "https": 443}


def caller_of(settings: "Settings", role: Role, headers: Mapping[str, str]) -> Caller:
    """Return who calls; raises ProblemError where the route is not for them.

    In keys mode the host has checked the key already. In entra mode the platform's header counts
    only when its authentication is known to be on: otherwise anybody can write it. A bearer token
    that comes is verified here as well, and then it says who calls. On routes for anyone nobody is
    believed.
    """
    if role is Role.ANYONE:
        return access.NOBODY
    if settings.http_auth == "keys":
        return access.key_holder(role)
    if not settings.authentication_on:
        raise problems.not_signed_in()
    try:
        caller = _bearer(settings, headers) or access.signed_in(
            headers.get("x-ms-client-principal")
        )
    except access.NotSignedInError:
        raise problems.not_signed_in() from None
    if not caller.may(role):
        raise problems.forbidden(
            f"This needs the app role Exports.{role.capitalize()}.", role=str(role)
        )
    return caller


def check_same_origin(
    settings: "Settings", route: Route, method: str, url: str, headers: Mapping[str, str]
) -> None:
    """Raise ProblemError where a browser, signed in by its cookie, was sent here by another site.

    A browser sends the cookie along with whatever any page makes it ask for; what it says of that
    page (Sec-Fetch-Site, Origin) no page can change.
    """
    if settings.http_auth != "entra" or method in ("GET", "HEAD") or route.role is Role.ANYONE:
        return
    if not _has_session(headers.get("cookie", "")):
        return
    site = headers.get("sec-fetch-site")
    same = site == "same-origin" if site is not None else _is_own(headers, url)
    if not same:
        raise problems.cross_site()
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise problems.unsupported_media_type()


def _bearer(settings: "Settings", headers: Mapping[str, str]) -> Caller | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    from shared.http.bearer import KeysUnavailableError, TokenRefusedError, claims_of

    try:
        return access.from_claims(claims_of(settings, token.strip()))
    except TokenRefusedError:
        raise access.NotSignedInError from None
    except KeysUnavailableError:
        raise problems.signing_keys_unavailable() from None


def _has_session(cookies: str) -> bool:
    try:
        return _SESSION in SimpleCookie(cookies)
    except CookieError:
        return f"{_SESSION}=" in cookies


def _is_own(headers: Mapping[str, str], url: str) -> bool:
    """Whether Origin has the host and port that the request was sent to."""
    here = urlsplit(url)
    host = headers.get("host") or here.netloc
    try:
        origin = urlsplit(headers.get("origin", ""))
        target = urlsplit(f"{origin.scheme}://{host}")
        return bool(origin.hostname) and _place(origin) == _place(target)
    except ValueError:
        return False


def _place(parts: SplitResult) -> tuple[str | None, int | None]:
    return parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)
