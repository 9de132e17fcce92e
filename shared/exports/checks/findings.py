"""What a check of an export finds: problems, which keep it from being saved, and warnings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.notice import Notice


@dataclass(frozen=True)
class Problem:
    """What keeps an export from being saved; `where` as in `segments.0.tag`."""

    where: str
    message: str
    code: str = "invalid_value"
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Findings:
    """Every problem, and warnings, which don't keep an export from being saved.

    `unread` fields of the export hold a stand-in, because what was written there can't be read.
    That is a problem already, so nothing else is said of them.
    """

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Notice] = field(default_factory=list)
    unread: frozenset[str] = frozenset()
    audience_name: str | None = None

    def problem(
        self, field_name: str, message: str, code: str, **params: str | int | float
    ) -> None:
        """Add a problem."""
        if field_name.split(".")[0] not in self.unread:
            self.problems.append(Problem(field_name, message, code, params))

    def has_read(self, *members: str) -> bool:
        """Return whether the export holds what was written into all of these fields."""
        return self.unread.isdisjoint(members)

    def warn(self, code: str, detail: str, **params: str | int | float) -> None:
        """Add a warning."""
        self.warnings.append(Notice(code, detail, params))
