"""Connections and exports as the API takes them: a model, or every mistake by its field."""

import json
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from shared.exports.checks.findings import Findings
from shared.exports.checks.itself import check_segments
from shared.exports.connection_models import Connection
from shared.exports.models import Export
from shared.exports.schedules import due_since, next_after
from shared.http.inputs import read
from shared.http.messages import Response, parse_document
from shared.http.problems import ProblemError
from tests.campaigns.fuzz.target import Target

_NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
_BEFORE = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)


def check(data: bytes) -> None:
    """Fail on a document that is neither read nor refused with its fields named."""
    _read(Connection, data)
    export = _read(Export, data)
    if export is not None:
        _check_export(export)


def _check_export(export: Export) -> None:
    """An export that is read can be scheduled."""
    assert len(export.tags) == len(export.segment_names) == len(export.segments)
    assert export.email_field in export.columns
    check_segments(export, Findings())
    schedule = export.schedule
    if schedule.cron:
        upcoming = next_after(schedule.cron, schedule.time_zone, _NOW)
        assert upcoming is not None
        assert upcoming > _NOW
    last = due_since(schedule.cron, schedule.time_zone, _BEFORE, _NOW)
    assert last is None or _BEFORE < last <= _NOW


def _read[M: BaseModel](model: type[M], data: bytes) -> M | None:
    """Read a document as the API does; None for one that it refuses as it should."""
    try:
        found = read(model, parse_document(data))
    except ProblemError as problem:
        _check_problem(problem)
        return None
    stored = found.model_dump(mode="json")
    Response(document=stored).payload()
    assert read(model, json.loads(json.dumps(stored))) == found
    return found


def _check_problem(problem: ProblemError) -> None:
    assert problem.status in (400, 422)
    assert bool(problem.errors) == (problem.status == 422)
    for error in problem.errors:
        # A member's name may be empty; then it is not a known one.
        assert error.field or error.message == "is not known"
        assert error.message
    Response(problem.status, problem.document()).payload()


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


_CONNECTION: dict[str, Any] = {
    "name": "newsletter",
    "display_name": "Newsletter account",
    "shared_with": "contributors",
    "secret_name": "mailchimp-newsletter",
    "consent": {"accepted": True, "terms_version": "1"},
}
_EXPORT: dict[str, Any] = {
    "name": "weekly-news",
    "display_name": "Weekly news",
    "connection": "newsletter",
    "audience_id": "a1b2c3d4e5",
    "source": {
        "container": "dynamics365customerinsights",
        "folder": "CustomerInsights_x/BlobExport",
    },
    "segments": ["VIP", {"name": "Lapsed", "tag": "Gone", "adopt": True}],
    "email_field": "Email",
    "merge_fields": {"FNAME": "FirstName", "ADDRESS.city": "City"},
    "create_merge_fields": True,
    "consent": {"field": "NewsletterConsent", "values": ["true", "1"]},
    "status_for_new": "pending",
    "leavers": "archive",
    "removal_limit_percent": 12.5,
    "stale_after_hours": 24,
    "schedule": {
        "kind": "cron",
        "cron": ["0 6 * * 1", "5/7 */2 1-9 JAN MON#1"],
        "time_zone": "UTC",
    },
    "purpose": "Newsletter",
    "legal_basis": "consent",
}
_ODD = (b"", b"[]", b"{}", b'{"name": NaN}', b'{"name": "\\ud800"}', b'{"a": 1, "a": 2}', b"\xff{}")

TARGET = Target(
    name="documents",
    check=check,
    seeds=(
        _json(_CONNECTION),
        _json({"name": "a"}),
        _json(_CONNECTION | {"consent": None, "status": "ready", "created_by": 1}),
        _json(_CONNECTION | {"consent": {"accepted": 1}, "shared_with": "all", "more": {}}),
        _json({"name": 5, "display_name": "\n"}),
        _json(_EXPORT),
        _json(_EXPORT | {"connection": None, "schedule": {"kind": "cron"}, "uid": "x"}),
        _json(_EXPORT | {"schedule": {"cron": ["0 0 29 2 *"], "time_zone": "Europe/Zagreb"}}),
        _json(_EXPORT | {"schedule": {"cron": ["0 0 30 2 *", "* * * *", "0 0 L * *"]}}),
        _json(_EXPORT | {"segments": [], "merge_fields": {"": ""}, "consent": {"values": []}}),
        _json(_EXPORT | {"segments": [1, {"name": None}, {"tag": "x"}, "a/b"], "email_field": ""}),
        _json(_EXPORT | {"removal_limit_percent": 1e300, "stale_after_hours": "x", "source": "x"}),
        _json({"name": "a"}),
        *_ODD,
    ),
    words=(
        *(
            f'"{name}"'.encode()
            for name in (
                *_EXPORT,
                *_CONNECTION,
                "field",
                "values",
                "kind",
                "cron",
                "folder",
                "accepted",
            )
        ),
        *(b'"time_zone"', b'"Europe/Zagreb"', b'"Asia/Kathmandu"', b'"none"', b'"refresh"'),
        *(b"*/5", b"L", b"#2", b"MON-FRI", b"29 2", b" * * *", b"1e308", b"-0", b"1e-400"),
        *(b"null", b"true", b"1", b"{", b"}", b"[", b"]", b":", b",", b"\\u0000", b"/", b".."),
    ),
    covers=("shared.exports.models", "shared.exports.schedules"),
    json=True,
)
