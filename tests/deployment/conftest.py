"""What the tests of the deployment share: the compiler, and what each way deploys."""

import os
from collections.abc import Callable, Iterator
from functools import cache

import pytest

from tests.deployment import bicep, compiler
from tests.deployment.bicep import Deployment
from tests.deployment.compiler import Compiled, Compiler


@pytest.fixture(scope="session")
def bicep_compiler() -> Iterator[Compiler]:
    """Start the compiler; without one the test is skipped, and fails where CI must have it."""
    path = compiler.find()
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(compiler.MISSING)
    with Compiler(path) as running:
        yield running


@pytest.fixture(scope="session")
def deployment(bicep_compiler: Compiler) -> Callable[[str], Deployment]:
    """Return what tells what a way deploys, each worked out once."""
    return cache(lambda way: bicep.deployed(bicep_compiler, way))


@pytest.fixture(scope="session")
def compiled(bicep_compiler: Compiler) -> Compiled:
    """Compile main.bicep."""
    return bicep_compiler.compile(bicep.INFRA / "main.bicep")
