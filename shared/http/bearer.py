"""Verifies a bearer token of Microsoft Entra ID, so that not the platform's word alone counts.

Issuer, audience, time and signature, by the tenant's own keys. Formats of both versions of tokens:
https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
"""

import threading
from time import monotonic
from typing import Any

import jwt
import requests

from shared.platform.settings import ENTRA_LOGIN_URL, Settings

# Entra signs with RS256 alone; a token that names another algorithm is refused by its header.
_ALGORITHMS = ["RS256"]
_PATIENCE = (3.05, 5.0)
# Keys are rolled over about monthly and published before they are used.
_KEPT_FOR = 6 * 3600.0
# An unknown key asks anew, but strangers who make up key ids must not make the app ask for each.
_NOT_AGAIN_FOR = 30.0
_CLOCK_SKEW = 60
_REQUIRED = ["exp", "iss", "aud"]


class TokenRefusedError(Exception):
    """The token is not one that this app takes."""


class KeysUnavailableError(Exception):
    """The keys that would verify it can't be had now."""


class _Keys:
    """The signing keys of one tenant, by their ids."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, jwt.PyJWK] = {}
        self._asked_at: float | None = None

    def get(self, settings: Settings, key_id: str) -> jwt.PyJWK:
        with self._lock:
            age = float("inf") if self._asked_at is None else monotonic() - self._asked_at
            if age > _KEPT_FOR or (key_id not in self._known and age > _NOT_AGAIN_FOR):
                self._known = _fetch(settings)
                self._asked_at = monotonic()
            try:
                return self._known[key_id]
            except KeyError:
                raise TokenRefusedError from None


_keys = _Keys()


def claims_of(settings: Settings, token: str) -> dict[str, Any]:
    """Return the claims of a token; raises TokenRefusedError or KeysUnavailableError."""
    tenant = settings.entra_tenant_id
    if not tenant or not settings.entra_audiences:
        raise KeysUnavailableError
    try:
        key_id = str(jwt.get_unverified_header(token).get("kid") or "")
        key = _keys.get(settings, key_id)
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=_ALGORITHMS,
            audience=list(settings.entra_audiences),
            issuer=[f"{ENTRA_LOGIN_URL}/{tenant}/v2.0", f"https://sts.windows.net/{tenant}/"],
            leeway=_CLOCK_SKEW,
            options={"require": _REQUIRED},
        )
    except jwt.PyJWTError:
        raise TokenRefusedError from None
    return claims


def _fetch(settings: Settings) -> dict[str, jwt.PyJWK]:
    url = f"{settings.entra_login_url}/{settings.entra_tenant_id}/discovery/v2.0/keys"
    try:
        with requests.get(url, timeout=_PATIENCE, allow_redirects=False) as answer:
            found = jwt.PyJWKSet.from_dict(answer.json() if answer.status_code == 200 else {})
    except (requests.RequestException, ValueError, jwt.PyJWTError):
        raise KeysUnavailableError from None
    return {key.key_id: key for key in found.keys if key.key_id}
