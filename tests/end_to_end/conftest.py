"""One running product for all of these tests, an account and an audience of its own for each.

`pytest tests/end_to_end --mailchimp inline_tags=late` tells them all with a simulator that behaves
otherwise (local/mailchimp/switches.py has the ways).

Storage is the one that the environment names by connection string, where it does. Mailchimp and the
vault are always the local ones: the tests look into them and have them fail.
"""

import os
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from local.services import APP_STORAGE, SEGMENT_STORAGE
from local.stack import Stack
from tests.support.place import QUICK, Place, make_place

_CONNECTIONS = (APP_STORAGE, SEGMENT_STORAGE)
_BY_IDENTITY = tuple(f"{name}__" for name in _CONNECTIONS)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--mailchimp", action="append", default=[], metavar="SWITCH=VALUE", help="as said above"
    )


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    environment = _storage()
    with Stack.start(environment=environment, settings={**QUICK, **environment}) as running:
        if environment:
            running.add_segment_containers()
        yield running


def _storage() -> dict[str, str]:
    """Return the storage settings of the environment; skips where they can't be used."""
    if by_identity := [name for name in os.environ if name.startswith(_BY_IDENTITY)]:
        pytest.skip(
            f"{by_identity[0]}: these tests take storage by connection string, because the local "
            "vault brings an identity of its own"
        )
    found = {name: os.environ[name] for name in _CONNECTIONS if name in os.environ}
    if found and os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1") != "1":
        pytest.skip("on real storage these tests run in one process: its queues are for one app")
    return found


@pytest.fixture
def app_storage(stack: Stack) -> str:
    """The connection string of the storage with the app's queues."""
    return stack.settings[APP_STORAGE]


@pytest.fixture
def place(stack: Stack, request: pytest.FixtureRequest) -> Iterator[Place]:
    """A corner for one test; the simulator behaves as usual again afterwards."""
    stack.mailchimp.set(**_switches(request.config))
    made = make_place(stack)
    yield made
    made.leave()
    stack.mailchimp.clear_faults()
    stack.mailchimp.reset()


def _switches(config: pytest.Config) -> dict[str, Any]:
    """Read the options; the values are JSON, or else text."""
    found: dict[str, Any] = {}
    # A run of all tests has not read this file when it reads its command line.
    for option in config.getoption("--mailchimp", default=[]):
        name, _, value = option.partition("=")
        try:
            found[name] = orjson.loads(value)
        except orjson.JSONDecodeError:
            found[name] = value
    return found
