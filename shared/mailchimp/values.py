"""Profile values as the merge fields want them, a column at a time.

Every value is trimmed and freed of control characters first. What then does not fit the type of
its field is dropped rather than guessed: Mailchimp refuses the whole contact for one bad value.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from shared.addresses import AROUND
from shared.mailchimp import value_types
from shared.mailchimp.countries import Culture
from shared.mailchimp.merge_fields import NEEDED_PARTS, FieldPlan

MAX_BYTES = 255
_BREAKS = r"[\t-\r\x{85}\x{2028}\x{2029}]+"
_CONTROLS = r"\p{Cc}"
_EXAMPLES = 3


@dataclass(frozen=True)
class LeftOut:
    """Values of a field that are left out for one reason: how many, and some of them, masked."""

    count: int
    examples: tuple[str, ...] = ()

    def __add__(self, other: "LeftOut") -> "LeftOut":
        """Both together."""
        examples = dict.fromkeys((*self.examples, *other.examples))
        return LeftOut(self.count + other.count, tuple(examples)[:_EXAMPLES])


@dataclass(frozen=True)
class ConvertedValues:
    """`frame` has a column per tag, its rows in the order they came in, null for nothing to send.

    Text for most types, Float64 for number, a struct of texts for address (its own parts null
    where blank). `cut` and `dropped` count values per tag, without tags that have none; `reasons`
    say of the dropped ones why, by a code.
    """

    frame: pl.DataFrame
    cut: dict[str, int]
    dropped: dict[str, int]
    reasons: Mapping[str, Mapping[str, LeftOut]] = field(default_factory=dict)


def convert_values(
    frame: pl.DataFrame, plan: Sequence[FieldPlan], culture: Culture | None = None
) -> ConvertedValues:
    """Convert the mapped columns of some profiles; blank values are null, neither cut nor dropped.

    `culture` is how their values are written, where that is known.

    Raises polars' ColumnNotFoundError for a column that the frame lacks.
    """
    columns: list[pl.Series] = []
    cut: dict[str, int] = {}
    reasons: dict[str, dict[str, LeftOut]] = {}
    for item in plan:
        if item.parts:
            values, why, shortened = _address(frame, item)
        else:
            text = clean(frame.get_column(item.column))
            values, shortened = _convert(text, item, culture)
            why = _why_not(text, values, item, culture)
        columns.append(values.alias(item.tag))
        if shortened:
            cut[item.tag] = shortened
        if why:
            reasons[item.tag] = why
    dropped = {tag: sum(left.count for left in why.values()) for tag, why in reasons.items()}
    return ConvertedValues(pl.DataFrame(columns), cut, dropped, reasons)


def _why_not(
    text: pl.Series, values: pl.Series, item: FieldPlan, culture: Culture | None
) -> dict[str, LeftOut]:
    """Count what has not become a value, by reason."""
    if values.null_count() == text.null_count():
        return {}
    lost = text.filter(text.is_not_null() & values.is_null())
    return left_out(lost, value_types.reasons(lost, item.type, culture is not None))


def left_out(texts: pl.Series, codes: pl.Series) -> dict[str, LeftOut]:
    """Count values that are left out by the reason that goes with each."""
    found = pl.DataFrame({"text": texts, "code": codes})
    return {
        str(code): LeftOut(
            part.height,
            tuple(map(_masked, part["text"].unique(maintain_order=True).head(_EXAMPLES))),
        )
        for (code,), part in found.group_by("code", maintain_order=True)
    }


def _masked(text: str) -> str:
    """A value that shows its form: all letters and digits but the first two are hidden."""
    return text[:2] + re.sub(r"\w", "*", text[2:40])


def clean(values: pl.Series) -> pl.Series:
    """Trim, write line breaks as spaces, remove control characters; blank is null."""
    text = values.cast(pl.String)
    # One look is cheaper than two rewrites, and hardly any column needs them.
    if text.str.contains(_CONTROLS + r"|[\x{2028}\x{2029}]").any():
        text = text.str.replace_all(_BREAKS, " ").str.replace_all(_CONTROLS, "")
    text = text.str.replace_all(AROUND, "")
    return text.set((text == "").fill_null(False), None)


def _convert(text: pl.Series, field: FieldPlan, culture: Culture | None) -> tuple[pl.Series, int]:
    """Return the values in the field's type, and how many of them were shortened."""
    day_first = culture.day_first if culture else None
    match field.type:
        case "number":
            return value_types.numbers(text, culture.decimal if culture else None), 0
        case "date":
            return value_types.dates(text, day_first), 0
        case "birthday":
            shown = str(field.options.get("date_format", "")).upper().startswith("DD")
            return value_types.birthdays(text, day_first, shows_day_first=shown), 0
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


def _address(frame: pl.DataFrame, field: FieldPlan) -> tuple[pl.Series, dict[str, LeftOut], int]:
    """Build addresses, null where a part lacks that Mailchimp needs or the country is unknown.

    Without a country of its own an address would get the audience's default country: right where
    no country is mapped or the value is blank, wrong where it just isn't understood. The reason
    names the part.
    """
    parts = {name: clean(frame.get_column(column)) for name, column in field.parts.items()}
    given = pl.repeat(False, frame.height, dtype=pl.Boolean, eager=True)
    reason = pl.repeat(None, frame.height, dtype=pl.String, eager=True)
    shown = pl.repeat("", frame.height, dtype=pl.String, eager=True)
    shortened = 0
    if (country := parts.get("country")) is not None:
        parts["country"] = value_types.countries(country)
        unknown = parts["country"].is_null() & country.is_not_null()
        reason = reason.set(unknown, "country_unknown")
        shown = pl.select(pl.when(unknown).then(country).otherwise(shown)).to_series()
    for name in [name for name in parts if name != "country"]:
        given |= parts[name].is_not_null()
        parts[name], count = cut_text(parts[name])
        shortened += count
    for name in NEEDED_PARTS:
        absent = parts[name].is_null() if name in parts else ~given.is_null()
        reason = reason.set(absent & reason.is_null(), f"address_lacks_{name}")
    values = pl.DataFrame([text.alias(name) for name, text in parts.items()]).to_struct()
    values = pl.select(pl.when(reason.is_null()).then(values)).to_series()
    lost = given & reason.is_not_null()
    return values, left_out(shown.filter(lost), reason.filter(lost)), shortened
