"""The number that stands for what Mailchimp shows of a contact's values."""

from hypothesis import given
from hypothesis import strategies as st

from shared.runs.shown import UNKNOWN, digest_of

FIELDS = (("FNAME", "FNAME"), ("POINTS", "POINTS2"), ("HOME", "HOME"))
TEXTS = st.text(max_size=5)


def shown(**values: object) -> int:
    return digest_of({"merge_fields": values}, FIELDS)


def test_it_is_the_same_whatever_else_there_is_and_in_whichever_order() -> None:
    home = {"zip": "1", "city": "Rijeka"}
    one = shown(FNAME="Ana", POINTS2=12, HOME=home)
    assert one == shown(
        HOME={"city": "Rijeka", "zip": "1", "addr2": ""}, OTHER="x", POINTS2="12", FNAME=" Ana"
    )
    member = {"merge_fields": {"FNAME": "Ana", "POINTS2": 12.0, "HOME": home}}
    assert digest_of(member, reversed(FIELDS)) == one


def test_what_shows_no_values_is_not_known() -> None:
    assert digest_of({"email_address": "a@x.org"}, FIELDS) == UNKNOWN
    assert shown() != UNKNOWN


def test_it_stays_the_number_that_is_stored() -> None:
    assert shown(FNAME="Ana", POINTS2=1.5, HOME="") == 151952665


@given(st.sampled_from(["FNAME", "POINTS2"]), TEXTS, TEXTS)
def test_another_text_gives_another_number(name: str, one: str, other: str) -> None:
    same = one.strip() == other.strip()
    assert (shown(**{name: one}) == shown(**{name: other})) == same
