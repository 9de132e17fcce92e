"""Bicep's own compiler, as one process that answers many questions.

It is found on PATH, else where `scripts/bicep-compiler` or `az bicep install` puts it.
Its protocol: JSON-RPC with a length in front of each message, over standard input and output.
"""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

MISSING = (
    "Bicep's compiler was not found: run `scripts/bicep-compiler` or `az bicep install`, "
    "or put `bicep` on PATH"
)
FETCHED = Path(__file__).resolve().parent.parent.parent / ".local" / "bicep" / "bicep"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
TENANT = "00000000-0000-0000-0000-000000000009"
SEGMENT_STORAGE = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-data"
    "/providers/Microsoft.Storage/storageAccounts/stdata"
)
# What parameter files read; deploy.sh and azd set it otherwise.
ENVIRONMENT = {
    "AZURE_ENV_NAME": "azd-env",
    "AZURE_LOCATION": "westeurope",
    "SEGMENT_STORAGE_ID": SEGMENT_STORAGE,
}


@dataclass(frozen=True)
class Compiled:
    """One compiled file: what the compiler minds, and the template that Azure gets."""

    complaints: tuple[str, ...]
    template: dict[str, Any]


def find() -> str | None:
    """Return the compiler's path, or None."""
    configuration = Path(os.environ.get("AZURE_CONFIG_DIR", Path.home() / ".azure"))
    places = ("bicep", FETCHED, configuration / "bin" / "bicep")
    return next((found for place in places if (found := shutil.which(place))), None)


class Compiler:
    """A running compiler; use it with `with`."""

    def __init__(self, path: str) -> None:
        self._process = subprocess.Popen(
            [path, "jsonrpc", "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **ENVIRONMENT},
        )
        self._number = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stdin.close()
        self._process.wait()
        self._stdout.close()

    def compile(self, path: Path) -> Compiled:
        """Compile a Bicep file with everything that it calls."""
        answer = self._ask("bicep/compile", path=str(path))
        return Compiled(_complaints(answer), json.loads(answer.get("contents") or "{}"))

    def parameters(self, path: Path) -> Compiled:
        """Compile a parameter file, which is checked against the file that it uses."""
        answer = self._ask("bicep/compileParams", path=str(path), parameterOverrides={})
        return Compiled(_complaints(answer), json.loads(answer.get("parameters") or "{}"))

    def snapshot(self, path: Path, group: str | None = None) -> dict[str, Any]:
        """Return every resource that a parameter file would deploy; raises ValueError.

        `group` is for files that are deployed into a resource group.
        """
        where = {
            "tenantId": TENANT,
            "subscriptionId": SUBSCRIPTION,
            "resourceGroup": group,
            "location": "westeurope",
            "deploymentName": "deployment",
        }
        answer = self._ask("bicep/getSnapshot", path=str(path), metadata=where, externalInputs=None)
        found: dict[str, Any] = json.loads(answer["snapshot"])
        return found

    def formatted(self, path: Path) -> str:
        """Return a file as it should stand."""
        return str(self._ask("bicep/format", path=str(path))["contents"])

    @property
    def _stdin(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _stdout(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        question = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
        body = json.dumps(question).encode()
        self._stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._stdin.flush()
        length = 0
        while line := self._stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        answer = json.loads(self._stdout.read(length))
        if "error" in answer:
            raise ValueError(answer["error"]["message"])
        result: dict[str, Any] = answer["result"]
        return result


def _complaints(answer: dict[str, Any]) -> tuple[str, ...]:
    """Every diagnostic, warnings too: most mistakes in types are no more than those."""
    return tuple(
        f"{Path(item['source']).name}:{item['range']['start']['line'] + 1}: "
        f"{item['level']} {item['code']}: {item['message']}"
        for item in answer["diagnostics"]
    )
