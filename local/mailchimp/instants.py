"""What people do at an instant of a call: as it comes in, in its middle, before its answer."""

import re
from dataclasses import dataclass, field
from typing import Literal

type Moment = Literal["before", "during", "after"]

_MOMENTS = ("before", "during", "after")


@dataclass(slots=True)
class Act:
    """An act (see `acting`) at a moment of the calls whose `METHOD path` matches.

    `after` passes so many matching calls over, `times` is in how many it then happens (None: all).
    """

    match: str
    moment: Moment
    act: dict[str, object]
    times: int | None = 1
    after: int = 0
    done: int = 0
    _pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        if self.moment not in _MOMENTS:
            raise ValueError(f"a moment is one of {', '.join(_MOMENTS)}")
        try:
            self._pattern = re.compile(self.match)
        except re.PatternError as error:
            raise ValueError(f"no pattern: {error}") from None

    def is_due(self, line: str, moment: Moment) -> bool:
        """Whether it happens now; counts it."""
        if moment != self.moment or not self._pattern.search(line):
            return False
        if self.times is not None and self.done >= self.times:
            return False
        if self.after > 0:
            self.after -= 1
            return False
        self.done += 1
        return True


class Instants:
    """The acts that wait for their call."""

    def __init__(self) -> None:
        self.acts: list[Act] = []

    def due(self, line: str, moment: Moment) -> list[dict[str, object]]:
        """What is to be done at this moment of a call."""
        return [act.act for act in self.acts if act.is_due(line, moment)]

    def clear(self) -> list[int]:
        """End all of them; how often each has happened."""
        done = [act.done for act in self.acts]
        self.acts.clear()
        return done
