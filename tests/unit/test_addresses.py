"""One mailbox is one address, however it is written."""

import re
import unicodedata

import idna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import addresses
from shared.addresses import canonical, has_spellings, spellings, without_addresses

LABELS = st.text(
    st.characters(categories=["Ll", "Lo", "Nd"], max_codepoint=0x2FFF), min_size=1, max_size=12
)
AROUND = st.text(" \t\u00a0\u200b\u200e\u202a\u202c\u2066\u061c\ufeff\u00ad", max_size=4)
ADDRESSES = st.builds(
    "{}@{}.{}".format,
    st.from_regex(r"[A-Za-z0-9._+-]{1,10}", fullmatch=True),
    LABELS,
    st.sampled_from(["de", "com", "рф", "xn--p1ai"]),
)


@pytest.mark.parametrize(
    "written",
    [
        "ana@bücher.de",
        "Ana@BÜCHER.de",
        "ana@xn--bcher-kva.de",
        "ANA@XN--BCHER-KVA.DE",
        "ana@bu\u0308cher.de",
        "ana@bücher。de",
        "ana@b\u00adücher.de",
        " \u200eana@bücher.de\u202c\n",
    ],
)
def test_every_way_to_write_a_domain_is_one_address(written: str) -> None:
    assert canonical(written) == "ana@bücher.de"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ana@bücher.de", "ana@bucher.de"),
        ("ana@faß.de", "ana@fass.de"),
        ("änne@contoso.com", "anne@contoso.com"),
        ("a.na@contoso.com", "ana@contoso.com"),
        ("ana+x@contoso.com", "ana@contoso.com"),
    ],
)
def test_what_are_two_mailboxes_stays_two_addresses(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize(
    "text",
    ["", "no address", "a@b@c", "a@xn--.de", "a@xn--a.com", "a@☃.net", "a@..", "@", "a@\ud800.de"],
)
def test_what_is_no_address_is_still_one_text(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)
    assert canonical(text) in spellings(text)


def test_one_bad_label_leaves_the_others_comparable() -> None:
    assert canonical("a@xn--bcher-kva.☃.net") == canonical("a@bücher.☃.net")


@given(st.text())
def test_the_canonical_form_of_the_canonical_form_is_itself(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)


@given(ADDRESSES, AROUND, AROUND)
def test_case_blanks_marks_and_decomposed_letters_make_no_difference(
    address: str, before: str, after: str
) -> None:
    form = canonical(address)
    assert canonical(f"{before}{address}{after}") == form
    assert canonical(unicodedata.normalize("NFD", address)) == form
    assert canonical(address.lower()) == form


@given(ADDRESSES)
def test_both_spellings_of_a_domain_are_one_address(address: str) -> None:
    local, _, domain = canonical(address).rpartition("@")
    try:
        in_dns = idna.encode(domain).decode()
    except idna.IDNAError:
        return
    assert canonical(f"{local}@{in_dns}") == canonical(address)
    assert f"{local}@{in_dns}" in spellings(address)


@given(ADDRESSES | st.text())
def test_all_spellings_are_one_address_and_hold_what_0_1_0_wrote(address: str) -> None:
    found = spellings(address)
    assert found[0] == canonical(address)
    assert {canonical(form) for form in found} == {canonical(address)}
    assert any(form == address.strip().lower() for form in found) or has_spellings(address.lower())


@given(st.from_regex(r"[a-z0-9._+-]{1,20}@[a-z0-9]{1,20}\.com", fullmatch=True))
def test_an_ordinary_address_has_one_spelling(address: str) -> None:
    assert has_spellings(address) == ("xn--" in address)
    if "xn--" not in address:
        assert spellings(address) == (address,)


def test_words_with_an_at_are_taken_out_of_a_text_and_nothing_else() -> None:
    text = "ann@x.org and <bo@y.org>, not\n\tcy at z.org"
    assert without_addresses(text, "*") == "* and * not\n\tcy at z.org"


@pytest.mark.parametrize("text", ["a" * 1_000_000, "a" * 1_000_000 + "@", "@" * 1_000_000])
def test_a_long_text_takes_no_longer_than_its_length(text: str) -> None:
    """A pattern with the @ behind any number of letters would still be at it tomorrow."""
    assert without_addresses(text, "") == ("" if "@" in text else text)


@given(
    st.text(st.characters(max_codepoint=127), max_size=12).filter(lambda t: "xn--" not in t.lower())
)
def test_around_ascii_is_trimmed_what_the_pattern_trims_anywhere(text: str) -> None:
    assert canonical(text) == re.sub(addresses.AROUND, "", text).lower()
