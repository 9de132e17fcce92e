"""How many calls an account allows at once, and how long one may take."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Allowance:
    """How many slots an account has for bulk work.

    shares: a lane may have the slot for people, too, while no person asks.
    """

    lanes: int
    shares: bool = False

    @property
    def most_lanes(self) -> int:
        """How many lanes there can be."""
        return self.lanes + self.shares


@dataclass(frozen=True)
class CallTimes:
    """Seconds: the read timeout of a call, and how long its slot is held on after one."""

    timeout: float
    cooldown: float
