"""The `fields` and `exclude_fields` parameters: which parts of an answer are sent."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Selection:
    """Dotted paths to keep (all when empty) and to leave out."""

    keep: frozenset[str] = frozenset()
    drop: frozenset[str] = frozenset()

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Selection":
        """From a query string."""
        return cls(_names(query.get("fields")), _names(query.get("exclude_fields")))

    def __bool__(self) -> bool:
        return bool(self.keep or self.drop)

    def wants(self, path: str) -> bool:
        """Whether this part is sent, whole or in parts."""
        if any(path == name or path.startswith(name + ".") for name in self.drop):
            return False
        if not self.keep:
            return True
        return any(
            path == name or path.startswith(name + ".") or name.startswith(path + ".")
            for name in self.keep
        )

    def apply(self, value: object, path: str = "") -> object:
        """The selected part of an answer; lists pass their path on to their items."""
        if isinstance(value, dict):
            prefix = path + "." if path else ""
            return {
                name: self.apply(part, prefix + name)
                for name, part in value.items()
                if self.wants(prefix + name)
            }
        if isinstance(value, list):
            return [self.apply(item, path) for item in value]
        return value


def _names(text: str | None) -> frozenset[str]:
    return frozenset(name.strip() for name in (text or "").split(",") if name.strip())
