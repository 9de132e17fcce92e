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


# Numbers of code pages, as .NET and Windows have them, where Python says something else than cpNNN.
_CODE_PAGES = {
    "65001": "utf-8",
    "1200": "utf-16",
    "1201": "utf-16-be",
    "12000": "utf-32",
    "12001": "utf-32-be",
    "20127": "ascii",
    "28591": "iso8859-1",
    "28605": "iso8859-15",
}


@dataclass(frozen=True)
class CsvFormat:
    """What model.json says of a file; None means that it says nothing and the file decides.

    `certain`: it names this file, so what it says is of this file. `quoting` False is its word for
    values without quotes, `escape` for quotes that a backslash marks, `ragged` for rows that may be
    short. `skipped`: lines before the first row. `unknown`: what it says that this reader can't do.
    `newline`: how rows end, empty where it says nothing.
    """

    delimiter: str | None = None
    quoting: bool = True
    encoding: str | None = None
    header: bool | None = None
    columns: tuple[str, ...] | None = None
    certain: bool = False
    escape: bool = False
    quote: str = '"'
    ragged: bool = False
    skipped: int = 0
    unknown: tuple[str, ...] = ()
    newline: str = ""


def codec_name(name: object) -> str | None:
    """Return Python's name of a character encoding, None for what is none."""
    if not isinstance(name, str | int) or isinstance(name, bool):
        return None
    text = str(name).strip().lower()
    if text.isdecimal():
        text = _CODE_PAGES.get(text, f"cp{text}")
    try:
        found = codecs.lookup(_OTHER_NAMES.get(text, text)).name.removesuffix("-sig")
    except (LookupError, ValueError):
        return None
    return found if _CHARACTER_SETS.fullmatch(found) else None
