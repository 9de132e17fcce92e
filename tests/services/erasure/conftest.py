"""The running product, a corner of it for each test, and people whom no other test knows."""

import itertools
from collections.abc import Iterator

import pytest

from local.stack import Stack
from tests.support.place import QUICK, Place, make_place

_NUMBERS = itertools.count(110_000, 10_000)


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    with Stack.start(environment={}, settings=QUICK) as running:
        yield running


@pytest.fixture
def place(stack: Stack) -> Iterator[Place]:
    """A corner for one test; the simulator behaves as usual again afterwards."""
    made = make_place(stack)
    yield made
    made.leave()
    stack.mailchimp.clear_faults()
    stack.mailchimp.reset()


@pytest.fixture
def n() -> int:
    """The first of the numbers of a test's people: who was erased is so for every test."""
    return next(_NUMBERS)
