"""How a file is written is found by what makes its rows fit, wherever in it that shows."""

import json
from typing import Any

import pytest

from shared.segments.errors import SnapshotUnreadableError
from tests.services.segments.conftest import FOLDER, Storage

ID = "ce759201f786d590bf2134bff576c369"
OTHER = "0112839283595ad1cec07462d2795738"
HEADER = "CustomerId,Email,Note\n"
# More than what is parsed at once, so that what follows comes in a later piece.
MANY = 60_000


def described(storage: Storage, **partition: Any) -> None:
    """Write a model.json that names the first file, with more members of its partition."""
    table = {
        "name": "VIP",
        "attributes": [{"name": name} for name in HEADER.strip().split(",")],
        "partitions": [{"location": f"{FOLDER}/VIP/2026/11/22/0600/VIP_1.csv", **partition}],
    }
    storage.put("model.json", json.dumps({"entities": [table]}))


def filler(count: int) -> str:
    return "".join(f'{n:032x},p{n}@example.org,"x, y"\n' for n in range(count))


@pytest.mark.parametrize("before", [0, 1, MANY])
@pytest.mark.parametrize(
    ("written", "value"),
    [
        (r'"the \"best\""', 'the "best"'),
        (r'"5\""', '5"'),
        (r'"a\"b, c"', 'a"b, c'),
        ('"say \\"hi\\",\nthen"', 'say "hi",\nthen'),
        (r'"\\server\share \"x\""', r'\server\share "x"'),
    ],
)
def test_reads_quotes_that_a_backslash_marks(
    storage: Storage, written: str, value: str, before: int
) -> None:
    rows = f"{ID},a@b.org,{written}\n{OTHER},c@d.org,y\n"
    storage.put_files([HEADER + filler(before) + rows])

    assert storage.read("Note")[before:] == [(value,), ("y",)]


@pytest.mark.parametrize("written", [r'"C:\"', r'"C:\dir\"', r"C:\dir", r'"\"'])
def test_a_backslash_stays_one_where_the_rows_fit_so(storage: Storage, written: str) -> None:
    row = f'{ID},a@b.org,{written}\n{OTHER},"c@d.org","e"\n'
    storage.put_files([HEADER + row])

    assert storage.read("Note") == [(written.strip('"'),), ("e",)]


@pytest.mark.parametrize("before", [0, MANY])
@pytest.mark.parametrize(("end", "inside"), [("\r\n", "\n"), ("\n", "\r"), ("\r\n", "\r")])
def test_another_line_end_than_between_rows_belongs_to_the_value(
    storage: Storage, end: str, inside: str, before: int
) -> None:
    rows = f"{HEADER}{filler(before)}{ID},a@b.org,one\ttwo\n{OTHER},c@d.org,y\n"
    storage.put_files([rows.replace("\n", end).replace("\t", inside)])

    assert storage.read("Note")[before:] == [(f"one{inside}two",), ("y",)]


@pytest.mark.parametrize("style", ["QuoteStyle.None", "None"])
def test_quotes_are_read_where_they_fit_whatever_the_model_says(
    storage: Storage, style: str
) -> None:
    storage.put_files([f'{HEADER}{ID},a@b.org,"x, y"\n'])
    described(storage, fileFormatSettings={"quoteStyle": style})

    assert storage.read("Note") == [("x, y",)]


@pytest.mark.parametrize("before", [0, MANY])
def test_without_quoting_quotes_are_part_of_values_where_the_rows_fit_so_alone(
    storage: Storage, before: int
) -> None:
    rows = "".join(f'{n:032x},a@b.org,"x" y\n' for n in range(before))
    storage.put_files([f'{HEADER}{rows}{ID},a@b.org,"never ends\n'])
    described(storage, fileFormatSettings={"quoteStyle": "QuoteStyle.None"})

    assert storage.read("Note")[before:] == [('"never ends',)]


def trait(**arguments: Any) -> dict[str, Any]:
    return {
        "cdm:traits": [
            {
                "traitReference": "is.partition.format.CSV",
                "arguments": [{"name": n, "value": v} for n, v in arguments.items()],
            }
        ]
    }


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"escape": "\\"}, f'{HEADER}{ID},a@b.org,"\\""\n'),
        ({"quote": "'"}, f"{HEADER}{ID},a@b.org,'\"'\n"),
        ({"skipLines": "2"}, f'made by\nus\n{HEADER}{ID},a@b.org,""""\n'),
        ({"delimiter": "#"}, f'{HEADER}{ID},a@b.org,""""\n'.replace(",", "#")),
        ({"raggedRight": True}, f'{HEADER}{OTHER},c@d.org\n{ID},a@b.org,""""\n'),
        ({"encoding": 1200}, f'{HEADER}{ID},a@b.org,""""\n'),
    ],
)
def test_the_trait_s_settings_count_beside_and_above_the_others(
    storage: Storage, arguments: dict[str, Any], text: str
) -> None:
    storage.put_files([text.encode("utf-16-le" if "encoding" in arguments else "utf-8")])
    contrary = {"delimiter": ",", "columnHeaders": True, "quoteStyle": "QuoteStyle.Csv"}
    described(storage, fileFormatSettings=contrary, **trait(**arguments))

    assert storage.read("Note")[-1] == ('"',)


def test_a_short_row_is_padded_where_the_model_says_so_and_refused_elsewhere(
    storage: Storage,
) -> None:
    storage.put_files([f"{HEADER}{ID},a@b.org\n"])
    described(storage, **trait(raggedRight=True))
    assert storage.read("Email", "Note") == [("a@b.org", "")]

    storage.put("model.json", "{}")
    with pytest.raises(SnapshotUnreadableError, match="row 1, line 2: it has 2 values"):
        storage.read("Email")


@pytest.mark.parametrize(
    ("partition", "named"),
    [
        ({"fileFormatSettings": {"delimiter": "||"}}, "the delimiter ||"),
        ({"fileFormatSettings": {"encoding": "utf-7"}}, "the encoding utf-7"),
        ({"fileFormatSettings": {"encoding": "klingon"}}, "the encoding klingon"),
        (trait(escape="!"), "the escape character !"),
        (
            {
                "cdm:traits": [
                    {
                        "traitReference": "is.partition.incremental",
                        "arguments": [{"name": "type", "value": "Delete"}],
                    }
                ]
            },
            "changes of the type Delete",
        ),
    ],
)
def test_what_is_not_understood_is_refused_by_its_name(
    storage: Storage, partition: dict[str, Any], named: str
) -> None:
    storage.put_files([f"{HEADER}{ID},a@b.org,x\n"])
    described(storage, **partition)

    with pytest.raises(SnapshotUnreadableError) as raised:
        storage.read("Email")
    assert named in str(raised.value)


def test_utf_8_that_is_said_to_be_utf_16_is_read_as_what_it_is(storage: Storage) -> None:
    storage.put_files([f"{HEADER}{ID},zoë@b.org,x\n"])
    described(storage, fileFormatSettings={"encoding": "utf-16"})

    assert storage.read("Email") == [("zoë@b.org",)]


@pytest.mark.parametrize(
    ("row", "place", "words"),
    [
        (f'{ID},"a@b.org"x,y', f"row {MANY + 1:,}, column Email, line {MANY + 2}:", "doubled"),
        (f"{ID},a@b.org", f"row {MANY + 1:,}, line {MANY + 2}: it has 2 values", "at the source"),
        (f'{ID},a@b.org,"y', f"row {MANY + 1:,}, line {MANY + 2}: a quoted value", "source"),
    ],
)
def test_a_refusal_names_row_column_and_what_would_help(
    storage: Storage, row: str, place: str, words: str
) -> None:
    storage.put_files([f"{HEADER}{filler(MANY)}{row}\n"])

    with pytest.raises(SnapshotUnreadableError) as raised:
        storage.read("Email", "Note")
    text = str(raised.value)
    assert place in text
    assert words in text
    assert "@" not in text
