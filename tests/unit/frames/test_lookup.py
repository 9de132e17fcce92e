"""Rows are found by their texts exactly as a join would find them."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.frames import lookup

# Few texts, so that most are there, some of them twice; and any other, with signs of all kinds.
TEXTS = st.one_of(st.sampled_from(["a@x.org", "b@x.org", "c@x.org", "é", ""]), st.text())
WANTED = st.lists(TEXTS, max_size=40)
AMONG = st.lists(TEXTS, max_size=40)


def series(texts: list[str]) -> pl.Series:
    return pl.Series("text", texts, dtype=pl.String)


@given(WANTED, AMONG)
def test_every_text_is_found_where_it_is_and_no_other(wanted: list[str], among: list[str]) -> None:
    found = lookup.find(series(wanted), series(among)).to_list()
    assert len(found) == len(wanted)
    for text, place in zip(wanted, found, strict=True):
        assert (place is None) == (text not in among)
        assert place is None or among[place] == text


@given(WANTED, st.lists(TEXTS, max_size=40, unique=True))
def test_a_table_gets_the_columns_that_a_join_would_give_it(
    wanted: list[str], among: list[str]
) -> None:
    frame = pl.DataFrame({"n": range(len(wanted)), "email": series(wanted)})
    other = pl.DataFrame({"email": series(among), "tags": range(len(among))})
    joined = frame.join(other, on="email", how="left", maintain_order="left")
    assert lookup.left_join(frame, other, "email").equals(joined)


@settings(max_examples=5)
@given(st.integers(0, 3), st.integers(0, 2**32))
def test_more_rows_than_are_compared_at_once_are_all_found(first: int, seed: int) -> None:
    size = 250_003
    names = pl.select(pl.format("{}@x.org", pl.int_range(size))).to_series()
    among = names.shuffle(seed)
    wanted = pl.concat([names.slice(first), series(["nobody@x.org"])])
    found = lookup.find(wanted, among)
    assert found[:-1].null_count() == 0
    assert among.gather(found[:-1]).equals(wanted[:-1], check_names=False)
    assert found[-1] is None


def test_columns_keep_their_types_where_there_is_nothing_to_find() -> None:
    frame = pl.DataFrame({"email": series(["a@x.org"])})
    other = pl.DataFrame(schema={"email": pl.String, "tags": pl.UInt64})
    assert lookup.left_join(frame, other, "email").schema == {
        "email": pl.String,
        "tags": pl.UInt64,
    }
    assert lookup.left_join(frame.clear(), other, "email").height == 0


@given(st.lists(st.text("ab", max_size=3)))
def test_texts_that_are_there_again_are_found_and_counted_once(texts: list[str]) -> None:
    series = pl.Series(texts, dtype=pl.String)
    assert lookup.repeated(series).to_list() == [texts.count(text) > 1 for text in texts]
    assert lookup.count_distinct(series) == len(set(texts))
