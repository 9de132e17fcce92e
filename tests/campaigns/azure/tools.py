"""Where `make azure` puts Azure's tools, and how they are asked."""

import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent.parent
TOOLS = ROOT / ".local" / "azure"
_HERE = Path(__file__).resolve().parent


def az_complaints(commands: Iterable[list[str]]) -> list[str]:
    """Return what azure-cli's parser says of each command, empty where it takes it."""
    asked: list[str | Path] = [TOOLS / "venv" / "bin" / "python", _HERE / "parse_az.py"]
    return [str(answer) for answer in _ask(asked, commands)]


def kusto_complaints(questions: Iterable[dict[str, Any]]) -> list[list[str]]:
    """Return what Kusto's parser minds of each query with its tables."""
    return [list(answer) for answer in _ask(["node", _HERE / "parse_kusto.mjs", TOOLS], questions)]


def _ask(command: list[str | Path], questions: Iterable[Any]) -> list[Any]:
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    done = subprocess.run(
        command,
        input=lines,
        capture_output=True,
        text=True,
        check=True,
        env={
            "PATH": f"{os.environ['PATH']}:{ROOT}/.venv/bin",
            "AZURE_CONFIG_DIR": str(TOOLS / "config"),
        },
    )
    return [json.loads(line) for line in done.stdout.splitlines()]
