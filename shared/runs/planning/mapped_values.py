"""Values that merge fields are filled from and that no column has: templates, and fixed ones."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from shared.exports.field_sources import FromTemplate, FromValue, source_of, template_parts
from shared.exports.models import Export


@dataclass(frozen=True)
class Computed:
    """A value made of columns, and what merge fields call it."""

    name: str
    columns: tuple[str, ...]
    value: pl.Expr


def computed_values(export: Export) -> tuple[Computed, ...]:
    """Return each value once that is made of other columns, or of none."""
    found: dict[str, Computed] = {}
    for source in export.merge_fields.values():
        name = source_of(source).column
        match source:
            case FromTemplate():
                parts = list(template_parts(source.template))
                columns = tuple(column for _, column in parts if column)
                found[name] = Computed(name, columns, _filled(parts))
            case FromValue():
                found[name] = Computed(name, (), pl.lit(source.value))
            case _:
                continue
    return tuple(found.values())


def mapped_columns(export: Export) -> tuple[str, ...]:
    """Return the columns that fill merge fields as they are, each once."""
    mapped = export.mapping.values()
    return tuple(dict.fromkeys(source.column for source in mapped if not source.create_as))


def _filled(parts: Iterable[tuple[str, str | None]]) -> pl.Expr:
    """Return a template's text, "" where all of its columns are blank.

    A blank column leaves nothing, and no blank at an end or beside another one.
    """
    pieces: list[pl.Expr] = []
    columns: list[pl.Expr] = []
    for text, column in parts:
        pieces.append(pl.lit(text))
        if column is not None:
            columns.append(pl.col(column).fill_null("").str.strip_chars())
            pieces.append(columns[-1])
    whole = pl.concat_str(pieces).str.replace_all(r"\s+", " ").str.strip_chars()
    blank = pl.all_horizontal(column == "" for column in columns)
    return pl.when(blank).then(pl.lit("")).otherwise(whole)
