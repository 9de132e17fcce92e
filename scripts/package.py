"""Builds dist/segment-export.zip: what the Functions platform gets, and nothing else."""

import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = ("function_app.py", "host.json", "requirements.txt")
PACKAGES = ("shared", "console")


def main() -> None:
    """Write the archive, its entries in a fixed order and with a fixed time."""
    missing = [name for name in FILES if not (ROOT / name).is_file()]
    if missing:
        sys.exit(f"package: missing {', '.join(missing)}")
    archive = ROOT / "dist" / "segment-export.zip"
    archive.parent.mkdir(exist_ok=True)
    paths = [ROOT / name for name in FILES]
    for package in PACKAGES:
        paths += sorted(
            path
            for path in (ROOT / package).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts and path.suffixes != [".d", ".ts"]
        )
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
        for path in paths:
            entry = zipfile.ZipInfo(path.relative_to(ROOT).as_posix())
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            bundle.writestr(entry, path.read_bytes())
    size = archive.stat().st_size / 1024
    print(f"package: {archive.relative_to(ROOT)}, {len(paths)} files, {size:,.0f} KB")


if __name__ == "__main__":
    main()
