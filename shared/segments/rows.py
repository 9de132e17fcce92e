"""Cuts CSV text into pieces of whole rows and finds quotation marks that are out of place.

The CSV reader behind it takes a quote that never ends, or text behind a closing quote, for part
of a value, and would silently make one profile of two.
"""

import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

# No profile is that long; a quote that is never closed is, and must not fill the memory.
LONGEST_ROW = 16 << 20


LOOK_AT_QUOTES = (
    "Look at this row at the source: a value with a quotation mark in it has to be written in "
    "quotes, with the mark doubled."
)


class MalformedRowError(Exception):
    """A row that can't be right, with the line (from 1) where it begins.

    `row` counts from the first of the rows that were looked at, which is 1, without blank ones.
    `column`: the place, from 0, of the value at fault, where one is known. `help`: what may be
    wrong at the source.
    """

    def __init__(
        self, line: int, reason: str, column: int | None = None, row: int = 1, help: str = ""
    ) -> None:
        self.line = line
        self.reason = reason
        self.column = column
        self.row = row
        self.help = help
        super().__init__(f"line {line}: {reason}")


@dataclass(frozen=True)
class Piece:
    """Some whole rows; `line` is where the first begins."""

    data: bytes
    line: int


@dataclass(frozen=True)
class Dialect:
    """How rows are written. `quote` is empty where quotes mean nothing, `newline` where rows may
    end in any way; with `escape` a backslash before a quote or a backslash takes it literally, in
    quoted values; with `ragged` a row may lack its last values.
    """

    delimiter: str = ","
    quote: str = '"'
    escape: bool = False
    newline: str = ""
    ragged: bool = False


@dataclass(frozen=True)
class Grammar:
    """A dialect as patterns: RFC 4180, plus quotes inside values that aren't quoted."""

    dialect: Dialect
    field: re.Pattern[bytes]
    row: re.Pattern[bytes]
    rows: re.Pattern[bytes]
    beginning: re.Pattern[bytes]
    quoted: re.Pattern[bytes]

    @property
    def delimiter(self) -> bytes:
        """What separates values."""
        return self.dialect.delimiter.encode()

    @property
    def quoting(self) -> bool:
        """Whether values may be quoted."""
        return bool(self.dialect.quote)

    @property
    def is_plain(self) -> bool:
        """Whether a common CSV reader understands it."""
        return replace(self.dialect, delimiter=",", quote='"') == Dialect() and (
            self.dialect.quote in ("", '"')
        )

    def end_of_rows(self, data: bytes) -> int:
        """Return where the last whole row of `data`, which begins with a row, ends.

        Raises MalformedRowError with a line relative to `data`.
        """
        if self.is_plain:
            # A carriage return at the very end may be the first half of a line's end.
            end = max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1
            if not self.quoting or b'"' not in data:
                return end
            end = _back_out_of_quotes(data, end)
            regular = self.quoted.match(data, 0, end)
            if (
                regular
                and data.find(b'"', regular.end(), end) < 0
                and self.beginning.match(data, end)
            ):
                return end
        # Quotes inside values that aren't quoted, a rarer dialect, an error: look at every value.
        found = self.rows.match(data)
        end = found.end() if found else 0
        if end < len(data) and not self.beginning.match(data, end):
            reason = "a quoted value is followed by something else than a delimiter"
            column = self._broken_value(data, end)
            row = len(self.split(data[:end], len(data))) + 1
            raise MalformedRowError(lines_in(data[:end]) + 1, reason, column, row, LOOK_AT_QUOTES)
        return end

    def split(self, data: bytes, limit: int) -> list[tuple[bytes, int]]:
        """Return the first rows, blank lines left out, each without its line end and where it ends.

        Stops before a row that is cut or malformed.
        """
        found: list[tuple[bytes, int]] = []
        at = 0
        while len(found) < limit and (match := self.row.match(data, at)):
            at = match.end()
            if row := self.without_end(match[0]):
                found.append((row, at))
        return found

    def values(self, row: bytes, errors: str = "strict") -> list[str]:
        """Return the values of one row; raises UnicodeError unless `errors` is `replace`."""
        return [value.decode(errors=errors) for value in self.raw_values(row)]

    def plainly(self, data: bytes, width: int) -> bytes:
        """Write whole rows as a common CSV reader understands them."""
        if self.is_plain:
            return data
        return b"".join(self._plain_rows(data, width))

    def _plain_rows(self, data: bytes, width: int) -> Iterator[bytes]:
        if not self.dialect.newline and data.endswith(b"\r"):
            data += b"\n"  # These are whole rows: it is no half of a line's end.
        at = 0
        while match := self.row.match(data, at):
            at = match.end()
            row = self.without_end(match[0])
            values = self.raw_values(row) if row or width == 1 else []
            if self.dialect.ragged and row:
                values += [b""] * (width - len(values))
            quoted = (b'"%b"' % value.replace(b'"', b'""') for value in values)
            yield self.delimiter.join(quoted) + b"\n"

    def without_end(self, row: bytes) -> bytes:
        """A row without its line end."""
        if not self.dialect.newline:
            return row.rstrip(b"\r\n")
        return row.removesuffix(self.dialect.newline.encode())

    def raw_values(self, row: bytes) -> list[bytes]:
        """The values of one row, without their quotes."""
        values = []
        quote = self.dialect.quote.encode()
        at = 0
        while True:
            match = self.field.match(row, at)
            raw = match[0] if match else b""
            at += len(raw) + 1
            if quote and raw[:1] == quote:
                raw = self._unquoted(raw[1:-1], quote)
            values.append(raw)
            if at > len(row):
                return values

    def _unquoted(self, raw: bytes, quote: bytes) -> bytes:
        if not self.dialect.escape:
            return raw.replace(quote * 2, quote)
        marked = rb"\\([\\" + re.escape(quote) + rb"])|" + re.escape(quote) * 2
        return re.sub(marked, lambda found: found[1] or quote, raw)

    def _broken_value(self, data: bytes, at: int) -> int:
        """Which value of the row that begins here is malformed, from 0."""
        number = 0
        while match := self.field.match(data, at):
            if data[match.end() : match.end() + 1] != self.delimiter:
                break
            at = match.end() + 1
            number += 1
        return number


def grammar(delimiter: str, quoting: bool) -> Grammar:
    """Return the grammar of common CSV for a delimiter of one ASCII character."""
    return grammar_of(Dialect(delimiter, '"' if quoting else ""))


# What a value without quotes holds besides delimiters, and what ends a row, by the row's end.
_VALUES = {
    "": (rb"[^%b\r\n]", rb"(?:\r\n|\n|\r(?!\Z))"),
    "\n": (rb"[^%b\n]", rb"\n"),
    "\r": (rb"[^%b\r]", rb"\r"),
    "\r\n": (rb"(?:[^%b\r\n]|\r(?!\n)|(?<!\r)\n)", rb"\r\n"),
}


@cache
def grammar_of(dialect: Dialect) -> Grammar:
    """Return the grammar of a dialect."""
    separator = re.escape(dialect.delimiter.encode())
    inside, end = _VALUES[dialect.newline]
    plain = inside.replace(b"%b", separator) + b"*+"
    quote = re.escape(dialect.quote.encode())
    if quote:
        # A value that begins with a quote and isn't a whole quoted one matches nothing here.
        plain = rb"(?!" + quote + rb")" + plain
        within = rb"(?:[^" + quote + rb"]++|" + quote * 2 + rb")*+"
        if dialect.escape:
            within = rb"(?:[^\\" + quote + rb"]++|\\[\s\S]|" + quote * 2 + rb")*+"
        field = rb"(?:" + quote + within + quote + rb"|" + plain + rb")"
        opened = quote + within + rb"\\?\Z|"
    else:
        field, within, opened = plain, rb"", rb""
    before, behind = rb"(?<![^" + separator + rb"\r\n])", rb"(?![^" + separator + rb"\r\n])"
    row = field + rb"(?:" + separator + field + rb")*+" + end
    beginning = rb"(?:" + field + separator + rb")*+(?:" + opened + field + rb"\r?\Z)"
    return Grammar(
        dialect,
        re.compile(field),
        re.compile(row),
        re.compile(rb"(?:" + row + rb")*+"),
        re.compile(beginning),
        # Goes from quoted value to quoted value, each between delimiters or line ends.
        re.compile(
            rb"(?:[^" + quote + rb"]*+" + before + quote + within + quote + behind + rb")*+"
            if quote
            else rb""
        ),
    )


def whole_rows(chunks: Iterable[bytes], rules: Grammar, line: int) -> Generator[Piece]:
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
            reason = f"a row is longer than {size} MB, or a quote never ends"
            raise MalformedRowError(line, reason, help=LOOK_AT_QUOTES)
    if rest:
        # The last row may lack its line end.
        data = rest + (rules.dialect.newline.encode() or b"\n")
        if _end(data, rules, line) < len(data):
            reason = "a quoted value does not end before the file does"
            help = (
                f"Let Customer Insights write it again. Where that doesn't help: {LOOK_AT_QUOTES}"
            )
            raise MalformedRowError(line, reason, help=help)
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
        error.line += line - 1
        raise
