"""What a person's choice does to an item of drift. No input, no output."""

from dataclasses import replace

from shared.drift.items import Choice, Drift, Item, Left


class NotOfferedError(Exception):
    """The item has no such choice."""


class AlreadyDoneError(Exception):
    """What was chosen is carried out."""


def chosen(drift: Drift, item: Item, choice: Choice, by: str, now: str) -> Drift:
    """Take a choice in; raises NotOfferedError, AlreadyDoneError."""
    if not item.is_open:
        raise AlreadyDoneError
    if choice not in item.choices:
        raise NotOfferedError
    after = replace(item, choice=choice, chosen_by=by, chosen_at=now)
    left = drift.left
    if choice == "leave":
        after = replace(after, done_at=now)
        left = _with_left(drift.left, item)
    items = tuple(after if one.id == item.id else one for one in drift.items)
    return replace(drift, items=items, left=left)


def _with_left(left: tuple[Left, ...], item: Item) -> tuple[Left, ...]:
    """Add an item to what people want as it is; what was left like it before counts as well."""
    before = next((one for one in left if (one.code, one.subject) == item.key), None)
    alike = before is not None and before.params == item.params
    count = item.count + (before.count if before and alike else 0)
    kept = (one for one in left if one is not before)
    new = Left(code=item.code, subject=item.subject, params=item.params, count=count)
    return (*kept, new)
