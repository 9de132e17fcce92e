"""The bytes of a blob as UTF-8, whatever they are written in."""

import codecs
from collections.abc import Iterable, Iterator

# Longest first: the mark of UTF-32 LE begins with that of UTF-16 LE.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LONGEST_MARK = 4


def as_utf8(
    chunks: Iterable[bytes], declared: str | None, *, whole: bool = True
) -> Iterator[bytes]:
    """Yield the text as UTF-8 without its byte order mark; what is UTF-8 goes through unchecked.

    `declared` is a Python codec name; a byte order mark, or the zero bytes of UTF-16, override
    it. Without `whole` a character that is cut at the end is dropped. Raises UnicodeError.
    """
    parts = iter(chunks)
    first = b""
    for part in parts:
        first += part
        if len(first) >= _LONGEST_MARK:
            break
    encoding, skipped = _encoding(first, declared)
    first = first[skipped:]
    if encoding == "utf-8":
        if first:
            yield first
        yield from (part for part in parts if part)
        return
    decoder = codecs.getincrementaldecoder(encoding)()
    yield from _encoded(decoder.decode(first))
    for part in parts:
        yield from _encoded(decoder.decode(part))
    if whole:
        yield from _encoded(decoder.decode(b"", final=True))


def _encoding(first: bytes, declared: str | None) -> tuple[str, int]:
    """Tell the codec and how many bytes of mark to skip."""
    for mark, encoding in _MARKS:
        if first.startswith(mark):
            return encoding, len(mark)
    if declared is None or declared.startswith("utf-16") or declared in ("utf-8", "ascii"):
        # No CSV begins with a zero character, so these are halves of 16-bit ones.
        if first[:1] == b"\0" != first[1:2]:
            return "utf-16-be", 0
        if first[1:2] == b"\0" != first[:1]:
            return "utf-16-le", 0
    if declared is not None and declared.startswith("utf-16") and _is_ascii(first):
        # Names of columns, of which two characters each would make one of Chinese.
        return "utf-8", 0
    match declared:
        case None | "ascii":
            return "utf-8", 0
        case "utf-16" | "utf-32":
            return f"{declared}-le", 0
        case _:
            return declared, 0


def _is_ascii(first: bytes) -> bool:
    return len(first) >= _LONGEST_MARK and all(32 <= byte < 127 for byte in first[:_LONGEST_MARK])


def _encoded(text: str) -> Iterator[bytes]:
    if text:
        yield text.encode()
