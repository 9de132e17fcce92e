"""The export's wishes that decide what is done with contacts."""

from dataclasses import dataclass, field
from typing import Literal

Leavers = Literal["untag", "keep", "archive", "unsubscribe"]


@dataclass(frozen=True)
class Policy:
    """The export's wishes that decide on actions; `now` in seconds since 1970."""

    leavers: Leavers = "untag"
    removal_limit_percent: float = 20
    allow_removals: bool = False
    full: bool = False
    now: int = 0
    # Segments whose snapshot can't be trusted for removals, and why.
    untrusted: dict[int, str] = field(default_factory=dict)
