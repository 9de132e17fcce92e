"""Nothing but Mailchimp's own signature of the last five minutes opens the way in."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.webhooks.signature import TOLERANCE_SECONDS, is_signed

SECRET, NOW, BODY = "wh-secret", 1_800_000_000, b"type=unsubscribe&data%5Bid%5D=1"


def signed(body: bytes = BODY, secret: str = SECRET, at: int = NOW) -> str:
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def test_what_was_signed_with_the_secret_is_taken() -> None:
    assert is_signed(signed(), BODY, SECRET, NOW)


def test_one_of_several_signatures_is_enough_while_a_secret_is_replaced() -> None:
    time, _, digest = signed().partition(",")
    assert is_signed(f"{time},v1=00ff,{digest},v0=older", BODY, SECRET, NOW)


@pytest.mark.parametrize("age", [-TOLERANCE_SECONDS, 0, TOLERANCE_SECONDS])
def test_it_holds_for_five_minutes(age: int) -> None:
    assert is_signed(signed(at=NOW - age), BODY, SECRET, NOW)


@pytest.mark.parametrize("age", [-TOLERANCE_SECONDS - 1, TOLERANCE_SECONDS + 1, 86_400])
def test_an_old_one_is_refused_and_so_is_one_of_the_future(age: int) -> None:
    assert not is_signed(signed(at=NOW - age), BODY, SECRET, NOW)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=,v1=",
        f"t={NOW}",
        signed().partition(",")[2],
        f"t={NOW},{signed(at=NOW - 1).partition(',')[2]}",
        f"t={NOW},t={NOW - 1},{signed().partition(',')[2]}",
        signed(secret="another"),
        signed(BODY + b"&"),
        f"t={NOW},v1=ä",
        f"t=١٢٣,v1={'0' * 64}",
    ],
)
def test_whatever_else_comes_is_refused(header: str) -> None:
    assert not is_signed(header, BODY, SECRET, NOW)


@given(st.text(), st.binary())
def test_no_header_and_no_body_break_it(header: str, body: bytes) -> None:
    assert not is_signed(header, body, SECRET, NOW)
