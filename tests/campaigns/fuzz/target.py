"""What a fuzz target is: a function that fails on a fault, and where to begin."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """What is fuzzed, and with what.

    `check` raises on any bytes that show a fault. `seeds` are inputs made by code, documents where
    `json` says so; `words` are what mutations put in; `covers` names the modules whose lines are
    counted; `longest` is in bytes.
    """

    name: str
    check: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...]
    covers: tuple[str, ...]
    json: bool = False
    longest: int = 4096
