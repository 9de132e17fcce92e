"""The pipeline's borders: stages know the documents between them, and nothing of each other."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.root import ROOT

RUNS = ROOT / "shared" / "runs"
STAGES = ("planning", "sending", "finishing", "upkeep")


def imports_of(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield (file, imported module) for each import below a folder, lazy ones too."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                yield from (
                    (str(path.relative_to(ROOT)), f"{node.module}.{name.name}")
                    for name in node.names
                )
            elif isinstance(node, ast.Import):
                yield from ((str(path.relative_to(ROOT)), name.name) for name in node.names)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_no_other_stage(stage: str) -> None:
    others = tuple(f"shared.runs.{other}." for other in STAGES if other != stage)
    found = list(imports_of(RUNS / stage))
    assert found
    assert [(file, name) for file, name in found if name.startswith(others)] == []


@pytest.mark.parametrize("ground", ["frames", "platform"])
def test_the_ground_floor_imports_nothing_above(ground: str) -> None:
    allowed = tuple(f"shared.{floor}." for floor in ("frames", "platform"))
    found = [
        (file, name)
        for file, name in imports_of(ROOT / "shared" / ground)
        if name.startswith("shared.") and not name.startswith(allowed)
    ]
    assert found == []
