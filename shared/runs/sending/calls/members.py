"""How a contact is written in a call that creates or updates it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from shared.runs.job import Job
from shared.runs.more import more_of
from shared.runs.payload import UpsertItem


@dataclass(frozen=True)
class Written:
    """Contacts that were written before their call, by address; good for this job and status."""

    job: Job
    status: Mapping[str, str]
    members: Mapping[str, tuple[UpsertItem, dict[str, Any]]]

    def of(self, item: UpsertItem) -> dict[str, Any] | None:
        """Return this very item as it was written; None for another one about the contact."""
        found = self.members.get(item.email)
        return found[1] if found is not None and found[0] is item else None


def if_new(job: Job) -> dict[str, str]:
    """Return the member that says a status for new contacts alone."""
    return {"status_if_new": job.status_for_new}


def write_ahead(items: Sequence[UpsertItem], job: Job) -> Written:
    """Write contacts as a call that creates and updates them will, if nothing changes till then."""
    status = if_new(job)
    pairs = zip(items, members_of(items, job, status), strict=True)
    return Written(job, status, {item.email: (item, member) for item, member in pairs})


def members_of(
    items: Sequence[UpsertItem],
    job: Job,
    status: Mapping[str, str],
    written: Written | None = None,
    *,
    create: bool = False,
) -> list[dict[str, Any]]:
    """Return contacts with what changes of them; `status`: the member that says one, if any.

    create: for a call that can't update.
    """
    names = cache(job.tag_names)
    if create:
        # Nothing of these was written ahead.
        return [
            _member_of(item, job, status, names(item.add))
            | more_of(item.more).of_new(job.interests)
            for item in items
        ]
    if written is None or (written.job, written.status) != (job, status):
        return [_member_of(item, job, status, names(item.add)) for item in items]
    return [written.of(item) or _member_of(item, job, status, names(item.add)) for item in items]


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
