"""Access keys: which of a request's keys open which authorization level."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from local.functions_host.functions import AuthLevel


@dataclass(frozen=True)
class Keys:
    """The master key opens everything, the function key (a host key) what is marked FUNCTION."""

    master: str
    function: str

    @classmethod
    def random(cls) -> "Keys":
        """New keys."""
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(32))

    def open(self, level: AuthLevel, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
        """Whether `x-functions-key`, or else `?code=`, opens the level."""
        if level == "ANONYMOUS":
            return True
        in_query = next((v for name, v in query.items() if name.lower() == "code"), "")
        given = headers.get("x-functions-key") or in_query
        if _equal(given, self.master):
            return True
        return level == "FUNCTION" and _equal(given, self.function)


def _equal(given: str, key: str) -> bool:
    return hmac.compare_digest(given.encode(), key.encode())
