"""Cuts CSV text into pieces of whole rows and finds quotation marks that are out of place.

The CSV reader behind it takes a quote that never ends, or text behind a closing quote, for part
of a value, and would silently make one profile of two.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

# No profile is that long; a quote that is never closed is, and must not fill the memory.
LONGEST_ROW = 16 << 20


class MalformedRowError(Exception):
    """A row that can't be right, with the line (from 1) where it begins."""

    def __init__(self, line: int, reason: str) -> None:
        self.line = line
        self.reason = reason
        super().__init__(f"line {line}: {reason}")


@dataclass(frozen=True)
class Piece:
    """Some whole rows; `line` is where the first begins."""

    data: bytes
    line: int


@dataclass(frozen=True)
class Grammar:
    """CSV with one delimiter, as RFC 4180 has it, plus quotes inside values that aren't quoted."""

    delimiter: bytes
    quoting: bool
    field: re.Pattern[bytes]
    row: re.Pattern[bytes]
    rows: re.Pattern[bytes]
    beginning: re.Pattern[bytes]
    quoted: re.Pattern[bytes]

    def end_of_rows(self, data: bytes) -> int:
        """Return where the last whole row of `data`, which begins with a row, ends.

        Raises MalformedRowError with a line relative to `data`.
        """
        # A carriage return at the very end may be the first half of a line's end.
        end = max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1
        if not self.quoting or b'"' not in data:
            return end
        end = _back_out_of_quotes(data, end)
        regular = self.quoted.match(data, 0, end)
        if regular and data.find(b'"', regular.end(), end) < 0 and self.beginning.match(data, end):
            return end
        # Quotes inside values that aren't quoted, or an error: look at every value.
        found = self.rows.match(data)
        end = found.end() if found else 0
        if end < len(data) and not self.beginning.match(data, end):
            reason = "a quoted value is followed by something else than a delimiter"
            raise MalformedRowError(lines_in(data[:end]) + 1, reason)
        return end

    def split(self, data: bytes, limit: int) -> list[tuple[bytes, int]]:
        """Return the first rows, blank lines left out, each without its line end and where it ends.

        Stops before a row that is cut or malformed.
        """
        found: list[tuple[bytes, int]] = []
        at = 0
        while len(found) < limit and (match := self.row.match(data, at)):
            at = match.end()
            if row := match[0].rstrip(b"\r\n"):
                found.append((row, at))
        return found

    def values(self, row: bytes, errors: str = "strict") -> list[str]:
        """Return the values of one row; raises UnicodeError unless `errors` is `replace`."""
        values = []
        at = 0
        while True:
            match = self.field.match(row, at)
            raw = match[0] if match else b""
            at += len(raw) + 1
            if self.quoting and raw[:1] == b'"':
                raw = raw[1:-1].replace(b'""', b'"')
            values.append(raw.decode(errors=errors))
            if at > len(row):
                return values


@cache
def grammar(delimiter: str, quoting: bool) -> Grammar:
    """Return the grammar for a delimiter of one ASCII character."""
    separator = re.escape(delimiter.encode())
    plain = rb"[^" + separator + rb"\r\n]*+"
    if quoting:
        # A value that begins with a quote and isn't a whole quoted one matches nothing here.
        plain = rb'(?!")' + plain
        field = rb'(?:"(?:[^"]++|"")*+"|' + plain + rb")"
    else:
        field = plain
    before, behind = rb"(?<![^" + separator + rb"\r\n])", rb"(?![^" + separator + rb"\r\n])"
    end = rb"(?:\r\n|\n|\r(?!\Z))"
    row = field + rb"(?:" + separator + field + rb")*+" + end
    beginning = rb"(?:" + field + separator + rb')*+(?:"(?:[^"]++|"")*+\Z|' + field + rb"\r?\Z)"
    return Grammar(
        delimiter.encode(),
        quoting,
        re.compile(field),
        re.compile(row),
        re.compile(rb"(?:" + row + rb")*+"),
        re.compile(beginning),
        # Goes from quoted value to quoted value, each between delimiters or line ends.
        re.compile(rb'(?:[^"]*+' + before + rb'"(?:[^"]++|"")*+"' + behind + rb")*+"),
    )


def whole_rows(chunks: Iterable[bytes], rules: Grammar, line: int) -> Iterator[Piece]:
    """Yield the text in pieces of about a chunk each that end where a row ends.

    `line` is the number of the first line. Raises MalformedRowError.
    """
    rest = b""
    for chunk in chunks:
        data = rest + chunk if rest else chunk
        end = _end(data, rules, line)
        if end:
            yield Piece(data[:end], line)
            line += lines_in(data[:end])
        rest = data[end:]
        if len(rest) > LONGEST_ROW:
            size = LONGEST_ROW >> 20
            raise MalformedRowError(line, f"a row is longer than {size} MB, or a quote never ends")
    if rest:
        # The last row may lack its line end.
        data = rest + b"\n"
        if _end(data, rules, line) < len(data):
            raise MalformedRowError(line, "a quoted value does not end before the file does")
        yield Piece(data, line)


def lines_in(data: bytes) -> int:
    """Count the line ends: those of Unix and Windows or, where there are none, of the old Mac."""
    return data.count(b"\n") or data.count(b"\r")


def _back_out_of_quotes(data: bytes, end: int) -> int:
    """Return the last line end, up to `end`, with an even number of quotes before it."""
    quotes = data.count(b'"', 0, end)
    newline = end
    while end and quotes % 2:
        opening = data.rfind(b'"', 0, end)
        # Neither kind of line end is looked for where it was already: there may be none of it.
        if newline >= opening:
            newline = data.rfind(b"\n", 0, opening)
        line_end = max(newline, data.rfind(b"\r", newline + 1, opening)) + 1
        quotes -= data.count(b'"', line_end, end)
        end = line_end
    return end


def _end(data: bytes, rules: Grammar, line: int) -> int:
    try:
        return rules.end_of_rows(data)
    except MalformedRowError as error:
        raise MalformedRowError(line + error.line - 1, error.reason) from None
