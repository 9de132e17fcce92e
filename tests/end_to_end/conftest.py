"""One running product for all of these tests, an account and an audience of its own for each."""

import uuid
from collections.abc import Callable, Iterator

import pytest

from local.stack import Stack
from tests.end_to_end.place import Place


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with Stack.start(environment={}) as running:
        yield running


@pytest.fixture(scope="session")
def new_place(stack: Stack) -> Callable[[], Place]:
    """Make corners of the product, each with a connection that is ready."""

    def make() -> Place:
        name = f"t-{uuid.uuid4().hex[:8]}"
        account = stack.mailchimp.add_account(name)
        audience = stack.mailchimp.add_list(account, "News")
        consent = {"accepted": True}
        stack.ask("PUT", f"connections/{name}", {"name": name, "consent": consent})
        stack.ask("PUT", f"connections/{name}/token", {"api_key": account.api_key})
        return Place(stack, name, account, audience, f"CustomerInsights_{name}/BlobExport")

    return make


@pytest.fixture
def place(stack: Stack, new_place: Callable[[], Place]) -> Iterator[Place]:
    """A corner for one test; the simulator behaves as usual again afterwards."""
    yield new_place()
    stack.mailchimp.clear_faults()
    stack.mailchimp.reset()
