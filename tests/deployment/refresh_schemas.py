"""Makes tests/deployment/schemas/ anew from the resource providers' published schemas.

    python3 -m venv .local/schemas && .local/schemas/bin/pip install msmcp-azure==3.0.0
    .venv/bin/python -m tests.deployment.refresh_schemas .local/schemas/bin/azmcp

The package holds Microsoft's published Bicep types and works offline. Only what the Bicep files use
is kept, with all names beside it, so that a wrong name is seen. Types that the package cannot print
are kept by hand; their files say where they come from. Run it after using a new type or property.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from tests.deployment import bicep
from tests.deployment.schema import BICEP_MEMBERS, SCHEMAS, schema_path

SOURCE = (
    "Microsoft's published Bicep types, as printed by `azmcp bicepschema get` of msmcp-azure 3.0.0"
)
# Not to be set on Flex Consumption, says "Deprecated properties and settings" of its documentation;
# left out of the schemas, they are reported where a file sets them.
NOT_ON_FLEX = {
    *("alwaysOn", "containerSize", "ftpsState", "functionAppScaleLimit", "isXenon", "javaVersion"),
    *("linuxFxVersion", "netFrameworkVersion", "powerShellVersion", "preWarmedInstanceCount"),
    *("use32BitWorkerProcess", "windowsFxVersion", "pythonVersion", "nodeVersion"),
}
SCALARS = {"string", "int", "bool", "any"}


def main() -> None:
    """Write one file for each resource type that the Bicep files use."""
    azmcp = sys.argv[1]
    SCHEMAS.mkdir(exist_ok=True)
    used: dict[str, Any] = {}
    for resource in bicep.resources(bicep.texts()):
        body = {key: value for key, value in resource.body.items() if key not in BICEP_MEMBERS}
        _merge(used.setdefault(resource.type, {}), _used(body))
    for resource_type, members in sorted(used.items()):
        path = schema_path(resource_type)
        if path.is_file() and json.loads(path.read_text())["source"] != SOURCE:
            print(f"{resource_type}: kept by hand, unchanged")
            continue
        trimmed = _trim(resource_type, members, _print_types(azmcp, resource_type))
        path.write_text(json.dumps(trimmed, indent=1, sort_keys=True) + "\n")
        print(f"{resource_type}: {path.stat().st_size} bytes")


def _print_types(azmcp: str, resource_type: str) -> list[dict[str, Any]]:
    printed = subprocess.run(
        [azmcp, "bicepschema", "get", "--resource-type", resource_type],
        env={**os.environ, "AZURE_MCP_COLLECT_TELEMETRY": "false"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    types: list[dict[str, Any]] = json.loads(printed.stdout)["results"]["BicepSchemaResult"]
    return types


def _used(value: Any) -> Any:
    """Return the property names that a body uses, as a tree; list items share their list's."""
    if bicep.is_loop(value):
        return _used(bicep.unwrapped(value))
    if operator := bicep.operator_of(value):
        return _merged(
            [_used(operator["operands"].get(side)) for side in ("true_value", "false_value")]
        )
    if isinstance(value, dict) and not bicep.function_of(value):
        return {key: _used(member) for key, member in value.items()}
    if isinstance(value, list):
        return _merged([_used(member) for member in value])
    return {}


def _merged(trees: list[Any]) -> Any:
    whole: dict[str, Any] = {}
    for tree in trees:
        _merge(whole, tree)
    return whole


def _merge(into: dict[str, Any], tree: Mapping[str, Any]) -> None:
    for key, members in tree.items():
        _merge(into.setdefault(key, {}), members)


def _trim(resource_type: str, used: Any, printed: list[dict[str, Any]]) -> dict[str, Any]:
    objects = {entry["name"]: entry for entry in printed if entry["$type"] == "Object"}
    resource = next(entry for entry in printed if entry["$type"] == "Resource")
    trimmed = {
        "source": SOURCE,
        "type": resource_type,
        "apiVersion": resource["name"].rsplit("@", 1)[1],
    }
    body = resource["bodyType"]
    if body["$type"] == "Object":
        return trimmed | {"body": _object(body, used, objects)}
    variants = {}
    for element in body["elements"]:
        [name] = [entry["type"] for entry in element["properties"] if entry["name"] == "name"]
        variants[name] = _object(element, used, objects)
    return trimmed | {"byName": variants}


def _object(entry: Mapping[str, Any], used: Any, objects: Mapping[str, Any]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    required: list[str] = []
    for prop in entry["properties"]:
        flags = prop.get("flags", "")
        if "ReadOnly" in flags or prop["name"] in NOT_ON_FLEX:
            continue
        if "Required" in flags:
            required.append(prop["name"])
        wanted = used.get(prop["name"]) if isinstance(used, dict) else None
        members[prop["name"]] = _node(prop["type"], wanted, objects)
    if not members and "additionalPropertiesType" in entry:
        wanted = _merged(list((used or {}).values()))
        return {"map": _node(entry["additionalPropertiesType"], wanted, objects)}
    return {"object": members, "required": required}


def _node(text: str, used: Any, objects: Mapping[str, Any]) -> Any:
    if text in SCALARS:
        return text
    if text in objects:
        return {"trimmed": text} if used is None else _object(objects[text], used, objects)
    if text.endswith("[]"):
        item = text.removesuffix("[]")
        if item in SCALARS or item in objects:
            return {"list": _node(item, used, objects)}
        return {"list": {"enum": item.split(" | ")}}
    if re.search(r" \| |^[\w.-]+$", text):
        return {"enum": [choice for choice in text.split(" | ") if choice != "string"]}
    return "any"


if __name__ == "__main__":
    main()
