"""Stands for az: remembers what was asked, and refuses what Azure is known to refuse.

Run as a program by the scripts under test. AZ_STATE is a JSON file: `calls`, all arguments so far;
`there`, what exists; `removed`, the vaults in soft delete; `fails`, how calls begin that are to
fail so many times, with what is said then.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

GROUP = "rg-segment-export-dev"
OUTPUTS = {
    "resourceGroupName": GROUP,
    "functionAppName": "func-segment-export",
    "keyVaultName": "kv-seg",
    "storageAccountName": "stseg",
    "identityPrincipalId": "11111111-1111-1111-1111-111111111111",
}


def main(arguments: list[str]) -> int:
    """Answer one call; returns its exit code."""
    path = Path(os.environ["AZ_STATE"])
    state = json.loads(path.read_text())
    state["calls"].append(arguments)
    try:
        said = _answer(" ".join(arguments), state)
        code = 0
    except RefusedError as refused:
        said, code = "", 1
        print(f"ERROR: {refused}", file=sys.stderr)
    path.write_text(json.dumps(state))
    if said:
        print(said)
    return code


class RefusedError(Exception):
    """What Azure refuses, in its words as far as they are known."""


def _answer(call: str, state: dict[str, Any]) -> str:
    there: list[str] = state["there"]
    for text, failure in state["fails"].items():
        if call.startswith(text) and failure["times"]:
            failure["times"] -= 1
            raise RefusedError(failure["says"])
    if call.startswith("deployment sub create"):
        _create(call, state)
    if call.startswith("deployment sub show"):
        return _output(call, state)
    if call.startswith("keyvault list-deleted"):
        return "\n".join(state["removed"])
    if call.startswith("functionapp vnet-integration list"):
        return "app-subnet" if "integration" in there else ""
    if call.startswith("functionapp vnet-integration remove"):
        there.remove("integration")
    if call.startswith("functionapp delete"):
        there.remove("app")
    if call.startswith("functionapp function list"):
        return str(state["functions"])
    if call.startswith("role assignment list"):
        return "/assignments/1\n/assignments/2" if "assignments" in there else ""
    if call.startswith("role assignment delete"):
        there.remove("assignments")
    if call.startswith("role definition list"):
        return "role-1" if "role" in there else ""
    if call.startswith("role definition delete"):
        if "assignments" in there:
            raise RefusedError("(RoleDefinitionHasAssignments)")
        there.remove("role")
    if call.startswith("lock list"):
        return str(state.get("locks", ""))
    if call.startswith("account get-access-token"):
        return "a-token"
    if call.startswith("monitor log-analytics workspace list"):
        return "log-segment-export" if "workspace" in there else ""
    if call.startswith("monitor log-analytics workspace delete"):
        there.remove("workspace")
    if call.startswith("group delete"):
        _delete_group(state)
    if call.startswith("keyvault purge"):
        if state["purge_protection"]:
            raise RefusedError("(MethodNotAllowed) Operation 'DeletedVaultPurge' is not allowed.")
        state["removed"] = []
    return ""


def _create(call: str, state: dict[str, Any]) -> None:
    recover = "recoverVault=true" in call
    if state["removed"] and not recover:
        raise RefusedError(
            "(ConflictError) A vault with the same name already exists in deleted state."
        )
    if recover and not state["removed"]:
        raise RefusedError("(BadRequest) There is no deleted vault to recover.")
    state["removed"] = []
    state["there"] = ["app", "assignments", "integration", "role", "vault", "workspace"]


def _output(call: str, state: dict[str, Any]) -> str:
    for name, value in {**OUTPUTS, "appUrl": os.environ["AZ_APP_URL"]}.items():
        if f"outputs.{name}." in call:
            return value if state["there"] else ""
    raise RefusedError(f"no such output: {call}")


def _delete_group(state: dict[str, Any]) -> None:
    if "integration" in state["there"]:
        raise RefusedError("(InUseSubnetCannotBeDeleted) Subnet app is in use.")
    if "vault" in state["there"]:
        state["removed"] = [OUTPUTS["keyVaultName"]]
    state["there"] = []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
