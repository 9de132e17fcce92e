"""What the figures were measured on."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from benchmarks.results import Table
from local.azurite import Azurite
from local.stack import ROOT

_PACKAGES = ("polars", "pyarrow", "azure-storage-blob", "azure-functions", "requests")


def describe() -> Table:
    """Return processor, memory, systems and versions."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    rows = [
        ("processor", f"{os.cpu_count()} x {_field('/proc/cpuinfo', 'model name')}"),
        ("memory", f"{int(_field('/proc/meminfo', 'MemTotal').split()[0]) / 1e6:.0f} GB"),
        ("system", f"{platform.system()} {platform.release().partition('-')[0]}"),
        ("Python", platform.python_version()),
        *((name, version(name)) for name in _PACKAGES),
        ("Azurite", _azurite()),
        ("this project", commit.stdout.strip() or "unknown"),
    ]
    return Table("Machine and versions", ("what", "is"), rows)


def _field(path: str, name: str) -> str:
    for line in Path(path).read_text().splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return "unknown"


def _azurite() -> str:
    import json

    package = ROOT / ".local" / "azurite" / "node_modules" / Azurite.__name__.lower()
    found = json.loads((package / "package.json").read_text())
    return str(found["version"])
