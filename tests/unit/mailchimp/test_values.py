import math
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mailchimp.countries import culture_of
from shared.mailchimp.merge_fields import FieldPlan
from shared.mailchimp.values import convert_values

AMERICAN = {"phone_format": "US"}
DAY_FIRST = {"date_format": "DD/MM/YYYY"}
COLOURS = {"choices": ["Red", "Dark blue", "GREEN", "green"]}
TYPES: list[tuple[str, dict[str, Any]]] = [
    ("text", {}),
    ("number", {}),
    ("date", {}),
    ("date", DAY_FIRST),
    ("birthday", {}),
    ("phone", {}),
    ("phone", AMERICAN),
    ("zip", {}),
    ("url", {}),
    ("imageurl", {}),
    ("dropdown", COLOURS),
    ("radio", COLOURS),
    ("something new", {}),
]


def convert(kind: str, *values: str | None, **options: Any) -> list[Any]:
    frame = pl.DataFrame({"column": values}, schema={"column": pl.String})
    converted = convert_values(frame, [FieldPlan("TAG", "column", kind, options)])
    return converted.frame.get_column("TAG").to_list()


def test_texts_are_trimmed_and_freed_of_control_characters() -> None:
    assert convert("text", "  Anna ", "a\tb\r\nc", "a\x00\x07b\x9f", " \n\t ", "", None) == [
        "Anna",
        "a b c",
        "ab",
        None,
        None,
        None,
    ]


def test_long_texts_are_cut_at_a_character_s_border_and_counted() -> None:
    frame = pl.DataFrame({"column": ["é" * 200, "x" * 255, "x" * 254 + "😀", None]})
    converted = convert_values(frame, [FieldPlan("TAG", "column")])
    assert converted.frame.get_column("TAG").to_list() == ["é" * 127, "x" * 255, "x" * 254, None]
    assert (converted.cut, converted.dropped) == ({"TAG": 2}, {})


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        ("-3.50", -3.5),
        ("+7", 7),
        ("1e3", 1000),
        ("1499.0", 1499),
        ("1,234.5", 1234.5),
        ("1,234,567", 1_234_567),
        ("1.234,5", 1234.5),
        ("1.234.567", 1_234_567),
        ("1 234,5", 1234.5),
        ("1\u00a0234.5", 1234.5),
        ("1'234.50", 1234.5),
        ("12,5", 12.5),
        ("1.234", 1.234),
    ],
)
def test_numbers_are_read_where_only_one_reading_is_possible(text: str, number: float) -> None:
    assert convert("number", text) == [number]


@pytest.mark.parametrize(
    "text", ["1,234", "12,34.5", "€ 5", "5 %", "nan", "inf", "1e400", "true", "9" * 20, "1,2,3"]
)
def test_what_may_be_another_number_or_none_is_dropped(text: str) -> None:
    assert convert("number", text) == [None]


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("1971-09-29", {}, "1971-09-29"),
        ("1971-09-29T23:00:00.000Z", {}, "1971-09-29"),
        ("1971-09-29 23:00:00+02:00", {}, "1971-09-29"),
        ("1971/9/2", {}, "1971-09-02"),
        # Nobody says whether this is in February; what a field shows says nothing of the data.
        ("9/2/1971 12:00:00 AM", {}, None),
        ("9/2/1971", DAY_FIRST, None),
        ("9/9/1971", {}, "1971-09-09"),
        ("9/29/1971", {}, "1971-09-29"),
        ("29.9.1971", {}, "1971-09-29"),
        ("29. 9. 1971", {}, "1971-09-29"),
        ("29/9/1971", {}, "1971-09-29"),
        ("1971-02-29", {}, None),
        ("0001-01-01T00:00:00", {}, None),
        ("19710929", {}, None),
        ("yesterday", {}, None),
    ],
)
def test_dates_are_days_of_the_calendar(
    text: str, options: dict[str, str], expected: str | None
) -> None:
    assert convert("date", text, **options) == [expected]


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("1971-09-29T00:00:00Z", {}, "09/29"),
        ("2000-02-29", {}, "02/29"),
        ("9/2", {}, "09/02"),
        ("9/2", {"date_format": "DD/MM"}, "02/09"),
        ("2.9.", {}, "09/02"),
        ("--09-02", {}, "09/02"),
        ("29/2", {}, None),
        ("29/2", {"date_format": "DD/MM"}, "02/29"),
        ("13/13", {}, None),
    ],
)
def test_birthdays_are_month_and_day(
    text: str, options: dict[str, str], expected: str | None
) -> None:
    assert convert("birthday", text, **options) == [expected]


def test_phone_numbers_are_as_the_field_wants_them() -> None:
    numbers = ("(801) 555 0100", "+1 801.555.0100", "8015550100", "+385 1 234 5678", "none")
    assert convert("phone", *numbers) == [*numbers[:4], None]
    assert convert("phone", *numbers, **AMERICAN) == ["801-555-0100"] * 3 + [None, None]


def test_zip_codes_have_five_digits() -> None:
    codes = ("85301", "85301-1234", "85301.0", "5860", "SW1A 1AA")
    assert convert("zip", *codes) == ["85301"] * 3 + [None, None]


def test_links_are_complete_or_left_out() -> None:
    links = (
        "https://contoso.com/a?b=c",
        "HTTP://contoso.com",
        "contoso.com",
        "javascript:x",
        "a b",
    )
    assert convert("url", *links) == [*links[:2], None, None, None]
    assert convert("imageurl", "https://contoso.com/" + "x" * 255) == [None]


def test_choices_are_those_of_the_field_in_its_spelling() -> None:
    values = ("Red", "RED", "dark BLUE", "GREEN", "green", "Green", "pink")
    assert convert("dropdown", *values, **COLOURS) == [
        "Red",
        "Red",
        "Dark blue",
        "GREEN",
        "green",
        None,
        None,
    ]
    assert convert("radio", "anything") == ["anything"]


def test_addresses_are_whole_or_left_out() -> None:
    columns = ["addr1", "city", "state", "zip", "country"]
    rows = [
        ["12345 Main Street", "Glendale", "AZ", "85301", "United States"],
        ["Ilica 1", "Zagreb", "Grad Zagreb", "10000", "hr"],
        ["1 High Street", "Leeds", "Yorkshire", "LS1", None],
        ["12345 Main Street", None, "AZ", "85301", "US"],
        ["12345 Main Street", "Glendale", "AZ", "85301", "Atlantis"],
        [None, None, None, None, "US"],
    ]
    frame = pl.DataFrame(rows, schema=columns, orient="row")
    plan = FieldPlan("HOME", "", "address", {}, {name: name for name in columns})
    converted = convert_values(frame, [plan])
    values = converted.frame.get_column("HOME").to_list()
    assert values[0] == {
        "addr1": "12345 Main Street",
        "city": "Glendale",
        "state": "AZ",
        "zip": "85301",
        "country": "US",
    }
    assert [value and value["country"] for value in values] == ["US", "HR", None, None, None, None]
    assert values[2]
    assert converted.dropped == {"HOME": 2}


def test_what_is_dropped_is_counted_per_field_and_blank_is_not() -> None:
    frame = pl.DataFrame({"a": ["1", "x", "", None], "b": ["y", "y", "y", "y"]})
    plan = [FieldPlan("N", "a", "number"), FieldPlan("B", "b"), FieldPlan("D", "b", "date")]
    converted = convert_values(frame, plan)
    assert converted.frame.columns == ["N", "B", "D"]
    assert converted.frame.schema["N"] == pl.Float64
    assert converted.dropped == {"N": 1, "D": 4}


def test_a_column_may_fill_two_fields_and_no_field_is_fine() -> None:
    frame = pl.DataFrame({"a": ["x"]})
    converted = convert_values(frame, [FieldPlan("A", "a"), FieldPlan("B", "a")])
    assert converted.frame.rows() == [("x", "x")]
    assert convert_values(frame, []).frame.width == 0


VALUES = st.lists(
    st.one_of(
        st.none(),
        st.text(max_size=300),
        st.floats().map(str),
        st.dates().map(str),
        st.from_regex(r"[0-9/. ,+-]{1,12}", fullmatch=True),
        st.sampled_from(["Red", "https://contoso.com", "801-555-0100", "85301"]),
    ),
    max_size=20,
)


@given(VALUES, st.sampled_from(TYPES))
def test_every_value_is_converted_dropped_or_blank_and_fits(
    values: list[str | None], kind: tuple[str, dict[str, Any]]
) -> None:
    frame = pl.DataFrame({"column": values}, schema={"column": pl.String})
    plan = FieldPlan("TAG", "column", kind[0], kind[1])
    converted = convert_values(frame, [plan])
    found = converted.frame.get_column("TAG").to_list()
    filled = sum(value is not None for value in found)
    assert len(found) == len(values)
    assert filled + converted.dropped.get("TAG", 0) <= sum(bool(value) for value in values)
    assert converted.cut.get("TAG", 0) <= filled
    for value in found:
        if value is None:
            continue
        if kind[0] == "number":
            assert math.isfinite(value)
        else:
            assert value == value.strip() != ""
            assert len(value.encode()) <= 255
            assert value.isprintable() or not any(ord(c) < 32 or ord(c) == 127 for c in value)
        if kind[0] == "date":
            date.fromisoformat(value)
    # What a field holds is what it would be sent again: a second look changes nothing.
    if kind[0] != "number" and kind[1] is not DAY_FIRST:
        again = convert_values(pl.DataFrame({"column": found}, schema=frame.schema), [plan])
        assert again.frame.get_column("TAG").to_list() == found


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_numbers_keep_their_value(number: float) -> None:
    assert convert("number", repr(number)) == [number]


@given(st.dates(min_value=date(1800, 1, 1)))
def test_dates_keep_their_day_in_every_notation(day: date) -> None:
    notations = (str(day), f"{day}T00:00:00Z", f"{day:%d.%m}.{day.year}")
    assert convert("date", *notations) == [str(day)] * 3
    assert convert("birthday", *notations) == [f"{day:%m/%d}"] * 3


@given(st.dates(min_value=date(1800, 1, 1)), st.sampled_from(["en-US", "en-GB", "hr-HR", None]))
def test_slashes_are_read_as_the_data_s_culture_has_them_or_not_at_all(
    day: date, culture: str | None
) -> None:
    written = f"{day.month}/{day.day}/{day.year}"
    if culture in ("en-GB", "hr-HR"):
        written = f"{day.day}/{day.month}/{day.year}"
    found = convert_values(
        pl.DataFrame({"column": [written]}),
        [FieldPlan("TAG", "column", "date")],
        culture_of(culture),
    )
    ambiguous = culture is None and day.day <= 12 and day.day != day.month
    assert found.frame["TAG"].to_list() == [None if ambiguous else str(day)]
    codes = {code: left.count for code, left in found.reasons.get("TAG", {}).items()}
    assert codes == ({"ambiguous_date": 1} if ambiguous else {})


@pytest.mark.parametrize(
    ("culture", "text", "number"),
    [
        ("de-DE", "1.234", 1234),
        ("en-US", "1,234", 1234),
        (None, "1.234", 1.234),
        ("de", "2,5", 2.5),
    ],
)
def test_numbers_are_read_as_the_data_s_culture_has_them(
    culture: str | None, text: str, number: float
) -> None:
    frame = pl.DataFrame({"column": [text]})
    plans = [FieldPlan("TAG", "column", "number")]
    assert convert_values(frame, plans, culture_of(culture)).frame["TAG"].to_list() == [number]


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        ("number", "01067", "leading_zeros"),
        ("number", "007", "leading_zeros"),
        ("number", "many", "not_a_number"),
        ("date", "3/4/2026", "ambiguous_date"),
        ("date", "yesterday", "not_a_date"),
        ("phone", "4.91701E+11", "rounded_by_a_table"),
        ("phone", "none", "not_a_phone_number"),
        ("zip", "SW1A 1AA", "not_a_zip_code"),
        ("url", "contoso", "not_a_link"),
    ],
)
def test_what_is_left_out_says_why_and_shows_its_form_alone(
    kind: str, text: str, code: str
) -> None:
    frame = pl.DataFrame({"column": [text, text, None]})
    converted = convert_values(frame, [FieldPlan("TAG", "column", kind)])
    left = converted.reasons["TAG"][code]
    assert (left.count, converted.dropped) == (2, {"TAG": 2})
    (example,) = left.examples
    assert example[:2] == text[:2]
    assert not any(character.isalnum() for character in example[2:])


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("South Korea", "KR"), ("Czechia", "CZ"), ("Trinidad and Tobago", "TT"),
        ("Bosnia and Herzegovina", "BA"), ("The Netherlands", "NL"), ("Viet Nam", "VN"),
        ("Russian Federation", "RU"), ("Türkiye", "TR"), ("Deutschland", "DE"), ("HRV", "HR"),
        ("Latvija", "LV"), ("中国", "CN"), ("Atlantis", None),
    ],
)  # fmt: skip
def test_countries_are_known_in_the_languages_of_people(name: str, code: str | None) -> None:
    address = {"addr1": "1 Main St", "city": "X", "state": "Y", "zip": "1", "country": name}
    plan = FieldPlan("HOME", "", "address", parts={part: part for part in address})
    converted = convert_values(pl.DataFrame([address]), [plan])
    home = converted.frame["HOME"].to_list()[0]
    assert (home or {}).get("country") == code
    assert list(converted.reasons.get("HOME", {})) == ([] if code else ["country_unknown"])


def test_an_address_without_a_part_says_which_part_it_is() -> None:
    address = {"addr1": "1 Main St", "city": "X", "state": "", "zip": "1"}
    plan = FieldPlan("HOME", "", "address", parts={part: part for part in address})
    converted = convert_values(pl.DataFrame([address, address]), [plan])
    assert {code: left.count for code, left in converted.reasons["HOME"].items()} == {
        "address_lacks_state": 2
    }


def test_a_number_that_a_table_program_wrote_is_a_phone_number_again() -> None:
    assert convert("phone", "491701234560.0", "Ana\u00a0\u200b") == ["491701234560", None]
    assert convert("text", "Ana\u00a0\u200b") == ["Ana"]
