"""Judging answers by Mailchimp's own Swagger document, where it lies beside the project."""

import json
import re
from typing import Any

import pytest

from tests.support.root import REFERENCE

DOCUMENT = REFERENCE / "mailchimp" / "marketing-api.json"

# Types of Swagger 2 and the Python types that JSON makes of them.
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
# The document was reduced: links are in every real answer, `errors` in every real problem.
_UNDECLARED = {"_links", "errors"}


class Swagger:
    """The document, looked up by method and path."""

    def __init__(self) -> None:
        if not DOCUMENT.exists():
            pytest.skip("Mailchimp's Swagger document is not here")
        self._paths: dict[str, Any] = json.loads(DOCUMENT.read_text())["paths"]

    def violations(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """What an answer has that the document does not allow; empty when all is well."""
        responses = self._operation(method, path)["responses"]
        expected = responses.get(str(status), responses["default"])
        schema = expected.get("schema")
        if schema is None:
            return [] if body is None else ["$: there should be no body"]
        return list(_check(schema, body, "$"))

    def _operation(self, method: str, path: str) -> Any:
        for template, methods in self._paths.items():
            if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path or "/"):
                return methods[method.lower()]
        raise KeyError(path)


def _check(schema: Any, value: Any, at: str) -> list[str]:
    kind = schema.get("type")
    if kind and (
        not isinstance(value, _TYPES[kind]) or (kind != "boolean" and isinstance(value, bool))
    ):
        return [f"{at}: {kind} expected, {value!r} found"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at}: {value!r} is none of {schema['enum']}"]
    if isinstance(value, list):
        items = schema.get("items", {})
        return [found for n, one in enumerate(value) for found in _check(items, one, f"{at}[{n}]")]
    if isinstance(value, dict):
        return _check_object(schema, value, at)
    return []


def _check_object(schema: Any, value: dict[str, Any], at: str) -> list[str]:
    properties = schema.get("properties", {})
    found = [f"{at}.{name} is missing" for name in schema.get("required", []) if name not in value]
    for name, part in value.items():
        if name in properties:
            found += _check(properties[name], part, f"{at}.{name}")
        elif isinstance(extra := schema.get("additionalProperties"), dict):
            found += _check(extra, part, f"{at}.{name}")
        elif properties and name not in _UNDECLARED:
            found.append(f"{at}.{name} is not declared")
    return found
