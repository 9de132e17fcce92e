"""How a segment's CSV files are written, as far as somebody says so, and their encodings."""

import codecs
import re
from dataclasses import dataclass

# Spellings of .NET and Windows that Python doesn't know.
_OTHER_NAMES = {
    "unicode": "utf-16",
    "unicodefffe": "utf-16-be",
    "bigendianunicode": "utf-16-be",
    "ansi": "cp1252",
}
_CHARACTER_SETS = re.compile(
    r"utf-(8|16|32)(-[lb]e)?|ascii|iso8859-\d+|cp\d+|koi8-[ru]|mac-\w+|gb\w+|big5\w*|shift_jis\w*"
    r"|euc_\w+"
)


@dataclass(frozen=True)
class CsvFormat:
    """What model.json says of the files; None means that it says nothing and the file decides."""

    delimiter: str | None = None
    quoting: bool = True
    encoding: str | None = None
    header: bool | None = None
    columns: tuple[str, ...] | None = None


def codec_name(name: object) -> str | None:
    """Return Python's name of a character encoding, None for what is none."""
    if not isinstance(name, str):
        return None
    text = name.strip().lower()
    try:
        found = codecs.lookup(_OTHER_NAMES.get(text, text)).name
    except (LookupError, ValueError):
        return None
    return found if _CHARACTER_SETS.fullmatch(found) else None
