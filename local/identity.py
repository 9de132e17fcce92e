"""The managed identity endpoint that App Service gives an app, as a stand-in.

Speaks the App Service protocol 2019-08-01, so that the unmodified DefaultAzureCredential works:
https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
"""

import base64
import json
import secrets
import time
from typing import Any, Self

from local.loopback import Answer, LoopbackServer, Request

TENANT = "72f988bf-0000-4000-8000-000000000001"
PRINCIPAL = "5c0ffee5-0000-4000-8000-000000000002"
_LIFETIME_SECONDS = 24 * 3600


class IdentityEndpoint:
    """Hands out unsigned but well-formed access tokens to whoever knows the identity header."""

    def __init__(self) -> None:
        self._header = secrets.token_hex(16)
        self._server = LoopbackServer(self._answer)
        self.resources: list[str] = []

    @classmethod
    def start(cls) -> Self:
        """Start on a free port of 127.0.0.1."""
        return cls()

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which the platform tells an app about its identity."""
        return {
            "IDENTITY_ENDPOINT": f"{self._server.url}/msi/token",
            "IDENTITY_HEADER": self._header,
        }

    def stop(self) -> None:
        """Stop listening."""
        self._server.close()

    def _answer(self, request: Request) -> Answer:
        if request.headers.get("x-identity-header") != self._header:
            return Answer(401, {"statusCode": 401, "message": "Wrong identity header"})
        resource = request.query.get("resource")
        if request.path != "/msi/token" or not resource or "api-version" not in request.query:
            return Answer(400, {"statusCode": 400, "message": "No resource was named"})
        self.resources.append(resource)
        token, expires = issue_token(resource)
        return Answer(
            200,
            {
                "access_token": token,
                "expires_on": str(expires),
                "resource": resource,
                "token_type": "Bearer",
                "client_id": request.query.get("client_id", PRINCIPAL),
            },
        )


def issue_token(resource: str, *, lifetime: int = _LIFETIME_SECONDS) -> tuple[str, int]:
    """Make an unsigned token for a resource; returns it and its end as a Unix time."""
    now = int(time.time())
    expires = now + lifetime
    claims = {
        "aud": resource,
        "iss": f"https://sts.windows.net/{TENANT}/",
        "iat": now,
        "nbf": now - 60,
        "exp": expires,
        "oid": PRINCIPAL,
        "appid": PRINCIPAL,
        "tid": TENANT,
        "ver": "1.0",
    }
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    return ".".join([*(_encode(json.dumps(part).encode()) for part in parts), "unsigned"]), expires


def read_token(authorization: str) -> dict[str, Any] | None:
    """The claims of an Authorization header's bearer token while it is valid, else None."""
    scheme, _, token = authorization.partition(" ")
    pieces = token.split(".")
    if scheme.lower() != "bearer" or len(pieces) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(pieces[1] + "=" * (-len(pieces[1]) % 4)))
    except ValueError:
        return None
    return claims if isinstance(claims, dict) and claims.get("exp", 0) > time.time() else None


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
