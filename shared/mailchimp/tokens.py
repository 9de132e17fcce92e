"""Mailchimp tokens as the vault keeps them."""

import json
import re
from dataclasses import dataclass, field

_DATA_CENTER = re.compile(r"[a-z]{2,3}[0-9]{1,3}")
_API_KEY = re.compile(r"([0-9A-Za-z]{1,128})-([a-z]{2,3}[0-9]{1,3})")
# Whatever may stand in a header, and nothing that could end it.
_SECRET = re.compile(r"[\x21-\x7e]{1,1024}")


class TokenError(ValueError):
    """The text is no Mailchimp token; the message never repeats it."""


@dataclass(frozen=True)
class Token:
    """A secret and the data centre that it belongs to."""

    secret: str = field(repr=False)
    data_center: str


def parse_token(text: str) -> Token:
    """Read an API key (`<hex>-us21`) or the JSON `{"access_token", "dc"}`; raises TokenError."""
    text = text.strip()
    if text.startswith("{"):
        return _parse_json(text)
    key = _API_KEY.fullmatch(text)
    if not key:
        raise TokenError("this is not a Mailchimp API key: those end with a data centre, as -us21")
    return Token(text, key[2])


def oauth_token(access_token: str, data_center: str) -> Token:
    """Build the token that an OAuth exchange gave; raises TokenError."""
    if not _SECRET.fullmatch(access_token):
        raise TokenError("the access token is empty or holds characters that no token has")
    # A token is sent to a host of this name: nothing else may get into it.
    if not _DATA_CENTER.fullmatch(data_center):
        raise TokenError("the data centre is none of Mailchimp's, which look like us21")
    return Token(access_token, data_center)


def oauth_secret(token: Token) -> str:
    """Write an OAuth token as the vault keeps it; `parse_token` reads it."""
    return json.dumps({"access_token": token.secret, "dc": token.data_center})


def _parse_json(text: str) -> Token:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise TokenError("the token is neither an API key nor readable JSON") from None
    access_token, data_center = document.get("access_token"), document.get("dc")
    if not isinstance(access_token, str) or not isinstance(data_center, str):
        raise TokenError("the token's JSON needs the texts access_token and dc")
    return oauth_token(access_token, data_center)
