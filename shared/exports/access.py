"""Who calls, and what that person or program may do."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # roles are known without the models of what they may see
    from shared.exports.connection_models import StoredConnection

# Claims that may hold app roles; the principal itself names the first in `role_typ`.
_ROLE_CLAIMS = ("roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role")
_ID_CLAIMS = (
    "http://schemas.microsoft.com/identity/claims/objectidentifier",
    "oid",
    "appid",
    "azp",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
    "sub",
)
_NAME_CLAIMS = ("preferred_username", "name", "upn")


class Role(StrEnum):
    """Who may call a route; each role may do what those after it may."""

    ADMINISTRATOR = "administrator"
    CONTRIBUTOR = "contributor"
    VIEWER = "viewer"
    SIGNED_IN = "signed_in"
    ANYONE = "anyone"


_ORDER = tuple(Role)
_APP_ROLES = {
    "Exports.Administrator": Role.ADMINISTRATOR,
    "Exports.Contributor": Role.CONTRIBUTOR,
    "Exports.Viewer": Role.VIEWER,
}


class NotSignedInError(Exception):
    """The caller is not known."""


@dataclass(frozen=True)
class Caller:
    """A caller: `id` for logs, `name` for people who read a document's history."""

    id: str
    name: str
    role: Role

    def may(self, role: Role) -> bool:
        """Return whether the caller may do what this role may."""
        return _ORDER.index(self.role) <= _ORDER.index(role)


NOBODY = Caller("anonymous", "anonymous", Role.ANYONE)


def key_holder(role: Role) -> Caller:
    """Return who called a route that the host opened by a key: an administrator on it.

    Keys say nothing about people, so the kind of key is all that is known.
    """
    if role is Role.ANYONE:
        return NOBODY
    who = "master key" if role is Role.ADMINISTRATOR else "function key"
    return Caller(who, who, Role.ADMINISTRATOR)


def signed_in(principal: str | None) -> Caller:
    """Read X-MS-CLIENT-PRINCIPAL; raises NotSignedInError where it is missing or not readable.

    Without a fitting app role the caller's role is `signed_in`. Its form: base64 of
    `{"auth_typ", "name_typ", "role_typ", "claims": [{"typ", "val"}]}`
    (https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities).
    """
    document = _decode(principal or "")
    claims = [
        (claim["typ"], claim["val"])
        for claim in document.get("claims") or []
        if isinstance(claim, dict)
        and isinstance(claim.get("typ"), str)
        and isinstance(claim.get("val"), str)
    ]
    named = document.get("role_typ")
    return _caller(claims, {named, *_ROLE_CLAIMS} if isinstance(named, str) else {*_ROLE_CLAIMS})


def from_claims(claims: Mapping[str, Any]) -> Caller:
    """Return the caller of a verified bearer token; raises NotSignedInError for one of nobody."""
    flat = [
        (kind, text)
        for kind, value in claims.items()
        for text in (value if isinstance(value, list) else [value])
        if isinstance(text, str)
    ]
    return _caller(flat, {"roles"})


def _caller(claims: list[tuple[str, str]], role_claims: set[str]) -> Caller:
    roles = {
        _APP_ROLES[value] for kind, value in claims if kind in role_claims and value in _APP_ROLES
    }
    role = min(roles, key=_ORDER.index, default=Role.SIGNED_IN)
    caller_id = _first(claims, _ID_CLAIMS)
    if caller_id is None:
        raise NotSignedInError
    return Caller(caller_id, _first(claims, _NAME_CLAIMS) or caller_id, role)


def may_use(caller: Caller, connection: "StoredConnection") -> bool:
    """Return whether a caller may send through a connection, and manage the exports on it."""
    if caller.may(Role.ADMINISTRATOR):
        return True
    return caller.may(Role.CONTRIBUTOR) and connection.shared_with == "contributors"


def _decode(principal: str) -> Mapping[str, Any]:
    try:
        document = json.loads(base64.b64decode(principal, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise NotSignedInError from None
    if not isinstance(document, dict) or not isinstance(document.get("claims") or [], list):
        raise NotSignedInError
    return document


def _first(claims: list[tuple[str, str]], kinds: tuple[str, ...]) -> str | None:
    found = dict(reversed(claims))
    return next((found[kind] for kind in kinds if found.get(kind)), None)
