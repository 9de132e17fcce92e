"""Finds names that nothing declares, and modules that are called with the wrong parameters."""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from tests.deployment import bicep

_STRING = re.compile(r"'(?:\\.|\$\{[^{}]*\}|[^'\\])*'")
_INTERPOLATION = re.compile(r"\$\{([^{}]*)\}")
# A name that is used: no property (after a dot, before a colon), no function (before a bracket).
_USED = re.compile(r"(?<![\w.@])([A-Za-z_]\w*)\b(?!\s*[:(])")
_WORDS = {
    *("targetScope", "param", "var", "resource", "module", "output", "existing", "if", "for", "in"),
    *("string", "int", "bool", "object", "array", "true", "false", "null"),
}


def problems(files: Mapping[str, str]) -> list[str]:
    """Return what the compiler would refuse about names, one line for each."""
    found = [problem for path, text in files.items() for problem in _undeclared(path, text)]
    return found + list(_modules(files))


def _undeclared(path: str, text: str) -> Iterator[str]:
    declared = bicep.names(text) | _outputs(text) | _WORDS
    for line in text.splitlines():
        code = _without_comment(line)
        expressions = [*_INTERPOLATION.findall(code), _STRING.sub("''", code)]
        for expression in expressions:
            bare = _STRING.sub("''", expression)
            for name in _USED.findall(bare):
                if name not in declared:
                    yield f"{path}: nothing declares {name}"
    code = "\n".join(_without_comment(line) for line in text.splitlines())
    for kind in ("parameters", "variables"):
        for name in bicep.tree(text).get(kind, {}):
            if len(re.findall(rf"\b{name}\b", code)) < 2:
                yield f"{path}: nothing uses {name}"


def _without_comment(line: str) -> str:
    """Cut a comment off, but not at the slashes of an address inside a string."""
    strings = [match.span() for match in _STRING.finditer(line)]
    for comment in re.finditer("//", line):
        if not any(start < comment.start() < end for start, end in strings):
            return line[: comment.start()]
    return line


def _outputs(text: str) -> set[str]:
    return set(bicep.tree(text).get("outputs", {}))


def _modules(files: Mapping[str, str]) -> Iterator[str]:
    for path, text in files.items():
        for symbol, module in bicep.tree(text).get("modules", {}).items():
            target = str(PurePosixPath(path).parent / module["detail"]["path"]).removeprefix("./")
            if target not in files:
                yield f"{path}: module {symbol}: there is no {target}"
                continue
            called = bicep.tree(files[target])
            parameters = called.get("parameters", {})
            given = bicep.unwrapped(module["config"]).get("params", {})
            for name in given.keys() - parameters.keys():
                yield f"{path}: module {symbol} has no parameter {name}"
            for name, parameter in parameters.items():
                if parameter["default"] is None and name not in given:
                    yield f"{path}: module {symbol} is called without {name}"
            for name in re.findall(rf"\b{symbol}\.outputs\.(\w+)", text):
                if name not in called.get("outputs", {}):
                    yield f"{path}: module {symbol} has no output {name}"


def defaults(text: str) -> dict[str, Any]:
    """Return the parameters of a file that have a default, with it."""
    found = bicep.tree(text).get("parameters", {})
    return {name: entry["default"] for name, entry in found.items() if entry["default"] is not None}
