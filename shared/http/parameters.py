"""The schemas of query and path parameters, by the names that rows of the table give them."""

from collections.abc import Mapping
from typing import Any

from shared.exports.models import NAME_PATTERN
from shared.runs.codes import CODES
from shared.runs.names import RUN_ID_PATTERN
from shared.runs.record import RunStatus

Schema = dict[str, Any]

QUERY: Mapping[str, Schema] = {
    "text": {"type": "string"},
    "limit": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
    "outcome_code": {"type": "string", "enum": list(CODES)},
    "run_status": {"type": "string", "enum": [status.value for status in RunStatus]},
    "what_then": {"type": "string", "enum": ["detach", "remove"]},
}
PATH: Mapping[str, Schema] = {
    "name": {"type": "string", "pattern": NAME_PATTERN},
    "id": {"type": "string", "pattern": RUN_ID_PATTERN},
}
