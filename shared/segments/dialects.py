"""Which dialect a file is written in: the first one that all of its rows fit, never a guess.

A quote marked by a backslash, or a line break in a value without quotes, may come late in a file,
so a file is only looked through for another dialect where the common one doesn't fit or could be
meant otherwise.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from shared.segments.format import CsvFormat
from shared.segments.layout import Layout
from shared.segments.parsing import parse
from shared.segments.rows import Dialect, Grammar, MalformedRowError, Piece, grammar_of

# Gives the pieces of a file's rows, cut by a grammar, from the first row on.
Pieces = Callable[[Grammar], Generator[Piece]]


def is_open(piece: Piece, layout: Layout, said: CsvFormat) -> bool:
    """Return whether these rows, though they fit, may be meant otherwise."""
    quote = layout.rules.dialect.quote.encode()
    if not quote or quote not in piece.data:
        return False
    return not said.quoting or b"\\" + quote in piece.data


def settled(layout: Layout, said: CsvFormat, pieces: Pieces, text: Iterable[bytes]) -> Layout:
    """Return the file's layout with the first dialect that its rows fit.

    `text`: all of its rows. Where no two dialects would read them otherwise, the first of them is
    returned without a look. Raises MalformedRowError, as the first has it, where none fits.
    """
    signs = _signs(text, layout)
    grammars = dict.fromkeys(
        rules
        for dialect in _in_order(layout, said)
        if dialect.newline in ("", said.newline) or signs.other_ends
        if layout.keeps_header(rules := grammar_of(dialect))
    )
    candidates = [replace(layout, rules=rules) for rules in grammars]
    if not signs.quotes:
        ends = {c.rules.dialect.newline: c for c in reversed(candidates)}
        candidates = [c for c in candidates if c in ends.values()]
    if len(candidates) == 1:
        return candidates[0]
    refusals = []
    for candidate in candidates:
        try:
            _look_through(candidate, pieces)
        except MalformedRowError as error:
            refusals.append(error)
        else:
            return candidate
    raise refusals[0]


@dataclass(frozen=True)
class _Signs:
    """What in a file dialects read differently: quotes, and line ends unlike the first one."""

    quotes: bool
    other_ends: bool


def _signs(text: Iterable[bytes], layout: Layout) -> _Signs:
    quote = (layout.rules.dialect.quote or '"').encode()
    quotes = 0
    ends = {b"\r": 0, b"\n": 0, b"\r\n": 0}
    last = b""
    for chunk in text:
        quotes += quote in chunk
        for end in ends:
            ends[end] += chunk.count(end)
        ends[b"\r\n"] += last == b"\r" and chunk.startswith(b"\n")
        last = chunk[-1:]
    alone = {
        "\r\n": ends[b"\r\n"],
        "\n": ends[b"\n"] - ends[b"\r\n"],
        "\r": ends[b"\r"] - ends[b"\r\n"],
    }
    return _Signs(quotes > 0, any(n for end, n in alone.items() if end != layout.newline))


def _in_order(layout: Layout, said: CsvFormat) -> Iterator[Dialect]:
    """The dialects, likeliest first. What model.json says of the file itself comes first."""
    # Where model.json says how rows end, and the first one does, they end in no other way.
    newline = layout.newline if said.newline == layout.newline else ""
    usual = replace(layout.rules.dialect, escape=False, newline=newline)
    quoted = replace(usual, quote=usual.quote or said.quote)
    escaped = replace(quoted, escape=True)
    order = [escaped, quoted] if said.escape else [quoted, escaped]
    if not said.quoting:
        order.insert(len(order) if usual.quote else 0, replace(usual, quote=""))
    yield from order
    yield from (replace(dialect, newline=layout.newline) for dialect in order)


def _look_through(layout: Layout, pieces: Pieces) -> None:
    rows = 0
    with closing(pieces(layout.rules)) as found:
        try:
            for piece in found:
                rows += parse(layout, piece, {}).num_rows
        except MalformedRowError as error:
            error.row += rows
            raise
