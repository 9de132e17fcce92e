"""What the calls of a run have in common."""

from dataclasses import dataclass
from typing import Any

# Makes a call under a slot: function and arguments to answer.
Caller = Any


@dataclass(frozen=True)
class Job:
    """What all calls of a run share. tags: bit to name and id; fields: merge tags by bit."""

    run: str
    audience: str
    tags: dict[int, tuple[str, int]]
    fields: tuple[str, ...]
    status_for_new: str
    # Our clock plus this is Mailchimp's.
    clock_offset: int = 0
