"""Plays `make demo` and draws what it prints: docs/images/demo.svg."""

import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "images" / "demo.svg"
_WIDTH = 126
# The picture asks no other host for a font.
_FONT_FACES = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def main() -> int:
    """Return 0 when the demo ended well and the picture is drawn."""
    played = subprocess.run(
        [sys.executable, "-m", "local.demo"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if played.returncode:
        return played.returncode
    console = Console(record=True, width=_WIDTH, file=StringIO())
    console.print(Text("$ make demo", style="bold"))
    for line in _last_of_each_progress(played.stdout.splitlines()):
        console.print(Text(line))
    drawn = console.export_svg(title="make demo", unique_id="demo")
    PICTURE.write_text(_FONT_FACES.sub("", drawn), "utf-8")
    return 0


def _last_of_each_progress(lines: list[str]) -> list[str]:
    """Leave out all but the last state of a progress bar, as a terminal shows it."""
    kept: list[str] = []
    for line in lines:
        if kept and all(re.match(r"\s+\S+ \[[#.]+\]", text) for text in (kept[-1], line)):
            kept.pop()
        kept.append(line)
    return kept


if __name__ == "__main__":
    sys.exit(main())
