"""Set-Cookie as the host writes it: it takes a function's cookies apart and builds them anew."""

from datetime import UTC, datetime
from urllib.parse import quote

from local.functions_host.wire import Cookie

_UNRESERVED = "-_.~"


def set_cookie(cookie: Cookie) -> str:
    """The header's value: the cookie's is percent-encoded, `domain=` is there even when empty."""
    parts = [f"{cookie.name}={quote(cookie.value, safe=_UNRESERVED)}"]
    if cookie.expires is not None:
        moment = datetime.fromtimestamp(cookie.expires, UTC)
        parts.append(f"expires={moment:%a, %d %b %Y %H:%M:%S GMT}")
    if cookie.max_age is not None:
        parts.append(f"max-age={cookie.max_age:.0f}")
    parts += [f"domain={cookie.domain}", f"path={cookie.path}"]
    if cookie.secure:
        parts.append("secure")
    if cookie.same_site:
        parts.append(f"samesite={cookie.same_site}")
    if cookie.http_only:
        parts.append("httponly")
    return "; ".join(parts)
