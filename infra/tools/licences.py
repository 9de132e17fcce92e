"""Writes docs/licences.md: every package that the app is deployed with, and its licence.

    .venv/bin/python infra/tools/licences.py

The packages are those of requirements.txt; their licences are what they say in their own metadata.
"""

import json
import re
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "licences.md"
HEAD = """# Licences

What the deployed app is made of besides its own code: the packages of requirements.txt and the
licence that each names in its metadata. Made by `.venv/bin/python infra/tools/licences.py`; run it
after `infra/tools/lock.sh`. Packages for development only (requirements-dev.in) are not deployed.

| package | version | licence |
| --- | --- | --- |
"""
TAIL = """
In the console: `console/vendor/preact.js` is the module `htm/preact/standalone` of htm {htm}
(Apache-2.0), which holds Preact (MIT). What checks the console is not deployed.
"""
# Old classifiers, shortened to the identifiers that newer packages use.
IDENTIFIERS = {
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "BSD License": "BSD",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}


def main() -> None:
    """Write the page; a package that names no licence fails here, to be looked at by a person."""
    PAGE.write_text(page())
    print(f"licences: {PAGE.relative_to(ROOT)}")


def page() -> str:
    """Return the page as it should be."""
    locked = re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / "requirements.txt").read_text(), re.M)
    lines = [f"| {name} | {version} | {licence(name)} |\n" for name, version in locked]
    web = json.loads((ROOT / "scripts" / "web" / "package.json").read_text())["devDependencies"]
    return HEAD + "".join(lines) + TAIL.format(htm=web["htm"])


def licence(package: str) -> str:
    """Return the licence that a package names; raises LookupError when it names none."""
    about = metadata.metadata(package)
    if expression := about.get("License-Expression"):
        return expression
    classified = [
        line.rsplit(" :: ", 1)[1]
        for line in about.get_all("Classifier") or []
        if line.startswith("License ::") and not line.endswith("OSI Approved")
    ]
    text = " or ".join(classified) or (about.get("License") or "").strip().split("\n")[0]
    if not text:
        raise LookupError(f"{package} names no licence")
    return IDENTIFIERS.get(text, text)


if __name__ == "__main__":
    main()
