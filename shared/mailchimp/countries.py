"""Countries by their names in any language, and how a culture writes dates and numbers.

Both are looked up in locales.json, which scripts/locale_tables.py makes of Unicode's and ISO's
tables.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class Culture:
    """How values are written: `decimal` is the mark before fractions."""

    decimal: str
    day_first: bool


def country_code(text: str) -> str | None:
    """Return the two-letter code of a country's name or code, None for what is none.

    >>> country_code("The Netherlands"), country_code("Türkiye"), country_code("KOR")
    ('NL', 'TR', 'KR')
    """
    found: str | None = _tables()["countries"].get(plainly(text))
    return found


def culture_of(name: str | None) -> Culture | None:
    """Return how a culture such as de-DE writes, None where it isn't known."""
    cultures = _tables()["cultures"]
    language, _, rest = (name or "").strip().replace("_", "-").partition("-")
    for known in (f"{language.lower()}-{rest.upper()}" if rest else "", language.lower()):
        if written := cultures.get(known):
            return Culture(written[0], written[1] == "d")
    return None


def plainly(name: str) -> str:
    """A name without what is written one way or the other."""
    # Apostrophes of every kind and points go, commas, brackets and dashes separate words.
    text = re.sub(r"[.'`\u2019\u00b4]", "", name.casefold().replace("&", " and "))
    text = " ".join(re.sub(r"[,()\-\u2013]", " ", text).split())
    return text.removeprefix("the ")


@cache
def _tables() -> dict[str, Any]:
    text = resources.files("shared.mailchimp").joinpath("locales.json").read_text("utf-8")
    tables: dict[str, Any] = json.loads(text)
    return tables
