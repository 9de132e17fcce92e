"""A stand-in of the tenant that signs tokens: its keys, and its page of them."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

TENANT, CLIENT = "11111111-2222-3333-4444-555555555555", "an-app"
V2 = f"https://login.microsoftonline.com/{TENANT}/v2.0"
V1 = f"https://sts.windows.net/{TENANT}/"


class Entra(ThreadingHTTPServer):
    """The tenant's page of signing keys; `down` answers 500."""

    daemon_threads = True

    def __init__(self, keys: list[dict[str, Any]]) -> None:
        super().__init__(("127.0.0.1", 0), _Page)
        self.keys, self.down, self.asked = keys, False, 0

    @property
    def settings(self) -> dict[str, str]:
        """The settings of an app whose people this tenant signs in."""
        return {
            "HTTP_AUTH": "entra",
            "WEBSITE_AUTH_ENABLED": "True",
            "ENTRA_TENANT_ID": TENANT,
            "ENTRA_AUDIENCES": f"{CLIENT},api://{CLIENT}",
            "ENTRA_LOGIN_URL": f"http://127.0.0.1:{self.server_port}",
        }

    @classmethod
    @contextmanager
    def started(cls, *signers: "Signer") -> Iterator[Self]:
        """Serve the keys of these until the end."""
        server = cls([signer.public for signer in signers])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class _Page(BaseHTTPRequestHandler):
    server: Entra

    def do_GET(self) -> None:
        self.server.asked += 1
        known = self.path == f"/{TENANT}/discovery/v2.0/keys" and not self.server.down
        self.send_response(200 if known else 500)
        self.end_headers()
        self.wfile.write(json.dumps({"keys": self.server.keys}).encode() if known else b"")

    def log_message(self, format: str, *args: object) -> None:
        pass


@dataclass
class Signer:
    """A key of the tenant, or of somebody else."""

    key_id: str
    private: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )

    @property
    def public(self) -> dict[str, Any]:
        shown: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(self.private.public_key()))
        return shown | {"kid": self.key_id, "use": "sig"}

    def token(self, *, algorithm: str = "RS256", **changes: Any) -> str:
        claims = {
            "iss": V2,
            "aud": CLIENT,
            "exp": int(time.time()) + 600,
            "oid": "an-object-id",
            "preferred_username": "ana",
            "roles": ["Exports.Administrator"],
            **changes,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        key = "" if algorithm == "none" else self.private
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": self.key_id})
