"""Builds what the Functions platform gets, and nothing else.

    scripts/package.py           dist/segment-export.zip: Azure installs requirements.txt
    scripts/package.py --built   dist/segment-export-built.zip: the packages are in it already, each
                                 file checked by the hash in requirements.txt; beside it its bill of
                                 materials, segment-export-built.cdx.json (CycloneDX)

The second is for tenants without PyPI, and needs no build on Azure at all.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
FILES = ("function_app.py", "host.json", "requirements.txt")
PACKAGES = ("shared", "console")
# Where the Functions worker looks for packages beside the app.
SITE = ".python_packages/lib/site-packages"
# What runs on Flex Consumption: Python 3.13 on Linux x86_64, with a C library that takes these.
PLATFORM = [
    *("--python-version", "3.13", "--implementation", "cp"),
    *(f"--platform=manylinux_2_{minor}_x86_64" for minor in range(28, 16, -1)),
    *("--platform=manylinux2014_x86_64", "--platform=manylinux2010_x86_64"),
]


def main() -> None:
    """Write the package that was asked for."""
    parser = argparse.ArgumentParser(description="Build the package that is deployed.")
    parser.add_argument("--built", action="store_true", help="with the packages in it")
    if missing := [name for name in FILES if not (ROOT / name).is_file()]:
        sys.exit(f"package: missing {', '.join(missing)}")
    DIST.mkdir(exist_ok=True)
    if parser.parse_args().built:
        build(DIST / "segment-export-built.zip")
    else:
        write(DIST / "segment-export.zip", {ROOT: app()})


def app() -> list[Path]:
    """Return the app's own files."""
    return [ROOT / name for name in FILES] + [
        path for package in PACKAGES for path in _files(ROOT / package)
    ]


def build(archive: Path) -> None:
    """Write the package with everything in it, and its bill of materials."""
    # Without the list nobody, meaning well, installs it a second time on Azure.
    own = [path for path in app() if path.name != "requirements.txt"]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        site = Path(folder) / SITE
        _install(site, report)
        write(archive, {ROOT: own, Path(folder): _files(site)})
        installed = json.loads(report.read_text())["install"]
    bill = archive.with_suffix(".cdx.json")
    bill.write_text(json.dumps(_bill(archive, installed), indent=1) + "\n")
    print(f"package: {_shown(bill)}, {len(installed)} packages")


def _install(site: Path, report: Path) -> None:
    """Put the locked packages into a folder; anything but a wheel with a known hash is refused."""
    subprocess.run(  # noqa: S603 - arguments of our own
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-compile", "--require-hashes", "--only-binary=:all:", "--no-deps", *PLATFORM),
            *("--target", site, "--report", report, "--requirement", ROOT / "requirements.txt"),
        ],
        check=True,
    )


def _files(folder: Path) -> list[Path]:
    """Return a folder's files; those that describe types to TypeScript alone are for developers."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffixes != [".d", ".ts"]
    )


def write(archive: Path, parts: Mapping[Path, list[Path]]) -> None:
    """Write an archive of files by their folder, in a fixed order and with a fixed time."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
        for folder, paths in parts.items():
            for path in paths:
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix())
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                bundle.writestr(entry, path.read_bytes())
    size = archive.stat().st_size / 1024
    print(f"package: {_shown(archive)}, {sum(map(len, parts.values()))} files, {size:,.0f} KB")


def _bill(archive: Path, installed: list[dict[str, Any]]) -> dict[str, Any]:
    """Return which packages are in the archive, as CycloneDX 1.6."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "name": "segment-export",
                "hashes": [{"alg": "SHA-256", "content": _sha256(archive)}],
            }
        },
        "components": [_component(item) for item in installed],
    }


def _component(item: dict[str, Any]) -> dict[str, Any]:
    about = item["metadata"]
    name, version = about["name"], about["version"]
    classified = [
        one.rpartition(" :: ")[2] for one in about.get("classifier", []) if "License" in one
    ]
    licence = about.get("license_expression") or ", ".join(classified) or about.get("license", "")
    return {
        "type": "library",
        "bom-ref": f"pkg:pypi/{name.lower()}@{version}",
        "purl": f"pkg:pypi/{name.lower()}@{version}",
        "name": name,
        "version": version,
        "hashes": [
            {"alg": "SHA-256", "content": item["download_info"]["archive_info"]["hashes"]["sha256"]}
        ],
        **({"licenses": [{"license": {"name": licence.partition("\n")[0]}}]} if licence else {}),
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


if __name__ == "__main__":
    main()
