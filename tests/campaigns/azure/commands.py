"""The az commands that people are told to run: found by having a shell run the text around them.

A shell is what reads them, with its quotes, substitutions and pipes. It runs in an empty folder and
finds no program there but a few that change nothing, and an az that writes down its arguments.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.campaigns.azure.tools import ROOT
from tests.deployment import workflows

_HARMLESS = ("bash", "cat", "cut", "head", "sed", "sort", "tr", "xargs")
_AZ = f"""#!{sys.executable}
import json, os, sys
with open(os.environ["AZ_LOG"], "a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
print("said-by-az")
"""
# What stands for something of the reader's: <account>, <first of month>, <…>.
_PLACEHOLDER = re.compile(r"<[A-Za-z…][^<>\n]*>")


def texts() -> Iterator[tuple[str, str]]:
    """Yield every piece of shell with az in it, and the page or workflow that it stands in."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    for page in pages:
        text = page.read_text()
        blocks = re.findall(r"^ *```sh\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
        rest = re.sub(r"^ *```\w*\n.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)
        inline = re.findall(r"`(az [a-z][^`]*)`", rest)
        for block in [*blocks, *(one.replace("\n", " ") for one in inline)]:
            if re.search(r"\baz ", block):
                yield page.name, block
    for workflow in workflows.PATHS:
        for block in workflows.runs(workflow.read_text()):
            if re.search(r"\baz ", block):
                yield workflow.name, block


def run_by_shell(text: str, folder: Path) -> list[list[str]]:
    """Return the arguments of every az that a shell would start."""
    programs = folder / "programs"
    programs.mkdir(parents=True)
    for name in _HARMLESS:
        (programs / name).symlink_to(shutil.which(name) or "/missing")
    (programs / "az").write_text(_AZ)
    (programs / "az").chmod(0o755)
    log = folder / "az.log"
    log.touch()
    subprocess.run(
        [shutil.which("bash") or "bash", "-c", _PLACEHOLDER.sub("given-by-you", text)],
        cwd=folder,
        env={"PATH": str(programs), "AZ_LOG": str(log)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )
    return [json.loads(line) for line in log.read_text().splitlines()]
