"""Which dialect a file is written in: the first one that all of its rows fit, never a guess.

A quote marked by a backslash, or a line break in a value without quotes, may come late in a file,
so a file is only looked through for another dialect where the common one doesn't fit or could be
meant otherwise.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import replace

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


def settled(layout: Layout, said: CsvFormat, pieces: Pieces) -> Layout:
    """Return the file's layout with the first dialect that its rows fit.

    Raises MalformedRowError, as the first of them has it, where none does.
    """
    refusals = []
    for dialect in _in_order(layout, said):
        candidate = replace(layout, rules=grammar_of(dialect))
        if not layout.keeps_header(candidate.rules):
            continue
        try:
            _look_through(candidate, pieces)
        except MalformedRowError as error:
            refusals.append(error)
        else:
            return candidate
    raise refusals[0]


def _in_order(layout: Layout, said: CsvFormat) -> Iterator[Dialect]:
    """The dialects, likeliest first. What model.json says of the file itself comes first."""
    usual = replace(layout.rules.dialect, escape=False, newline="")
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
