"""Erased people are known in every spelling of their address, those of 0.1.0's erasures too."""

from hashlib import blake2b

import polars as pl
import pytest

from shared.erased import Register

KEY = bytes(32)
SPELLINGS = ["ana@bücher.de", "ana@xn--bcher-kva.de", "ana@bu\u0308cher.de"]


def hashed(address: str) -> bytes:
    """What 0.1.0 kept: a keyed hash of the address in lower case, as it was given."""
    return blake2b(address.encode(), digest_size=16, key=KEY, person=b"address").digest()


@pytest.mark.parametrize("erased", SPELLINGS)
@pytest.mark.parametrize("met", SPELLINGS)
def test_who_was_erased_in_one_spelling_is_known_in_every_other(erased: str, met: str) -> None:
    register = Register(KEY, frozenset([hashed(erased)]))
    assert register.has_address(f" {met.upper()}")
    people = pl.DataFrame(
        {"email": ["ana@bücher.de", "bob@bücher.de", "", "c@contoso.com"], "customer_id": [""] * 4}
    )
    assert register.is_erased(people).to_list() == [True, False, False, False]
