"""How a contact is written in a call that creates or updates it."""

from typing import Any

from shared.runs.sending.items import Item
from shared.runs.sending.job import Job


def member_of(item: Item, job: Job, status: str) -> dict[str, Any]:
    """Return a contact with what changes of it, and the status that it is to have."""
    email, values, tags, _, before = item[:5]
    member: dict[str, Any] = {"email_address": email, "status": status}
    # A blank value clears what this export has sent, and is left out otherwise.
    fields = {
        name: "" if values.get(name) is None else _without_nulls(values[name])
        for bit, name in enumerate(job.fields)
        if values.get(name) is not None or (name in values and before >> bit & 1)
    }
    if fields:
        member["merge_fields"] = fields
    names = [name for bit, (name, _) in job.tags.items() if tags >> bit & 1]
    if names:
        member["tags"] = names
    return member


def _without_nulls(value: Any) -> Any:
    """Leave the blank parts of an address out: null is never sent."""
    if isinstance(value, dict):
        return {part: text for part, text in value.items() if text is not None}
    return value
