"""What the app logs, as its source says: the names of events and the fields that each has."""

import ast
from collections import defaultdict
from collections.abc import Iterator

from tests.deployment import bicep

# What `log.failure` adds.
_OF_FAILURES = {"error", "where"}


def logged() -> dict[str, set[str]]:
    """Return the fields of every event."""
    found: dict[str, set[str]] = defaultdict(set)
    for source in (bicep.ROOT / "function_app.py", *(bicep.ROOT / "shared").rglob("*.py")):
        tree = ast.parse(source.read_text())
        for call in _calls(tree):
            fields = _fields(call, tree) - {"level"}
            if _name(call) == "failure":
                fields |= _OF_FAILURES
            # A name may be chosen between two.
            for part in ast.walk(call.args[0]):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    found[part.value] |= fields
    return found


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node) in ("event", "failure") and node.args:
            yield node


def _name(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _fields(call: ast.Call, tree: ast.AST) -> set[str]:
    """Return a call's keywords, and the keys of dicts of the module that it spreads."""
    found: set[str] = set()
    for keyword in call.keywords:
        if keyword.arg is not None:
            found.add(keyword.arg)
        elif isinstance(keyword.value, ast.Name):
            found |= _keys(keyword.value.id, tree)
    return found


def _keys(variable: str, tree: ast.AST) -> set[str]:
    return {
        key.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id == variable
        for key in node.value.keys
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }
