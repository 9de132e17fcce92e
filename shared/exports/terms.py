"""The data privacy terms that a connection needs consent to."""

from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("terms.md")


@cache
def terms_text() -> str:
    """Return the whole text."""
    return _FILE.read_text(encoding="utf-8")


@cache
def terms_version() -> str:
    """Return the version, which the text's second line says; a changed text needs a new one."""
    return terms_text().splitlines()[1].removeprefix("Version ").strip()
