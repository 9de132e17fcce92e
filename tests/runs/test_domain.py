"""What decides about people knows nothing of where anything is stored."""

import subprocess
import sys

import pytest

DOMAIN = (
    "addresses",
    "codes",
    "contacts",
    "difference",
    "fold",
    "ledger",
    "lookup",
    "masks",
    "payload",
    "profiles",
    "sending",
)


@pytest.mark.parametrize("module", DOMAIN)
def test_domain_code_imports_no_azure_module(module: str) -> None:
    code = (
        f"import sys, shared.runs.{module}\n"
        "sys.exit(any(name.split('.')[0] == 'azure' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
