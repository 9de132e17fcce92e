"""Joins the console's modules into the one script that a browser loads.

As files of their own they take forty requests one after the other, and a third more to send: each
is compressed without knowing the others. Every module becomes a block, whose names are its own, and
hands over what it exports; modules that others need come first. It understands the forms that the
console is written in, and refuses others: `import { a, b as c } from "./x.js"` and `export` before
a function, a class or a const.
"""

import re
from collections.abc import Mapping
from posixpath import dirname, join, normpath

# Comments and types are for people who read the source; they are a fifth of what would be sent.
_BLOCK_COMMENT = re.compile(r"/\*\*.*?\*/ ?", re.DOTALL)
_LINE_COMMENT = re.compile(r"^\s*//.*\n", re.MULTILINE)
_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.MULTILINE)
_NOT_UNDERSTOOD = re.compile(r"^(?:import|export)\b.*|\bimport\(.*", re.MULTILINE)
_RENAMED = re.compile(r"(\w+) as (\w+)")
_INDENTATION = re.compile(r"^\s+", re.MULTILINE)


class UnknownFormError(Exception):
    """A module imports or exports in a way that is not understood, or needs itself."""


def joined(modules: Mapping[str, str], main: str, vendored: str) -> str:
    """Return one module that does what `main` does.

    modules: source texts by their path below the folder; vendored: the folder of those that stay
    files of their own. Raises UnknownFormError.
    """
    order = _ordered(modules, main, vendored)
    numbers = {name: f"m{number}" for number, name in enumerate(order)}
    own = [name for name in order if name in modules and not name.startswith(vendored)]
    head = [f'import * as {numbers[name]} from "./{name}";' for name in order if name not in own]
    declared = f"let {','.join(numbers[name] for name in own)};"
    blocks = [_block(name, modules[name], numbers) for name in own]
    return "\n".join([*head, declared, *blocks, ""])


def _ordered(modules: Mapping[str, str], main: str, vendored: str) -> list[str]:
    """Return what `main` needs, and `main`, each after all that it needs itself."""
    order: list[str] = []
    under_way: list[str] = []

    def visit(name: str) -> None:
        if name in order:
            return
        if name in under_way:
            raise UnknownFormError(f"{' needs '.join([*under_way, name])}")
        under_way.append(name)
        if not name.startswith(vendored):
            for _, wanted in _IMPORT.findall(modules[name]):
                visit(_path(name, wanted))
        under_way.pop()
        order.append(name)

    visit(main)
    return order


def _block(name: str, source: str, numbers: Mapping[str, str]) -> str:
    def imported(found: re.Match[str]) -> str:
        names = _RENAMED.sub(r"\1: \2", " ".join(found[1].split()).rstrip(","))
        return f"const {{ {names} }} = {numbers[_path(name, found[2])]};\n"

    exported = ", ".join(_EXPORT.findall(source))
    body = _EXPORT.sub("", _IMPORT.sub(imported, without_comments(source)))
    if unknown := _NOT_UNDERSTOOD.search(body):
        raise UnknownFormError(f"{name}: {unknown[0]}")
    handed_over = f"{numbers[name]} = {{ {exported} }};\n" if exported else ""
    return f"{{\n{body}{handed_over}}}"


def _path(importer: str, wanted: str) -> str:
    return normpath(join(dirname(importer), wanted))


def without_comments(source: str) -> str:
    """Take out comments that fill lines, those of types, blank lines and indentation."""
    return unindented(_LINE_COMMENT.sub("", _BLOCK_COMMENT.sub("", source)))


def unindented(source: str) -> str:
    """Take out what stands before a line's first word, and blank lines."""
    return _INDENTATION.sub("", source)
