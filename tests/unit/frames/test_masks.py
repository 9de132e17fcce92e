"""Up to 64 tags are bits of one number, the last of which needs all 64."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from shared.frames.masks import MASK, has_bit, translate

BITS = st.integers(0, 63)


@given(st.sets(BITS), st.dictionaries(BITS, BITS, max_size=8))
def test_a_mask_says_in_other_numbers_what_it_said(bits: set[int], others: dict[int, int]) -> None:
    frame = pl.DataFrame({"mask": [sum(1 << bit for bit in bits)]}, schema={"mask": MASK})
    translated = frame.select(translate("mask", others)).item()
    wanted = {others[bit] for bit in bits if bit in others}
    assert {bit for bit in range(64) if translated >> bit & 1} == wanted


@given(st.sets(BITS), BITS)
def test_a_bit_is_asked_for_by_its_number(bits: set[int], bit: int) -> None:
    frame = pl.DataFrame({"mask": [sum(1 << b for b in bits), None]}, schema={"mask": MASK})
    assert frame.select(has_bit("mask", bit)).to_series().to_list() == [bit in bits, None]
