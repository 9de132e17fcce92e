"""The API attacked by a fuzzer that knows it from its own OpenAPI document.

No answer is a 500, and none is anything that the document does not describe.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.functions_host.process import HostProcess
from local.stack import Stack
from tests.services.http.conftest import (
    NOTHING_RUNS,
    Caller,
    Place,
    new_entra_host,
    new_stack,
    signed_in,
)
from tests.support.entra import Entra, Signer

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
EXAMPLES_PER_ROUTE = 5
# Who may call and how differs between the two; how bodies and parameters are read does not, so
# every edge of those (`coverage`, most of the requests) is tried once.
PHASES = {"keys": "examples,coverage,fuzzing,stateful", "entra": "examples,fuzzing,stateful"}


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Services of its own: what other tests have saved would make every listing longer."""
    yield from new_stack()


@pytest.fixture(scope="module")
def keys_host(stack: Stack) -> HostProcess:
    return stack.add_host(functions=NOTHING_RUNS)


@pytest.fixture(scope="module")
def entra_host(stack: Stack) -> Iterator[HostProcess]:
    with Entra.started(Signer("one")) as entra:
        yield new_entra_host(stack, entra.settings)


@pytest.mark.parametrize("mode", ["keys", "entra"])
def test_no_request_gets_an_answer_that_is_not_described(
    stack: Stack,
    keys_host: HostProcess,
    entra_host: HostProcess,
    connected: Place,  # noqa: ARG001 - so that lists are not empty
    export: str,  # noqa: ARG001 - the same
    tmp_path: Path,
    mode: str,
) -> None:
    if mode == "keys":
        caller = Caller(keys_host, {"x-functions-key": stack.keys.master})
    else:
        caller = signed_in(entra_host, "Contributor")
    description = tmp_path / "openapi.json"
    description.write_text(json.dumps(caller("GET", "openapi.json").json()))
    program = Path(sys.executable).with_name("schemathesis")
    command = [str(program), "run", str(description), "--url", f"{caller.host.url}/api"]
    command += ["--phases", PHASES[mode], "--checks", ",".join(CHECKS)]
    command += ["--max-examples", str(EXAMPLES_PER_ROUTE)]
    command += ["--seed", "1", "--continue-on-failure", "--no-color"]
    for name, value in caller.headers.items():
        command += ["--header", f"{name}: {value}"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.services.http.fuzz_hooks"},
        check=False,
    )
    assert done.returncode == 0, done.stdout
