"""Who is asked about, and how long an answer may take."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from shared.addresses import canonical


@dataclass(frozen=True)
class Asked:
    """A person by an address in its canonical form, or by a CustomerId."""

    email: str | None = None
    customer_id: str | None = None

    @staticmethod
    def of(email: str | None, customer_id: str | None) -> "Asked":
        """Return who is meant by what somebody has typed."""
        if email is None:
            return Asked(customer_id=(customer_id or "").strip())
        return Asked(email=canonical(email) or email.strip())


class Patience:
    """Some seconds for an answer; the first piece of work is always done, so that all get on."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._begun = False

    def begin(self) -> Callable[[], bool] | None:
        """Begin a piece of work; returns what tells it to stop, None where it is too late."""
        first, self._begun = not self._begun, True
        if first:
            return lambda: False
        return None if self.over() else self.over

    def over(self) -> bool:
        """Tell whether the seconds have passed."""
        return time.monotonic() >= self._end
