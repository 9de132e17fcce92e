"""What comes next is made beside the work on what is there."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from shared.platform.ahead import one_ahead


def test_the_next_one_is_made_while_this_one_is_worked_on() -> None:
    made = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        made.set()
        yield 2

    with closing(one_ahead(items())) as ahead:
        assert next(ahead) == 1
        assert made.wait(60)
        assert list(ahead) == [2]


def test_what_making_them_raises_comes_in_its_place() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise LookupError("no second")

    seen: list[int] = []
    with pytest.raises(LookupError, match="no second"):
        seen.extend(one_ahead(items()))
    assert seen == [1]


def test_nothing_more_is_made_once_it_is_closed() -> None:
    asked: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            asked.append(number)
            yield number

    with closing(one_ahead(items())) as ahead:
        next(ahead)
    assert asked[-1] <= 1
