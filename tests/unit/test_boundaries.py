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


@pytest.mark.parametrize(
    ("floor", "below"),
    [
        ("platform", ()),
        ("frames", ("platform", "addresses")),
        ("accounts", ("platform",)),
        ("segments", ("platform",)),
    ],
)
def test_a_lower_floor_imports_nothing_above(floor: str, below: tuple[str, ...]) -> None:
    allowed = tuple(f"shared.{other}." for other in (floor, *below))
    found = [
        (file, name)
        for file, name in imports_of(ROOT / "shared" / floor)
        if name.startswith("shared.") and not name.startswith(allowed)
    ]
    assert found == []


def test_one_place_builds_the_clients_of_azure_and_entry_points_alone_use_it() -> None:
    clients = ("BlobServiceClient", "QueueServiceClient", "SecretClient", "DefaultAzureCredential")
    built = set()
    for path in (ROOT / "shared").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith(clients):
                built.add(path.relative_to(ROOT).as_posix())
    # A setting is judged by what would connect with it; nothing is connected there.
    assert built == {"shared/bootstrap.py", "shared/platform/settings.py"}
    users = {file for file, name in imports_of(ROOT / "shared") if ".bootstrap." in f"{name}."}
    assert users <= {"shared/http/health.py", "shared/http/serve.py"}


def test_the_mailchimp_client_is_imported_where_calls_are_made_and_nowhere_else() -> None:
    allowed = (
        "shared/mailchimp/",
        "shared/exports/accounts.py",
        "shared/runs/connect.py",
        "shared/runs/planning/mailchimp_calls.py",
        "shared/runs/sending/",
    )
    found = [
        file
        for file, name in imports_of(ROOT / "shared")
        if name.startswith("shared.mailchimp.client.") and not file.startswith(allowed)
    ]
    assert found == []


@pytest.mark.parametrize("package", ["exports", "mailchimp", "audiences"])
def test_what_people_configure_and_what_speaks_to_mailchimp_know_nothing_of_runs(
    package: str,
) -> None:
    found = list(imports_of(ROOT / "shared" / package))
    assert found
    assert [(file, name) for file, name in found if name.startswith("shared.runs")] == []
