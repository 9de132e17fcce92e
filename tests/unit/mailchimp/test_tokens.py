import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mailchimp.tokens import TokenError, oauth_secret, oauth_token, parse_token

KEY = "0123456789abcdef0123456789abcdef-us21"
data_centers = st.from_regex(r"[a-z]{2,3}[0-9]{1,3}", fullmatch=True)


def test_an_api_key_names_its_data_centre() -> None:
    token = parse_token(f"  {KEY}\n")
    assert (token.secret, token.data_center) == (KEY, "us21")


@given(
    secret=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=80),
    data_center=data_centers,
)
def test_an_oauth_token_is_read_as_it_was_written(secret: str, data_center: str) -> None:
    token = oauth_token(secret, data_center)
    assert parse_token(oauth_secret(token)) == token


@pytest.mark.parametrize(
    "data_center",
    [
        "evil.example/",
        "us21.evil.example",
        "us21\n",
        "US21",
        "us",
        "21",
        "us2100",
        "usus1",
        "us1@x",
    ],
)
def test_a_token_is_never_sent_to_a_host_that_is_no_data_centre(data_center: str) -> None:
    with pytest.raises(TokenError):
        parse_token(json.dumps({"access_token": "abc", "dc": data_center}))
    with pytest.raises(TokenError):
        parse_token(f"0123456789abcdef-{data_center}.")


@given(st.text(min_size=12).filter(lambda text: "-" not in text))
def test_any_other_text_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(TokenError) as caught:
        parse_token(text)
    assert text.strip() == "" or text.strip() not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"access_token": 1, "dc": "us1"}',
        '{"access_token": "a\\nb", "dc": "us1"}',
    ],
)
def test_unreadable_tokens_are_refused(text: str) -> None:
    with pytest.raises(TokenError):
        parse_token(text)


def test_a_token_is_not_shown_when_printed() -> None:
    assert "0123456789abcdef" not in f"{parse_token(KEY)!r} {parse_token(KEY)}"
