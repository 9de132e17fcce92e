"""Profile values as the merge fields want them, a column at a time.

Every value is trimmed and freed of control characters first. What then does not fit the type of
its field is dropped rather than guessed: Mailchimp refuses the whole contact for one bad value.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from shared.mailchimp import value_types
from shared.mailchimp.merge_fields import NEEDED_PARTS, FieldPlan

MAX_BYTES = 255
_BREAKS = r"[\t-\r\x{85}\x{2028}\x{2029}]+"
_CONTROLS = r"\p{Cc}"


@dataclass(frozen=True)
class ConvertedValues:
    """`frame` has a column per tag, its rows in the order they came in, null for nothing to send.

    Text for most types, Float64 for number, a struct of texts for address (its own parts null
    where blank). `cut` and `dropped` count values per tag, without tags that have none.
    """

    frame: pl.DataFrame
    cut: dict[str, int]
    dropped: dict[str, int]


def convert_values(frame: pl.DataFrame, plan: Sequence[FieldPlan]) -> ConvertedValues:
    """Convert the mapped columns of some profiles; blank values are null, neither cut nor dropped.

    Raises polars' ColumnNotFoundError for a column that the frame lacks.
    """
    columns: list[pl.Series] = []
    cut: dict[str, int] = {}
    dropped: dict[str, int] = {}
    for field in plan:
        if field.parts:
            values, given, shortened = _address(frame, field)
        else:
            text = clean(frame.get_column(field.column))
            given = text.len() - text.null_count()
            values, shortened = _convert(text, field)
        columns.append(values.alias(field.tag))
        if shortened:
            cut[field.tag] = shortened
        if lost := given - (values.len() - values.null_count()):
            dropped[field.tag] = lost
    return ConvertedValues(pl.DataFrame(columns), cut, dropped)


def clean(values: pl.Series) -> pl.Series:
    """Trim, write line breaks as spaces, remove control characters; blank is null."""
    text = values.cast(pl.String)
    # One look is cheaper than two rewrites, and hardly any column needs them.
    if text.str.contains(_CONTROLS + r"|[\x{2028}\x{2029}]").any():
        text = text.str.replace_all(_BREAKS, " ").str.replace_all(_CONTROLS, "")
    text = text.str.strip_chars()
    return text.set((text == "").fill_null(False), None)


def _convert(text: pl.Series, field: FieldPlan) -> tuple[pl.Series, int]:
    """Return the values in the field's type, and how many of them were shortened."""
    match field.type:
        case "number":
            return value_types.numbers(text), 0
        case "date":
            return value_types.dates(text, _day_first(field)), 0
        case "birthday":
            return value_types.birthdays(text, _day_first(field)), 0
        case "zip":
            return value_types.zips(text)
        case "phone":
            american = str(field.options.get("phone_format", "")).upper() == "US"
            return _within(text, value_types.phones(text, american=american)), 0
        case "url" | "imageurl":
            return _within(text, value_types.urls(text)), 0
        case "dropdown" | "radio" if choices := field.options.get("choices"):
            return value_types.choices(text, [str(choice) for choice in choices]), 0
        case _:
            return cut_text(text)


def cut_text(text: pl.Series) -> tuple[pl.Series, int]:
    """Cut texts to what a merge field holds, at a character's border; tells how many were."""
    too_long = (text.str.len_bytes() > MAX_BYTES).fill_null(False)
    count = int(too_long.sum())
    if not count:
        return text, 0
    short = [
        value.encode()[:MAX_BYTES].decode(errors="ignore").rstrip()
        for value in text.filter(too_long)
    ]
    return text.scatter(too_long.arg_true(), short), count


def _within(text: pl.Series, values: pl.Series) -> pl.Series:
    """Drop what is too long: half a link or number is worse than none."""
    return values.set((text.str.len_bytes() > MAX_BYTES).fill_null(False), None)


def _day_first(field: FieldPlan) -> bool:
    return str(field.options.get("date_format", "")).upper().startswith("DD")


def _address(frame: pl.DataFrame, field: FieldPlan) -> tuple[pl.Series, int, int]:
    """Build addresses, null where a part lacks that Mailchimp needs or the country is unknown.

    Without a country of its own an address would get the audience's default country: right where
    no country is mapped or the value is blank, wrong where it just isn't understood.
    """
    parts = {name: clean(frame.get_column(column)) for name, column in field.parts.items()}
    understood = pl.repeat(True, frame.height, dtype=pl.Boolean, eager=True)
    given = pl.repeat(False, frame.height, dtype=pl.Boolean, eager=True)
    shortened = 0
    for name, text in parts.items():
        if name == "country":
            codes = value_types.countries(text)
            understood &= codes.is_not_null() | text.is_null()
            parts[name] = codes
        else:
            given |= text.is_not_null()
            parts[name], count = cut_text(text)
            shortened += count
    whole = understood
    for name in NEEDED_PARTS:
        whole = whole & (parts[name].is_not_null() if name in parts else False)
    values = pl.DataFrame([text.alias(name) for name, text in parts.items()]).to_struct()
    values = pl.select(pl.when(whole).then(values)).to_series()
    return values, int(given.sum()), shortened
