"""Makes shared/mailchimp/locales.json: how countries are called, how dates and numbers are written.

    python scripts/locale_tables.py

Made from Unicode's CLDR (Babel) and ISO 3166 (pycountry), both of requirements-dev.txt: in the app
they would take 50 MB for what is 600 kB here.
"""

import json
import re
import sys
from pathlib import Path

import pycountry
from babel import Locale, UnknownLocaleError, localedata

TARGET = Path(__file__).resolve().parents[1] / "shared" / "mailchimp" / "locales.json"
# What people write, and neither of them has.
_ALSO = {
    "uk": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "usa": "US",
    "us": "US",
    "america": "US",
    "holland": "NL",
    "czech republic": "CZ",
    "turkey": "TR",
    "republic of ireland": "IE",
    "macedonia": "MK",
    "ivory coast": "CI",
    "burma": "MM",
    "swaziland": "SZ",
    "cape verde": "CV",
    "uae": "AE",
    "brd": "DE",
}
# A language whose names are this few has only some of them.
_MOST_NAMES = 240


def main() -> int:
    """Write the file."""
    sys.path.insert(0, str(TARGET.parents[2]))
    from shared.mailchimp.countries import plainly

    codes = {country.alpha_2 for country in pycountry.countries}
    locales = [locale for name in localedata.locale_identifiers() if (locale := _locale(name))]
    names: dict[str, set[str]] = {}
    for locale in locales:
        found = {code: name for code, name in locale.territories.items() if code in codes}
        if len(found) >= _MOST_NAMES:
            for code, name in found.items():
                names.setdefault(plainly(name), set()).add(code)
    sure = {name: next(iter(found)) for name, found in names.items() if len(found) == 1}
    english = Locale("en").territories
    sure |= {plainly(name): code for code, name in english.items() if code in codes}
    for country in pycountry.countries:
        for member in ("alpha_2", "alpha_3", "name", "official_name", "common_name"):
            if name := getattr(country, member, None):
                sure[plainly(name)] = country.alpha_2
    document = {
        "countries": dict(sorted((sure | _ALSO).items())),
        "cultures": {str(locale).replace("_", "-"): _written(locale) for locale in locales},
    }
    text = json.dumps(document, ensure_ascii=False, indent=0, separators=(",", ":"))
    TARGET.write_text(text + "\n", encoding="utf-8")
    return 0


def _locale(name: str) -> Locale | None:
    try:
        return Locale.parse(name)
    except (UnknownLocaleError, ValueError):
        return None


def _written(locale: Locale) -> str:
    """The decimal mark, and whether the day comes before the month."""
    symbols = locale.number_symbols
    decimal = symbols.get("latn", symbols).get("decimal", ".")
    order = re.sub("[^dM]", "", locale.date_formats["short"].pattern)
    return f"{decimal}{order[:1]}"


if __name__ == "__main__":
    sys.exit(main())
