"""Rules that make calls fail on purpose."""

import random
import re
from dataclasses import dataclass, field

# kind: whether it answers with a status (then `after_work` decides if the work is done first)
STATUS_KINDS = frozenset(
    (
        "400",
        "401",
        "403_json",
        "429",
        "429_bodyless",
        "403_bodyless",
        "403_html",
        "404_bodyless",
        "500",
        "502_html",
        "503",
        "503_compliance",
        "504_html",
    )
)
KINDS = STATUS_KINDS | {
    "reset_before",
    "reset_after_work",
    "truncated_answer",
    "garbled_answer",
    "timeout",
}


@dataclass(slots=True)
class Rule:
    """Calls whose `METHOD path` matches fail in one way.

    `after` lets so many matching calls through first, `times` is how many then fail (None: all),
    `probability` is drawn from a generator of the rule's own seed. `about`: only calls whose path
    or body holds this text, as a firewall looks for it.
    """

    match: str
    kind: str
    times: int | None = 1
    probability: float = 1.0
    seed: int = 0
    after_work: bool = False
    after: int = 0
    min_members: int = 0
    about: str = ""
    hits: int = 0
    _pattern: re.Pattern[str] = field(init=False)
    _dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no such fault: {self.kind}")
        try:
            self._pattern = re.compile(self.match)
        except re.PatternError as error:
            raise ValueError(f"no pattern: {error}") from None
        self._dice = random.Random(self.seed)  # noqa: S311 - repeatable, not secret

    def strikes(self, line: str, members: int, raw: bytes) -> bool:
        """Whether this call, with this body, fails; counts it."""
        if self.times is not None and self.hits >= self.times:
            return False
        if members < self.min_members or not self._pattern.search(line):
            return False
        if self.about and self.about.lower().encode() not in line.lower().encode() + raw.lower():
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.probability < 1.0 and self._dice.random() >= self.probability:
            return False
        self.hits += 1
        return True


class Faults:
    """The rules in force; the first that strikes counts."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def pick(self, method: str, path: str, members: int, raw: bytes) -> Rule | None:
        """The rule that makes this call fail, if any."""
        line = f"{method} {path}"
        for rule in self.rules:
            if rule.strikes(line, members, raw):
                return rule
        return None
