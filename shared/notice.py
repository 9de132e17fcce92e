"""A warning or an error as people are told of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    """`code` is stable, `detail` a text for people."""

    code: str
    detail: str
