"""Compares resources with trimmed copies of the resource providers' published schemas.

A schema node is `"string"`, `"int"`, `"bool"` or `"any"`; `{"enum": [...]}`; `{"list": node}`;
`{"map": node}`; `{"object": {name: node}, "required": [...]}`; or `{"trimmed": type}` for a part
that no file uses yet, which `refresh_schemas.py` fills in. Read-only properties are left out.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.deployment import bicep

SCHEMAS = Path(__file__).resolve().parent / "schemas"
# Written beside the properties of a resource, and no part of its schema.
BICEP_MEMBERS = {"parent", "scope", "dependsOn"}


def schema_path(resource_type: str) -> Path:
    """Return where the schema of a resource type is kept."""
    return SCHEMAS / (resource_type.replace("/", "_") + ".json")


@cache
def _schema(resource_type: str) -> Any:
    return json.loads(schema_path(resource_type).read_text())


def problems(files: Mapping[str, str]) -> list[str]:
    """Return what the schemas do not allow, one line for each."""
    found: list[str] = []
    for resource in bicep.resources(files):
        if not schema_path(resource.type).is_file():
            found.append(f"{resource}: no schema of {resource.type} is kept")
            continue
        schema = _schema(resource.type)
        if resource.api_version != schema["apiVersion"]:
            found.append(f"{resource}: version {resource.api_version}, not {schema['apiVersion']}")
        if resource.existing:
            continue
        body = {key: value for key, value in resource.body.items() if key not in BICEP_MEMBERS}
        declared = bicep.names(files[resource.path])
        found += [f"{resource}: {text}" for text in _check(body, _body(schema, body), "", declared)]
    return found


def _body(schema: Any, body: Mapping[str, Any]) -> Any:
    """Some types have a schema per name, such as the app settings among a site's settings."""
    if "byName" not in schema:
        return schema["body"]
    return schema["byName"].get(body.get("name"), {"object": {}, "required": []})


def _check(value: Any, node: Any, where: str, declared: set[str]) -> Iterator[str]:
    value = _known_part(value)
    if value is None:
        return
    if isinstance(value, str) and ("${" in value or value in declared):
        return  # a name or an interpolated string: known only at deployment
    match node:
        case "any":
            return
        case "string":
            if not isinstance(value, str):
                yield f"{where}: {value!r} is not a string"
        case "bool" | "int":
            kind = bool if node == "bool" else int
            if not isinstance(value, kind) or (node == "int" and isinstance(value, bool)):
                yield f"{where}: {value!r} is not {node}"
        case {"enum": allowed}:
            if value not in allowed:
                yield f"{where}: {value!r} is not one of {', '.join(map(str, allowed))}"
        case {"list": item}:
            if not isinstance(value, list):
                yield f"{where}: {value!r} is not an array"
                return
            for index, member in enumerate(value):
                yield from _check(member, item, f"{where}[{index}]", declared)
        case {"map": item}:
            if not isinstance(value, dict):
                yield f"{where}: {value!r} is not an object"
                return
            for key, member in value.items():
                yield from _check(member, item, f"{where}.{key}", declared)
        case {"object": members, "required": required}:
            if not isinstance(value, dict):
                yield f"{where}: {value!r} is not an object"
                return
            for name in required:
                if name not in value:
                    yield f"{where}: {name} is missing"
            for key, member in value.items():
                if key not in members:
                    yield f"{where}: unknown property {key}"
                else:
                    yield from _check(member, members[key], f"{where}.{key}", declared)
        case {"trimmed": kind}:
            yield f"{where}: no schema of {kind} is kept; run tests/deployment/refresh_schemas.py"
        case _:
            raise AssertionError(f"not a schema node: {node!r}")


def _known_part(value: Any) -> Any:
    """Return what is written down of a value, or None for what only the deployment knows.

    Of `condition ? a : b` and of loops the written parts are looked at: for a choice the one with
    more in it.
    """
    if bicep.is_loop(value):
        return [bicep.unwrapped(value)]
    if operator := bicep.operator_of(value):
        if operator["type"] != "conditional":
            return None
        choices = [operator["operands"]["true_value"], operator["operands"]["false_value"]]
        return _known_part(max(choices, key=lambda choice: len(str(choice or ""))))
    return None if bicep.function_of(value) else value
