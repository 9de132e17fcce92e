"""How a contact is written in a call that creates or updates it."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from shared.runs.job import Job
from shared.runs.payload import UpsertItem


def members_of(
    items: Iterable[UpsertItem], job: Job, status: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return contacts with what changes of them; `status`: the member that says one, if any."""
    names = cache(job.tag_names)
    return [_member_of(item, job, status, names(item.add)) for item in items]


def changes_of(item: UpsertItem, job: Job) -> dict[str, Any]:
    """Return what changes of one contact, but for its tags."""
    return {"merge_fields": _fields_of(item, job)}


def _member_of(
    item: UpsertItem, job: Job, status: Mapping[str, str], tags: list[str]
) -> dict[str, Any]:
    member: dict[str, Any] = {"email_address": item.email, **status}
    if fields := _fields_of(item, job):
        member["merge_fields"] = fields
    if tags:
        member["tags"] = tags
    return member


def _fields_of(item: UpsertItem, job: Job) -> dict[str, Any]:
    # A blank value clears what this export has sent, and is left out otherwise.
    return {
        job.field_name(name): "" if value is None else _without_nulls(value)
        for name, value in item.values.items()
        if value is not None or item.fields & job.field_masks[name]
    }


def _without_nulls(value: object) -> object:
    """Leave the blank parts of an address out: null is never sent."""
    if isinstance(value, dict):
        return {part: text for part, text in value.items() if text is not None}
    return value
