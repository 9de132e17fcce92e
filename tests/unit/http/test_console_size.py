"""What a page of the console costs to load."""

import re

from shared.http import console

LIMIT = 60_000
PAGES = sorted(name for name in console.manifest().files if name.startswith("pages/"))
_STATIC = re.compile(rb'^(?:import|export)[^;]*?from\s+"(\.[^"]+)"', re.MULTILINE)


def _loaded_with(names: list[str]) -> set[str]:
    """The modules that these import at once, themselves included."""
    files = console.manifest().files
    found: set[str] = set()
    while names:
        name = names.pop()
        if name in found:
            continue
        found.add(name)
        folder = name.split("/")[:-1]
        for wanted in _STATIC.findall(files[name].plain):
            parts = list(folder)
            for step in wanted.decode().split("/"):
                if step == "..":
                    parts.pop()
                elif step != ".":
                    parts.append(step)
            names.append("/".join(parts))
    return found


def test_no_page_loads_more_than_sixty_kilobytes_before_its_language() -> None:
    files = console.manifest().files
    for page in PAGES:
        modules = _loaded_with(["main.js", page])
        size = sum(len(files[name].zipped) for name in {*modules, "style.css", "index.html"})
        assert size < LIMIT, (page, size)
