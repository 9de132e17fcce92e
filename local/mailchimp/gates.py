"""Counting the calls in flight: Mailchimp answers the eleventh of a user with 429."""

from .accounts import Login
from .switches import Switches


class Pass:
    """One counted call; `leave` may be called more than once."""

    __slots__ = ("_gates", "_inside", "_key", "_login")

    def __init__(self, gates: "Gates", key: str, login: Login) -> None:
        self._gates = gates
        self._key = key
        self._login = login
        self._inside = True

    def leave(self) -> None:
        """Stop counting this call."""
        if self._inside:
            self._inside = False
            self._gates.count[self._key] -= 1
            self._login.account.held -= 1


class Gates:
    """Open calls per user, account or key, whichever the switch says."""

    def __init__(self) -> None:
        self.count: dict[str, int] = {}

    def enter(self, login: Login, switches: Switches) -> Pass | None:
        """Count a call; None when it is one too many."""
        match switches.limit_per:
            case "user":
                key = f"user {login.account.id} {login.user_id}"
            case "account":
                key = f"account {login.account.id}"
            case "key":
                key = f"key {login.token}"
        held = self.count.get(key, 0)
        account = login.account
        if held >= switches.limit:
            account.refused += 1
            return None
        self.count[key] = held + 1
        account.held += 1
        account.highest = max(account.highest, account.held)
        return Pass(self, key, login)
