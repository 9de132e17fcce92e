"""Checks the console's types, with the API's types made from its description by the same models."""

import json
import subprocess
import sys
from pathlib import Path

from local.azurite import node
from shared.http.openapi import document

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".local" / "web"
MODULES = TOOLS / "node_modules"


def main() -> int:
    """Write the types and run the checker; returns its exit code."""
    if not MODULES.is_dir():
        print("check_console: run `make set-up` first", file=sys.stderr)
        return 1
    described = TOOLS / "openapi.json"
    described.write_text(json.dumps(document("keys")))
    made = _run("openapi-typescript/bin/cli.js", described, "--output", TOOLS / "api.d.ts")
    if made.returncode:
        print(made.stdout, made.stderr, sep="", file=sys.stderr)
        return made.returncode
    checked = _run("typescript/bin/tsc", "--project", ROOT / "scripts" / "web" / "tsconfig.json")
    print(checked.stdout, end="")
    if checked.returncode == 0:
        print("Success: the console fits the API")
    return checked.returncode


def _run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    # Node is the one that set-up found; the programs are pinned by the lock file.
    command = [node(), MODULES / program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
