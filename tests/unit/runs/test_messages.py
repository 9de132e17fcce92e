"""What stands in a queue becomes a part of a blob's name only where it can be an id of ours."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runs.messages import ForeignMessageError, read_ids

RUN = "weekly-news-20261122T061500Z-7f3a"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
IDS = st.dictionaries(
    st.sampled_from(["run", "account", "slot", "notice", "predecessor", "other"]), JSON, max_size=4
)


@pytest.mark.parametrize(
    "ids",
    [
        {"run": RUN},
        {"account": "a1b2c3"},
        {"account": "unknown-us21"},
        {"account": "a1b2c3", "slot": "9"},
        {"account": "a1b2c3", "slot": "people"},
        {"predecessor": "weekly-news"},
        {"notice": "weekly-news"},
        {"notice": "weekly-news.input"},
    ],
)
def test_messages_of_the_app_are_read(ids: dict[str, str]) -> None:
    assert read_ids(json.dumps(ids, sort_keys=True).encode()) == ids


@pytest.mark.parametrize(
    "ids",
    [
        {"account": "../runs/x"},
        {"account": "a/9"},
        {"account": "a1\n"},
        {"account": ""},
        {"account": "a" * 65},
        {"account": "a1", "slot": "10"},
        {"account": "a1", "slot": "-1"},
        {"account": "a1", "slot": "\u0663"},
        {"account": "a1", "slot": 1},
        {"account": ["a1"]},
        {"run": f"{RUN}/.."},
        {"predecessor": "../runs"},
        {"predecessor": "weekly-news.input"},
        {"notice": "state/weekly-news"},
        {"notice": "weekly-news.input.input"},
        {"run": RUN, "path": "x"},
        {},
        [],
        None,
    ],
)
def test_others_are_refused(ids: object) -> None:
    with pytest.raises(ForeignMessageError):
        read_ids(json.dumps(ids).encode())


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 50_000])
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(ForeignMessageError):
        read_ids(body)


@given(IDS | JSON)
def test_whatever_comes_only_short_names_get_through(found: Any) -> None:
    try:
        ids = read_ids(json.dumps(found).encode())
    except ForeignMessageError:
        return
    assert ids.keys() <= {"run", "account", "slot", "notice", "predecessor"}
    assert not [text for text in ids.values() if "/" in text or len(text) > 100]
