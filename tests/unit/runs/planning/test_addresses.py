"""Which addresses are the same and which text is none, judged by plain Python beside polars."""

import string
import unicodedata

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.addresses import canonical
from shared.frames.addresses import canonical_column
from shared.runs.planning import addresses

# White space by Unicode's own list (PropList.txt), and what is pasted along without being seen.
WHITE = {9, 10, 11, 12, 13, 32, 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000}
WHITE |= set(range(0x2000, 0x200B))
UNSEEN = {0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0xAD}
# Marks of writing direction.
UNSEEN |= {0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
AROUND = "".join(map(chr, sorted(WHITE | UNSEEN)))
LOCAL_CHARACTERS = set(string.ascii_lowercase + string.digits + "!#$%&'*+/=?^_`{|}~-")


def normalised(text: str | None) -> str:
    plain = (text or "").strip(AROUND).lower()
    return plain if plain.isascii() and "xn--" not in plain else canonical(plain)


def is_letter_or_digit(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNM"


def is_label(text: str) -> bool:
    return (
        1 <= len(text) <= 63
        and all(is_letter_or_digit(c) or c == "-" for c in text)
        and unicodedata.category(text[0])[0] in "LN"
        and not text.endswith("-")
    )


def is_valid(text: str) -> bool:
    local, at, domain = text.partition("@")
    labels = domain.split(".")
    return (
        at == "@"
        and len(text.encode()) <= 254
        and len(local) <= 64
        and all(part and set(part) <= LOCAL_CHARACTERS for part in local.split("."))
        and len(labels) >= 2
        and all(map(is_label, labels))
        and len(labels[-1]) >= 2
        and unicodedata.category(labels[-1][0])[0] == "L"
    )


def ours(texts: list[str | None]) -> list[tuple[str, bool]]:
    frame = pl.DataFrame({"text": pl.Series(texts, dtype=pl.String)})
    email = canonical_column(pl.col("text"))
    return frame.select(email=email, valid=addresses.is_valid(email)).rows()


def theirs(texts: list[str | None]) -> list[tuple[str, bool]]:
    return [(normalised(text), is_valid(normalised(text))) for text in texts]


pieces = st.one_of(
    st.text(st.sampled_from("abzAZ09.-_+'@äßЖİK中٣ \t\u200b\"(),:;<>[]\\"), max_size=8),
    st.sampled_from(["@", ".", "..", "-", "a" * 63, "a" * 64, "a" * 65, "x.com", "müller.de"]),
)
made_up = st.lists(pieces, max_size=6).map("".join)
likely = st.tuples(pieces, pieces, st.sampled_from(["com", "c", "co-", "c0m", "рф", "1a"])).map(
    lambda parts: f"{parts[0]}@{parts[1]}.{parts[2]}"
)


@settings(max_examples=150)
@given(st.lists(st.one_of(st.none(), made_up, likely, st.text(max_size=12)), max_size=20))
def test_polars_and_plain_python_agree_on_every_text(texts: list[str | None]) -> None:
    assert ours(texts) == theirs(texts)


@pytest.mark.parametrize(
    "text",
    [
        "ann@example.org",
        "o'neil+news@mail.example.co.uk",
        "a@b.cd",
        "{x}|y`z@example.org",
        "x" * 64 + "@example.org",
        "post@müller.de",
        "почта@example.рф".replace("почта", "pochta"),
        "a@" + "b" * 63 + ".org",
    ],
)
def test_an_address_that_mailchimp_could_take_is_valid(text: str) -> None:
    assert ours([text]) == [(text, True)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        "@example.org",
        "ann@",
        "ann@example",
        "ann@@example.org",
        "ann@example..org",
        ".ann@example.org",
        "ann.@example.org",
        "a..b@example.org",
        "ann@-example.org",
        "ann@example-.org",
        "ann@example.o",
        "ann@example.1g",
        "ann@example.org.",
        "ann smith@example.org",
        '"ann"@example.org',
        "ann,bob@example.org",
        "ann@example.org;bob@example.org",
        "x" * 65 + "@example.org",
        "a@" + "b" * 64 + ".org",
        "a@b." + "c" * 64,
        "a@" + ".".join(["b" * 60] * 5) + ".org",
        # A Cyrillic letter, several addresses, a name beside one, a link to one.
        "\u0430nn@example.org",
        "ann@example.org; bob@example.org",
        "ann smith <ann@example.org>",
        "mailto:ann@example.org",
    ],
)
def test_text_that_is_no_address_is_invalid(text: str) -> None:
    assert ours([text]) == [(text, False)]


def test_case_and_what_stands_around_an_address_make_no_difference() -> None:
    texts: list[str | None] = [
        "Ann@Example.ORG",
        "  ann@example.org\t",
        "\ufeffann@example.org\u200b ",
        "\u00a0ANN@example.org\r\n",
        "\u202aann@example.org\u202c",
        "\u2066ann@example.org\u2069\u200e",
    ]
    assert ours(texts) == [("ann@example.org", True)] * 6


def test_every_way_to_write_a_domain_is_one_address() -> None:
    texts: list[str | None] = ["a@MÜLLER.de", "a@xn--mller-kva.de", "a@mu\u0308ller.de"]
    assert ours(texts) == [("a@müller.de", True)] * 3


def test_a_missing_and_a_blank_address_are_the_same() -> None:
    assert ours([None, "", " \u200b\t"]) == [("", False)] * 3


@pytest.mark.parametrize(
    "text", ["***", "****@****.***", "p**@contoso.com", "•••", "##@##.##", "*"]
)
def test_a_mask_is_no_address_and_not_invalid_either(text: str) -> None:
    frame = pl.DataFrame({"text": [text, "a*b@contoso.com", "#1@contoso.com"]})
    found = frame.select(addresses.without_masks(pl.col("text"))).to_series()
    assert found.to_list() == ["", "a*b@contoso.com", "#1@contoso.com"]
