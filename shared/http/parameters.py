"""The schemas of query and path parameters, by the names that rows of the table give them."""

from collections.abc import Mapping
from typing import Any

from shared.exports.written import NAME_PATTERN
from shared.runs.codes import CODES
from shared.runs.names import RUN_ID_PATTERN
from shared.runs.record import RunStatus
from shared.webhooks.hooks import HOOK_PATTERN

Schema = dict[str, Any]
# export_views.py has what each means.
EXPORT_SORTS = ("name", "display_name", "last_run", "next_run")

QUERY: Mapping[str, Schema] = {
    "text": {"type": "string"},
    "limit": {"type": "integer", "minimum": 1, "description": "at most 200 are given"},
    "export_status": {"type": "string", "enum": [*RunStatus, "never_run"]},
    "export_sort": {
        "type": "string",
        "enum": [f"{mark}{key}" for key in EXPORT_SORTS for mark in ("", "-")],
    },
    "outcome_code": {"type": "string", "enum": list(CODES)},
    "run_status": {"type": "string", "enum": [status.value for status in RunStatus]},
    "what_then": {"type": "string", "enum": ["detach", "remove"]},
}
PATH: Mapping[str, Schema] = {
    "name": {"type": "string", "pattern": NAME_PATTERN},
    "id": {"type": "string", "pattern": RUN_ID_PATTERN},
    "hook": {"type": "string", "pattern": f"^{HOOK_PATTERN}$"},
}
# Names that others gave; by the part of the path before them.
PATH_BELOW: Mapping[tuple[str, str], Schema] = {
    ("segments", "name"): {"type": "string", "minLength": 1, "maxLength": 256},
    ("audiences", "id"): {"type": "string", "pattern": "^[A-Za-z0-9]{1,50}$"},
    ("erasures", "id"): {"type": "string", "pattern": "^[0-9a-f]{32}$"},
}


def path_schema(before: str, name: str) -> Schema:
    """Return the schema of a path's parameter, which stands behind the part `before`."""
    return PATH_BELOW.get((before, name), PATH[name])
