"""Merge fields of an audience: list, create, change, remove."""

import re

from .. import problems
from ..audience import Audience
from ..fields import Selection
from ..links import resource_links
from ..merge_values import TYPES
from ..model import MergeField
from ..problems import Problem
from ..requests import Answer, Request

TAG_LONGEST = 10
_TAG = re.compile(r"[A-Z0-9_]+")
_CHANGEABLE = ("name", "required", "default_value", "public", "display_order", "help_text")
_ONE = "Lists/MergeFields/Response"


def get_merge_fields(request: Request, list_id: str) -> Answer:
    """All merge fields, ten unless `count` says more."""
    audience = request.audience(list_id)
    offset, count = request.page()
    wanted, required = request.query.get("type"), request.query.get("required")
    found = [
        field
        for field in audience.merge_fields.values()
        if (wanted is None or field.type == wanted)
        and (required is None or field.required == request.flag("required"))
    ]
    body = {
        "merge_fields": [_shown(audience, one) for one in found[offset : offset + count]],
        "list_id": audience.id,
        "total_items": len(found),
    }
    return Answer(Selection.of(request.query).apply(body), "Lists/MergeFields/CollectionResponse")


def get_merge_field(request: Request, list_id: str, merge_id: str) -> Answer:
    """One merge field."""
    audience = request.audience(list_id)
    return Answer(_shown(audience, _find(audience, merge_id)), _ONE)


def add_merge_field(request: Request, list_id: str) -> Answer:
    """Create a merge field; without a tag Mailchimp makes one up."""
    audience = request.audience(list_id)
    body = request.document()
    name, type_ = body.get("name"), body.get("type")
    if not isinstance(name, str) or not name.strip():
        raise problems.bad_shape(("name", "This value should not be blank."))
    if type_ not in TYPES:
        message = "Data presented is not one of the accepted values: " + ", ".join(TYPES)
        raise problems.bad_shape(("type", message))
    if len(audience.merge_fields) >= request.switches.merge_field_limit:
        raise Problem(
            400, "Merge Max Limit Exceeded", "Your list already has the most merge fields it can."
        )
    merge_id = audience.new_merge_id()
    tag = _tag(audience, body.get("tag") or f"MMERGE{merge_id}")
    field = MergeField(merge_id, 0, tag, name.strip(), str(type_), display_order=merge_id + 1)
    field.public = True  # Mailchimp shows a field in forms unless told otherwise.
    _take(field, body)
    audience.add_merge_field(field)
    return Answer(_shown(audience, field), _ONE)


def patch_merge_field(request: Request, list_id: str, merge_id: str) -> Answer:
    """Change a merge field; its type stays."""
    audience = request.audience(list_id)
    field = _find(audience, merge_id)
    body = request.document()
    if "tag" in body and body["tag"] != field.tag:
        field.tag = _tag(audience, body["tag"])
    _take(field, body)
    audience.relabel()
    return Answer(_shown(audience, field), _ONE)


def delete_merge_field(request: Request, list_id: str, merge_id: str) -> Answer:
    """Remove a merge field and all its values."""
    audience = request.audience(list_id)
    audience.drop_merge_field(_find(audience, merge_id).merge_id)
    return Answer(None, _ONE)


def _find(audience: Audience, merge_id: str) -> MergeField:
    field = audience.merge_fields.get(int(merge_id)) if merge_id.isdigit() else None
    if field is None:
        raise problems.not_found()
    return field


def _tag(audience: Audience, given: object) -> str:
    tag = str(given).strip().upper()
    if len(tag) > TAG_LONGEST or not _TAG.fullmatch(tag) or tag == "EMAIL":
        raise problems.bad_shape(("tag", "Merge tags have up to 10 of A-Z, 0-9 and _."))
    if any(field.tag == tag for field in audience.merge_fields.values()):
        raise problems.invalid(f'A Merge Field with the tag "{tag}" already exists for this list.')
    return tag


def _take(field: MergeField, body: dict[str, object]) -> None:
    for name in _CHANGEABLE:
        if name in body:
            setattr(field, name, body[name])
    options = body.get("options")
    if isinstance(options, dict):
        field.options = field.options | options
    if field.type in ("radio", "dropdown") and not field.options.get("choices"):
        raise problems.bad_shape(("options.choices", "This value should not be blank."))


def _shown(audience: Audience, field: MergeField) -> dict[str, object]:
    path = f"/lists/{audience.id}/merge-fields"
    defaults: dict[str, object] = {"size": 25} if field.type == "text" else {}
    match field.type:
        case "phone":
            defaults["phone_format"] = "none"
        case "date":
            defaults["date_format"] = "MM/DD/YYYY"
        case "birthday":
            defaults["date_format"] = "MM/DD"
        case "address":
            defaults["default_country"] = 164
    return {
        "merge_id": field.merge_id,
        "tag": field.tag,
        "name": field.name,
        "type": field.type,
        "required": field.required,
        "default_value": field.default_value,
        "public": field.public,
        "display_order": field.display_order,
        "options": defaults | field.options,
        "help_text": field.help_text,
        "list_id": audience.id,
        "_links": resource_links(
            audience.dc, f"{path}/{field.merge_id}", path, "Lists/MergeFields"
        ),
    }
