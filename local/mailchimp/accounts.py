"""Mailchimp accounts, their users and keys, and who counts as one for the connection limit."""

import base64
import binascii
from dataclasses import dataclass, field, replace

from . import problems

_MAY_WRITE = frozenset(("owner", "admin", "manager"))


@dataclass(slots=True)
class Account:
    """One Mailchimp account; `held` and `highest` count its open calls."""

    id: str
    name: str
    dc: str
    held: int = 0
    highest: int = 0
    refused: int = 0
    disabled: bool = False
    list_ids: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Login:
    """What a token stands for: one user of one account. `key_id` is safe to show in logs."""

    key_id: str
    token: str
    account: Account
    user_id: str
    role: str

    @property
    def may_write(self) -> bool:
        """Whether the user's role lets it change an audience."""
        return self.role in _MAY_WRITE


class Logins:
    """All tokens, API keys and OAuth tokens alike."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self._by_token: dict[str, Login] = {}

    def add(self, login: Login) -> None:
        """Let a token in."""
        self._by_token[login.token] = login

    def revoke(self, token: str) -> bool:
        """Lock a token out; false when it was not known."""
        return self._by_token.pop(token, None) is not None

    def change_role(self, token: str, role: str) -> None:
        """Give the user behind a token another role; KeyError when it is not known."""
        self._by_token[token] = replace(self._by_token[token], role=role)

    def by_token(self, token: str) -> Login | None:
        """Who a bare token belongs to."""
        return self._by_token.get(token)

    def enter(self, authorization: str | None, dc: str | None) -> Login:
        """Who a request comes from; Problem 401 or 403 when it may not come in.

        Basic (any user name), Bearer, `OAuth` and the old `apikey` are understood.
        """
        if not authorization:
            raise problems.key_missing()
        token = token_in(authorization)
        login = self._by_token.get(token) if token else None
        if login is None:
            raise problems.key_invalid()
        if dc is not None and dc != login.account.dc:
            raise problems.wrong_data_center(login.account.dc)
        if login.account.disabled:
            raise problems.user_disabled()
        return login


def token_in(authorization: str) -> str | None:
    """The token of an Authorization header, None when it holds none."""
    scheme, _, rest = authorization.strip().partition(" ")
    rest = rest.strip()
    match scheme.lower():
        case "bearer" | "oauth" | "apikey":
            return rest.rpartition(" ")[2] or None
        case "basic":
            try:
                pair = base64.b64decode(rest, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                return None
            return pair.partition(":")[2] or None
        case _:
            return None
