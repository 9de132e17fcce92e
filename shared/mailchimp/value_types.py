"""One converter per type of merge field: a cleaned text column in, null for what doesn't fit."""

from collections.abc import Sequence

import polars as pl

from shared.mailchimp.countries import country_code

# Space, apostrophes and the two spaces that do not break a line.
_GROUP = r"[ '\x{2019}\x{A0}\x{202F}]"
# Notations in which only one reading is possible; 1,234 is not among them, it may be 1.234.
_COMMA_GROUPS = r"^[+-]?\d{1,3}(?:(?:,\d{3})+\.\d+|(?:,\d{3}){2,})$"
_DOT_GROUPS = r"^[+-]?\d{1,3}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2,})$"
_SPACE_GROUPS = rf"^[+-]?\d{{1,3}}(?:{_GROUP}\d{{3}})+(?:[.,]\d+)?$"
_DECIMAL_COMMA = r"^[+-]?\d+,\d{1,2}$"
# Digits that are a name, not a quantity: as a number they would lose their zeros.
_LEADING_ZEROS = r"^[+-]?0\d"
_EXPONENT = r"(?i)^[+-]?\d+([.,]\d+)?e[+-]?\d+$"
# What is one day in Europe and another in America.
_EITHER_ORDER = r"^\d{1,2}/\d{1,2}/\d{4}(?: .*)?$"
# Above this a float no longer holds every whole number.
_MAX_NUMBER = 2.0**53

_YEAR_FIRST = r"^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ].*)?$"
_YEAR_LAST = r"^(\d{1,2})/(\d{1,2})/(\d{4})(?: .*)?$"
_DOTTED = r"^(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})(?: .*)?$"
_MONTH_FIRST_DAY = r"^(?:--)?(\d{1,2})-(\d{1,2})$"
_SLASHED_DAY = r"^(\d{1,2})/(\d{1,2})$"
_DOTTED_DAY = r"^(\d{1,2})\.\s?(\d{1,2})\.?$"
# .NET writes a date that isn't set as year 1.
_FIRST_YEAR = 1800
_LEAP_YEAR = 2000


# A pattern, and which of its groups are year, month and day.
_Notation = tuple[str, tuple[int | None, int, int]]


def numbers(text: pl.Series, decimal: str | None = None) -> pl.Series:
    """Return finite floats: 1234.5, 1,234.5, 1.234,5, 1 234,5, 12,5; none that lose zeros.

    `decimal`: the mark before fractions where it is known; the other one groups digits then.
    """
    text = text.set(text.str.contains(_LEADING_ZEROS).fill_null(False), None)
    if decimal == ",":
        grouped = text.str.contains(r"^[+-]?\d{1,3}(?:\.\d{3})+$").fill_null(False)
        text = text.zip_with(~grouped, text.str.replace_all(".", "", literal=True))
    elif decimal == ".":
        grouped = text.str.contains(r"^[+-]?\d{1,3}(?:,\d{3})+$").fill_null(False)
        text = text.zip_with(~grouped, text.str.replace_all(",", "", literal=True))
    values = text.cast(pl.Float64, strict=False)
    if values.null_count() > text.null_count():
        values = values.fill_null(_localised(text))
    fits = values.is_finite() & (values.abs() <= _MAX_NUMBER)
    return values.set(~fits.fill_null(False), None)


def _localised(text: pl.Series) -> pl.Series:
    name = _column(text)
    plain = (
        pl.when(name.str.contains(_COMMA_GROUPS))
        .then(name.str.replace_all(",", "", literal=True))
        .when(name.str.contains(_DOT_GROUPS))
        .then(name.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True))
        .when(name.str.contains(_SPACE_GROUPS))
        .then(name.str.replace_all(_GROUP, "").str.replace(",", ".", literal=True))
        .when(name.str.contains(_DECIMAL_COMMA))
        .then(name.str.replace(",", ".", literal=True))
    )
    return _select(text, plain.cast(pl.Float64, strict=False))


def dates(text: pl.Series, day_first: bool | None) -> pl.Series:
    """Return YYYY-MM-DD, which the API takes whatever the field shows.

    A time of day is left out, and the date stays as written, whatever its zone. `day_first`: how
    slashes are read; None where nobody says, and what may be two days is none.
    """
    return _in_order(text, day_first, []).dt.strftime("%Y-%m-%d")


def read_day(value: str | None) -> str | None:
    """Return one date as YYYY-MM-DD, None where it is none or may be two."""
    found: str | None = dates(pl.Series([value], dtype=pl.String), None).item()
    return found


def read_number(value: str | None) -> float | None:
    """Return one number, None where it is none."""
    found: float | None = numbers(pl.Series([value], dtype=pl.String), None).item()
    return found


def birthdays(text: pl.Series, day_first: bool | None, *, shows_day_first: bool) -> pl.Series:
    """Return MM/DD, which the API wants whatever the field shows, from dates and days.

    A day alone with a slash is read as the field shows it where nobody says how it is written.
    """
    alone = shows_day_first if day_first is None else day_first
    days: list[_Notation] = [
        (_MONTH_FIRST_DAY, (None, 1, 2)),
        (_SLASHED_DAY, (None, 2, 1) if alone else (None, 1, 2)),
        (_DOTTED_DAY, (None, 2, 1)),
    ]
    return _in_order(text, day_first, days).dt.strftime("%m/%d")


def _in_order(text: pl.Series, day_first: bool | None, days: Sequence[_Notation]) -> pl.Series:
    if day_first is not None:
        return _first_fit(text, [*_dates(day_first), *days])
    here = _first_fit(text, [*_dates(True), *days])
    if not text.str.contains(_EITHER_ORDER).any():
        return here
    there = _first_fit(text, [*_dates(False), *days])
    return here.set((here != there).fill_null(False), None).fill_null(
        there.set((here != there).fill_null(False), None)
    )


def phones(text: pl.Series, *, american: bool) -> pl.Series:
    """Return 801-555-0100 for a field in US format, else the text where it holds digits."""
    # A table program has made a number of it: one digit more, or digits that nobody knows.
    text = text.str.replace(r"^(\+?\d+)\.0$", "${1}")
    text = text.set(text.str.contains(_EXPONENT).fill_null(False), None)
    name = _column(text)
    if not american:
        return _select(text, pl.when(name.str.count_matches(r"\d") >= 3).then(name))
    bare = name.str.replace_all(r"[\s().+/-]", "").str.replace(r"^1([0-9]{10})$", "${1}")
    written = bare.str.replace(r"^([0-9]{3})([0-9]{3})([0-9]{4})$", "${1}-${2}-${3}")
    return _select(text, pl.when(bare.str.contains(r"^[0-9]{10}$")).then(written))


def zips(text: pl.Series) -> tuple[pl.Series, int]:
    """Return five-digit US codes, and how many lost the four digits that may follow them."""
    values = text.str.extract(r"^([0-9]{5})(?:-?[0-9]{4}|\.0)?$")
    return values, int(text.str.contains(r"^[0-9]{5}-?[0-9]{4}$").sum())


def urls(text: pl.Series) -> pl.Series:
    """Return complete links alone; what lacks a scheme is refused."""
    name = _column(text)
    return _select(text, pl.when(name.str.contains(r"(?i)^https?://[^\s/]+\.\S+$")).then(name))


def choices(text: pl.Series, allowed: Sequence[str]) -> pl.Series:
    """Return values among a field's choices, in the field's spelling; case is forgiven."""
    exact = {choice.strip(): choice for choice in allowed}
    folded: dict[str, list[str]] = {}
    for name, choice in exact.items():
        folded.setdefault(name.lower(), []).append(choice)
    unique = {name: same[0] for name, same in folded.items() if len(same) == 1}
    return _looked_up(text, exact).fill_null(_looked_up(text.str.to_lowercase(), unique))


def countries(text: pl.Series) -> pl.Series:
    """Return two-letter codes from codes, and names in any language."""
    named = text.drop_nulls().unique()
    codes = {name: code for name in named if (code := country_code(name))}
    return _looked_up(text, codes)


def reasons(lost: pl.Series, kind: str, has_culture: bool) -> pl.Series:
    """Return codes that say why these texts are no values of a type."""
    name = _column(lost)
    match kind:
        case "number":
            zeros = pl.when(name.str.contains(_LEADING_ZEROS)).then(pl.lit("leading_zeros"))
            codes = zeros.otherwise(pl.lit("not_a_number"))
        case "date" | "birthday":
            either = name.str.contains(_EITHER_ORDER) & ~pl.lit(has_culture)
            codes = pl.when(either).then(pl.lit("ambiguous_date")).otherwise(pl.lit("not_a_date"))
        case "phone":
            power = pl.when(name.str.contains(_EXPONENT)).then(pl.lit("rounded_by_a_table"))
            codes = power.otherwise(pl.lit("not_a_phone_number"))
        case _:
            said = {"zip": "not_a_zip_code", "url": "not_a_link", "imageurl": "not_a_link"}
            codes = pl.when(name.is_not_null()).then(pl.lit(said.get(kind, "not_a_choice")))
    return _select(lost, codes)


def _looked_up(text: pl.Series, table: dict[str, str]) -> pl.Series:
    return text.replace_strict(
        list(table), list(table.values()), default=None, return_dtype=pl.String
    )


def _dates(day_first: bool) -> list[_Notation]:
    return [
        (_YEAR_FIRST, (1, 2, 3)),
        (_YEAR_LAST, (3, 2, 1) if day_first else (3, 1, 2)),
        (_DOTTED, (3, 2, 1)),
    ]


def _first_fit(text: pl.Series, notations: Sequence[_Notation]) -> pl.Series:
    """Read dates in the first notation that fits each; most columns need the first one only."""
    dates = pl.Series(text.name, [None], dtype=pl.Date).new_from_index(0, text.len())
    for pattern, groups in notations:
        if dates.null_count() == text.null_count():
            break
        dates = dates.fill_null(_select(text, _calendar(_column(text), pattern, groups)))
    return dates


def _calendar(name: pl.Expr, pattern: str, groups: tuple[int | None, int, int]) -> pl.Expr:
    """Read year, month and day from a pattern's groups; null where the calendar has no such day."""
    found = name.str.extract_groups(pattern)
    year, month, day = groups
    years = found.struct.field(str(year)) if year else pl.lit(str(_LEAP_YEAR))
    text = pl.concat_str(
        [
            years,
            found.struct.field(str(month)).str.zfill(2),
            found.struct.field(str(day)).str.zfill(2),
        ],
        separator="-",
    )
    date = text.str.to_date("%Y-%m-%d", strict=False)
    return pl.when(date.dt.year() >= _FIRST_YEAR).then(date)


def _column(text: pl.Series) -> pl.Expr:
    return pl.col(text.name)


def _select(text: pl.Series, expression: pl.Expr) -> pl.Series:
    return text.to_frame().select(expression.alias(text.name)).to_series()
