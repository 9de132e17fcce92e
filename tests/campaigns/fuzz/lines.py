"""Which lines of a target's modules its corpus reaches."""

import importlib
import sys
from collections.abc import Iterable, Iterator
from types import CodeType

from tests.campaigns.fuzz.target import Target

_TOOL = sys.monitoring.COVERAGE_ID


def lines_reached(target: Target, corpus: Iterable[bytes]) -> tuple[int, int, list[str]]:
    """Replay a corpus; return the lines reached, all lines, and those missed as `file:line`.

    Only lines inside functions count: the others run when a module is loaded.
    """
    files = [importlib.import_module(name).__file__ or "" for name in target.covers]
    there = {place for file in files for place in _lines_of(file)}
    reached: set[tuple[str, int]] = set()

    def note(code: CodeType, line: int) -> object:
        reached.add((code.co_filename, line))
        return sys.monitoring.DISABLE

    sys.monitoring.use_tool_id(_TOOL, "fuzz")
    sys.monitoring.register_callback(_TOOL, sys.monitoring.events.LINE, note)
    sys.monitoring.set_events(_TOOL, sys.monitoring.events.LINE)
    try:
        for data in corpus:
            target.check(data)
    finally:
        sys.monitoring.set_events(_TOOL, 0)
        sys.monitoring.free_tool_id(_TOOL)
    missed = [f"{file.rpartition('/shared/')[2]}:{line}" for file, line in sorted(there - reached)]
    return len(there & reached), len(there), missed


def _lines_of(file: str) -> Iterator[tuple[str, int]]:
    with open(file, "rb") as source:  # noqa: PTH123 - compile wants the name that the import gave
        module = compile(source.read(), file, "exec")
    pending = [constant for constant in module.co_consts if isinstance(constant, CodeType)]
    while pending:
        code = pending.pop()
        pending += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
        # A class's own lines run at load, a function's first line is its `def`.
        if code.co_flags & 0x2:
            yield from (
                (file, line)
                for _, _, line in code.co_lines()
                if line and line > code.co_firstlineno
            )
