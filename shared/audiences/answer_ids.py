"""What contacts answer to, by one kind of id: interests by their own, marketing permissions beside.

Both are remembered and decided on in the same masks; only what is written to Mailchimp differs.
"""

_PERMISSION = "permission/"


def permission(id_: str) -> str:
    """Return what a marketing permission is remembered as."""
    return _PERMISSION + id_


def permission_of(answer: str) -> str | None:
    """Return Mailchimp's id of a marketing permission, None for an interest."""
    return answer.removeprefix(_PERMISSION) if answer.startswith(_PERMISSION) else None


def member_of(answer: str) -> str:
    """Return which member of an export fills it."""
    id_ = permission_of(answer)
    return f"interests.{answer}" if id_ is None else f"marketing_permissions.{id_}"
