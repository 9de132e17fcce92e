"""Whether a file has a header, and what separates its values."""

import pytest

from shared.segments.format import CsvFormat, codec_name
from shared.segments.layout import LayoutError, layout_of

ID = "ce759201f786d590bf2134bff576c369"
KNOWN = ("CustomerId", "Email", "City")


def header_of(
    text: str,
    said: bool | None = None,
    known: tuple[str, ...] | None = None,
    wanted: tuple[str, ...] = (),
) -> bool:
    layout = layout_of(text.encode(), CsvFormat(header=said, columns=known), None, wanted)
    assert layout is not None
    return layout.header


@pytest.mark.parametrize("said", [True, False, None])
@pytest.mark.parametrize(
    ("row", "known", "header"),
    [
        ("CustomerId,Email,City", KNOWN, True),
        ("City,Email,CustomerId", KNOWN, True),
        ("CustomerId,Email,Phone,Age", KNOWN, True),
        ("CustomerId,EMail,Town", None, True),
        (f"{ID},a@b.org,Split", KNOWN, False),
        (f"{ID},,Email", KNOWN, False),
        (f"{ID},,", KNOWN, False),
        ("17,,Split", KNOWN, False),
        (",,", KNOWN, False),
    ],
)
def test_tells_a_header_from_a_profile_whatever_the_model_says(
    row: str, known: tuple[str, ...] | None, said: bool | None, header: bool
) -> None:
    assert header_of(f"{row}\n", said, known) is header


def test_believes_the_model_where_a_row_could_be_either() -> None:
    assert header_of("Kennung,Adresse,Stadt\n", True, KNOWN) is True
    assert header_of("Anna,Berg,Split\n", False, KNOWN) is False


def test_tells_addresses_from_names_however_long_they_are() -> None:
    assert header_of("a@b@c..org.,Email,City\n", None, KNOWN) is False
    assert header_of("@b.org,a@.b,a@b.,a b@c.d\n") is True
    # Trying every @ of this with every dot would take minutes.
    assert header_of("@." * 50_000 + " x,Email\n") is True


def test_takes_a_row_of_the_wanted_names_for_a_header() -> None:
    assert header_of("Kennung,Adresse,Stadt\n", False, KNOWN, ("Adresse",)) is True


def test_a_value_that_is_a_wanted_name_makes_no_header() -> None:
    assert header_of(f"{ID},a@b.org,Email\n", None, KNOWN, ("Email",)) is False


@pytest.mark.parametrize("said", [True, False, None])
def test_refuses_profiles_without_names(said: bool | None) -> None:
    with pytest.raises(LayoutError, match="no header row"):
        header_of(f"{ID},a@b.org,Split\n", said)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("said", [None, ",", ";", "#"])
def test_finds_the_delimiter_though_the_model_names_another(
    delimiter: str, said: str | None
) -> None:
    rows = [["CustomerId", "Email", "City"], [ID, "a@b.org", '"Split, Zagreb; Rijeka|"']]
    text = "".join(delimiter.join(row) + "\n" for row in rows)

    layout = layout_of(text.encode(), CsvFormat(delimiter=said, columns=KNOWN))

    assert layout is not None
    assert layout.columns == KNOWN
    assert layout.rules.delimiter.decode() == delimiter
    assert (layout.start, layout.line) == (len(delimiter.join(rows[0])) + 1, 2)


def test_takes_a_rare_delimiter_that_the_model_names() -> None:
    layout = layout_of(b"CustomerId#Email#City\n", CsvFormat(delimiter="#", columns=KNOWN))

    assert layout is not None
    assert layout.columns == KNOWN


def test_counts_blank_lines_and_line_ends_inside_a_header() -> None:
    layout = layout_of(b'\n\n"Customer\nId",Email\nx,y\n', CsvFormat(), None)

    assert layout is not None
    assert layout.columns == ("Customer\nId", "Email")
    assert layout.line == 5


def test_has_no_layout_without_a_row() -> None:
    assert layout_of(b"", CsvFormat(columns=KNOWN)) is None
    assert layout_of(b"\n\r\n", CsvFormat(columns=KNOWN)) is None


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("UTF-8", "utf-8"), ("utf8", "utf-8"), ("Unicode", "utf-16"), ("windows-1252", "cp1252"),
        ("ISO-8859-1", "iso8859-1"), ("US-ASCII", "ascii"), ("rot13", None), ("", None),
        (None, None), (7, None), ("unicode_escape", None), ("utf-7", None), ("a\0b", None),
    ],
)  # fmt: skip
def test_knows_encodings_by_the_names_models_use(name: object, codec: str | None) -> None:
    assert codec_name(name) == codec
