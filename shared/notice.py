"""A warning or an error as people are told of it."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Notice:
    """`code` is stable, `detail` a text for people, `params` what it is about, flat."""

    code: str
    detail: str
    params: dict[str, Any] = field(default_factory=dict)
