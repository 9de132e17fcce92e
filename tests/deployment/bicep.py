"""Reads the Bicep files, as text and as syntax trees.

A check takes texts by path, so that its own test can hand it a file with a mistake in it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pycep import BicepParser

ROOT = Path(__file__).resolve().parent.parent.parent
INFRA = ROOT / "infra"


@dataclass(frozen=True)
class Resource:
    """One resource of one file; `body` is what stands between its braces, loops taken off."""

    path: str
    symbol: str
    type: str
    api_version: str
    existing: bool
    body: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.path}: {self.symbol}"


def texts() -> dict[str, str]:
    """Return every Bicep file by its path below infra/."""
    return {
        path.relative_to(INFRA).as_posix(): path.read_text()
        for path in sorted(INFRA.rglob("*.bicep"))
    }


def with_mistake(path: str, right: str, wrong: str) -> dict[str, str]:
    """Return all texts, `right` replaced by `wrong` in one of them."""
    changed = texts()
    if right not in changed[path]:
        raise AssertionError(f"{path} has no {right!r}: the mistake would not be made")
    changed[path] = changed[path].replace(right, wrong)
    return changed


@cache
def tree(text: str) -> dict[str, Any]:
    """Parse one file; raises the parser's error when it is no Bicep."""
    return dict(BicepParser().parse(text=text))


def unwrapped(value: Any) -> Any:
    """Take loops and conditions off, down to the body that they repeat."""
    while isinstance(value, dict) and "config" in value and "condition" in value:
        value = value["config"]
    while isinstance(value, dict) and set(value) == {"condition", "config"}:
        value = value["config"]
    return value


def resources(files: Mapping[str, str]) -> Iterator[Resource]:
    """Yield every resource of every file, also those that exist already."""
    for path, text in files.items():
        for symbol, found in tree(text).get("resources", {}).items():
            yield Resource(
                path=path,
                symbol=symbol,
                type=found["type"],
                api_version=found["api_version"],
                existing=found["existing"],
                body=unwrapped(found["config"]),
            )


def operator_of(value: Any) -> dict[str, Any] | None:
    """Return the operator that a value is made with; a property may be called operator too."""
    if isinstance(value, dict) and set(value) == {"operator"}:
        operator = value["operator"]
        return operator if isinstance(operator, dict) and "operands" in operator else None
    return None


def function_of(value: Any) -> dict[str, Any] | None:
    """Return the function call that a value is."""
    if isinstance(value, dict) and set(value) == {"function"}:
        function = value["function"]
        return function if isinstance(function, dict) and "type" in function else None
    return None


def is_loop(value: Any) -> bool:
    """Tell whether a value is an array made by a loop."""
    return isinstance(value, dict) and "loop_type" in value and "config" in value


def names(text: str) -> set[str]:
    """Return the names that a file declares. The parser does not tell `name` from `'name'`."""
    found = tree(text)
    declared: set[str] = set()
    for kind in ("parameters", "variables", "resources", "modules"):
        declared |= set(found.get(kind, {}))
    return declared | set(_loop_names(found))


def _loop_names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        detail = value.get("detail")
        if "loop_type" in value or isinstance(detail, dict):
            for key in ("item_name", "index_name"):
                if isinstance(detail, dict) and key in detail:
                    yield detail[key]
        for member in value.values():
            yield from _loop_names(member)
    elif isinstance(value, list):
        for member in value:
            yield from _loop_names(member)
