"""What decides about people knows nothing of where anything is stored."""

import subprocess
import sys

import pytest

DOMAIN = (
    "shared.frames.lookup",
    "shared.frames.masks",
    "shared.runs.codes",
    "shared.runs.finishing.fold",
    "shared.runs.ledger",
    "shared.runs.payload",
    "shared.runs.planning.addresses",
    "shared.runs.planning.difference",
    "shared.runs.planning.eligibility",
    "shared.runs.planning.profiles",
    "shared.runs.sending.calls",
)


@pytest.mark.parametrize("module", DOMAIN)
def test_domain_code_imports_no_azure_module(module: str) -> None:
    code = (
        f"import sys, {module}\n"
        "sys.exit(any(name.split('.')[0] == 'azure' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_entry_point_loads_no_client_of_azure_and_no_model() -> None:
    # A cold answer pays for all that is imported before it.
    code = (
        "import sys, function_app\n"
        "print(*sorted(n for n in sys.modules "
        "if n.startswith(('azure.storage', 'azure.core', 'azure.identity', 'pydantic', 'polars'))))"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.split() == []
