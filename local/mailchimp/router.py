"""Which route answers which method and path."""

from collections.abc import Callable
from typing import cast

from . import problems
from .requests import Answer, Request
from .routes import (
    batches,
    bulk,
    interests,
    listing,
    lists,
    members,
    merge_fields,
    root,
    segments,
    webhooks,
)

type Route = Callable[..., Answer]

_LIST = "lists/*"
_MEMBER = f"{_LIST}/members/*"
_SEGMENT = f"{_LIST}/segments/*"
_FIELD = f"{_LIST}/merge-fields/*"

_TABLE: dict[str, dict[str, Route]] = {
    "": {"GET": root.get_root},
    "ping": {"GET": root.ping},
    "authorized-apps": {"GET": root.authorized_apps},
    "lists": {"GET": lists.get_lists},
    _LIST: {"GET": lists.get_list, "POST": bulk.batch_subscribe},
    f"{_LIST}/members": {"GET": listing.list_members, "POST": members.add_member},
    _MEMBER: {
        "GET": members.get_member,
        "PUT": members.put_member,
        "PATCH": members.patch_member,
        "DELETE": members.archive_member,
    },
    f"{_MEMBER}/tags": {"GET": members.get_member_tags, "POST": members.post_member_tags},
    f"{_MEMBER}/actions/delete-permanent": {"POST": members.delete_permanently},
    f"{_LIST}/tag-search": {"GET": segments.tag_search},
    f"{_LIST}/segments": {"GET": segments.get_segments, "POST": segments.add_segment},
    _SEGMENT: {
        "GET": segments.get_segment,
        "POST": segments.change_members,
        "PATCH": segments.patch_segment,
        "DELETE": segments.delete_segment,
    },
    f"{_SEGMENT}/members": {"GET": segments.get_segment_members},
    f"{_LIST}/merge-fields": {
        "GET": merge_fields.get_merge_fields,
        "POST": merge_fields.add_merge_field,
    },
    _FIELD: {
        "GET": merge_fields.get_merge_field,
        "PATCH": merge_fields.patch_merge_field,
        "DELETE": merge_fields.delete_merge_field,
    },
    f"{_LIST}/interest-categories": {"GET": interests.get_categories},
    f"{_LIST}/interest-categories/*/interests": {"GET": interests.get_interests},
    f"{_LIST}/webhooks": {"GET": webhooks.get_webhooks, "POST": webhooks.add_webhook},
    f"{_LIST}/webhooks/*": {"DELETE": webhooks.delete_webhook},
    "batches": {"GET": batches.get_batches, "POST": batches.add_batch},
    "batches/*": {"GET": batches.get_batch, "DELETE": batches.delete_batch},
}
_BY_PARTS: dict[int, list[tuple[tuple[str, ...], dict[str, Route]]]] = {}
for _pattern, _methods in _TABLE.items():
    _parts = tuple(_pattern.split("/"))
    _BY_PARTS.setdefault(len(_parts), []).append((_parts, _methods))


def answer(request: Request, path: str) -> Answer:
    """Do the work of a call at once. `path` is without version and outer slashes.

    Raises Problem for every error answer.
    """
    parts = path.split("/")
    for pattern, methods in _BY_PARTS.get(len(parts), ()):
        values = _fit(pattern, parts)
        if values is None:
            continue
        route = methods.get(request.method)
        if route is None:
            raise problems.wrong_method(", ".join(sorted(methods)))
        if request.method != "GET" and not request.login.may_write:
            raise problems.not_permitted()
        return route(request, *values)
    raise problems.not_found()


def _fit(pattern: tuple[str, ...], parts: list[str]) -> list[str] | None:
    values = []
    for wanted, found in zip(pattern, parts, strict=True):
        if wanted == "*":
            values.append(found)
        elif wanted != found:
            return None
    return values


def members_in(body: object) -> int:
    """How many contacts a body names: Mailchimp takes its time for each."""
    if not isinstance(body, dict):
        return 0
    lists = (
        cast("dict[str, object]", body).get(name)
        for name in ("members", "members_to_add", "members_to_remove", "static_segment")
    )
    return sum(len(found) for found in lists if isinstance(found, list))
