"""The workflows of the public forge, and what their steps run."""

import re

from tests.deployment import bicep

PATHS = sorted((bicep.ROOT / ".github" / "workflows").glob("*.yml"))
# The lines of a step's program stand deeper than the step's other members.
_BLOCK = re.compile(r"^( *)- run: \|\n((?:\1    .*\n|\n)+)", re.MULTILINE)
_LINE = re.compile(r"^ *(?:- )?run: ([^|\n].*)$", re.MULTILINE)


def runs(workflow: str) -> list[str]:
    """Return what the steps run, each with all its lines."""
    blocks = [block.replace(f"\n{indent}    ", "\n") for indent, block in _BLOCK.findall(workflow)]
    return [*blocks, *_LINE.findall(workflow)]
