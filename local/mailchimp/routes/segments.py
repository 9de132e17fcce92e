"""Segments; static ones are tags of the same id, and their bulk call is the bulk tagging."""

from .. import member_json, problems
from ..addresses import stored
from ..audience import Audience
from ..fields import Selection
from ..links import resource_links
from ..model import ACTIVE, Contact, Segment
from ..requests import Answer, Request, iso

MOST = 500
_ONE = "Lists/Segments/Response"
_MANY = "Lists/Segments/CollectionResponse"
_TAG_LONGEST = 100
_EXTRA_STATUSES = ("cleaned", "transactional", "unsubscribed")


def get_segments(request: Request, list_id: str) -> Answer:
    """The audience's segments, by type if wanted."""
    audience = request.audience(list_id)
    offset, count = request.page()
    wanted = request.query.get("type")
    since = request.time("since_created_at") or 0
    found = [
        segment
        for segment in audience.segments.values()
        if (wanted is None or segment.type == wanted) and segment.created >= since
    ]
    body = {
        "segments": [_segment(request, audience, one) for one in found[offset : offset + count]],
        "list_id": audience.id,
        "total_items": len(found),
    }
    return Answer(Selection.of(request.query).apply(body), _MANY)


def get_segment(request: Request, list_id: str, segment_id: str) -> Answer:
    """One segment."""
    audience = request.audience(list_id)
    body = _segment(request, audience, _find(audience, segment_id))
    return Answer(Selection.of(request.query).apply(body), _ONE)


def add_segment(request: Request, list_id: str) -> Answer:
    """Create a static segment out of addresses, or a saved one out of conditions."""
    audience = request.audience(list_id)
    body = request.document()
    name = _name(body)
    if "static_segment" in body:
        _refuse_taken(request, audience, name)
        contacts = _known(request, audience, _emails(body, "static_segment"))[0]
        segment = audience.add_segment(name, request.now)
        for contact in contacts:
            audience.set_tags(contact, contact.tags | {segment.id}, request.now)
    elif isinstance(body.get("options"), dict):
        if request.switches.segment_names == "shared" and audience.tag_named(name):
            raise problems.invalid("Sorry, that tag already exists.")
        segment = audience.add_segment(name, request.now, kind="saved")
        segment.options = body["options"]  # type: ignore[assignment]  # an object, checked above
    else:
        raise problems.bad_shape(("static_segment", "This value should not be blank."))
    return Answer(_segment(request, audience, segment), _ONE)


def patch_segment(request: Request, list_id: str, segment_id: str) -> Answer:
    """Rename a segment; `static_segment` replaces its members, `[]` removes all."""
    audience = request.audience(list_id)
    segment = _find(audience, segment_id)
    body = request.document()
    name = _name(body)
    if segment.type == "static" and audience.tag_named(name) is not segment:
        _refuse_taken(request, audience, name)
    if "static_segment" in body:
        if segment.type != "static":
            raise problems.no_static_segment(segment_id)
        wanted = set(_known(request, audience, _emails(body, "static_segment"))[0])
        for contact in set(segment.members) - wanted:
            audience.set_tags(contact, contact.tags - {segment.id}, request.now)
        for contact in wanted:
            audience.set_tags(contact, contact.tags | {segment.id}, request.now)
    audience.rename_segment(segment, name)
    segment.updated = request.now
    return Answer(_segment(request, audience, segment), _ONE)


def delete_segment(request: Request, list_id: str, segment_id: str) -> Answer:
    """Delete a segment; a tag goes from all its contacts."""
    audience = request.audience(list_id)
    audience.drop_segment(_find(audience, segment_id))
    return Answer(None, _ONE)


def change_members(request: Request, list_id: str, segment_id: str) -> Answer:
    """Add and remove up to 500 contacts each; addresses not on the list are ignored."""
    audience = request.audience(list_id)
    segment = _find(audience, segment_id)
    if segment.type != "static":
        raise problems.no_static_segment(segment_id)
    body = request.document()
    adds, strangers = _known(request, audience, _emails(body, "members_to_add", MOST))
    removes, more = _known(request, audience, _emails(body, "members_to_remove", MOST))
    listed = request.switches.repeated_tag_answer == "listed"
    added = [one for one in adds if _tag(audience, one, segment, request.now) or listed]
    request.midway()
    removed = [one for one in removes if _untag(audience, one, segment, request.now)]
    segment.updated = request.now
    errors = _errors(request, strangers + more)
    answer = {
        "members_added": _shown(audience, added, request, "members_added."),
        "members_removed": _shown(audience, removed, request, "members_removed."),
        "errors": errors,
        "total_added": len(added),
        "total_removed": len(removed),
        "error_count": len(errors),
        "_links": resource_links(
            audience.dc, f"/lists/{list_id}/segments/{segment_id}", "/lists", "Lists/Segments"
        ),
    }
    return Answer(answer, "Lists/Segments/BatchPOST-Response")


def get_segment_members(request: Request, list_id: str, segment_id: str) -> Answer:
    """The subscribed contacts of a segment, others when the query includes them."""
    audience = request.audience(list_id)
    segment = _find(audience, segment_id)
    offset, count = request.page()
    statuses = _statuses(request)
    if segment.ordered is None:
        segment.ordered = list(segment.members)
    found = [contact for contact in segment.ordered if contact.status in statuses]
    selection = Selection.of(request.query)
    names = member_json.chosen(selection, "members.", member_json.IN_SEGMENT)
    page = found[offset : offset + count]
    body = {
        "members": [
            member_json.member(audience, contact, request.switches, names) for contact in page
        ],
        "total_items": len(found),
        "_links": resource_links(
            audience.dc, f"/lists/{list_id}/segments/{segment_id}/members", "/lists", "Lists"
        ),
    }
    return Answer(selection.apply(body), "Lists/Segments/Members/CollectionResponse")


def tag_search(request: Request, list_id: str) -> Answer:
    """Tags whose name begins with the given text."""
    audience = request.audience(list_id)
    start = request.query.get("name", "").strip().lower()
    tags = [
        {"id": one.id, "name": one.name}
        for one in audience.segments.values()
        if one.type == "static" and one.name.lower().startswith(start)
    ]
    return Answer({"tags": tags, "total_items": len(tags)}, "Lists/TagSearch/CollectionResponse")


def _segment(request: Request, audience: Audience, segment: Segment) -> dict[str, object]:
    count = segment.active
    statuses = _statuses(request) - {ACTIVE}
    if statuses:
        count += sum(1 for contact in segment.members if contact.status in statuses)
    found: dict[str, object] = {
        "id": segment.id,
        "name": segment.name,
        "member_count": count,
        "type": segment.type,
        "created_at": iso(segment.created),
        "updated_at": iso(segment.updated),
        "options": segment.options or {"match": "any", "conditions": []},
        "list_id": audience.id,
    }
    path = f"/lists/{audience.id}/segments"
    found["_links"] = resource_links(audience.dc, f"{path}/{segment.id}", path, "Lists/Segments")
    return found


def _statuses(request: Request) -> set[str]:
    return {ACTIVE} | {name for name in _EXTRA_STATUSES if request.flag(f"include_{name}")}


def _find(audience: Audience, segment_id: str) -> Segment:
    segment = audience.segments.get(int(segment_id)) if segment_id.isdigit() else None
    if segment is None:
        raise problems.not_found()
    return segment


def _refuse_taken(request: Request, audience: Audience, name: str) -> None:
    shared = request.switches.segment_names == "shared"
    if audience.tag_named(name) or (shared and audience.saved_named(name)):
        raise problems.invalid("Sorry, that tag already exists.")


def _name(body: dict[str, object]) -> str:
    name = body.get("name")
    if not isinstance(name, str) or not name.strip():
        raise problems.bad_shape(("name", "This value should not be blank."))
    if len(name) > _TAG_LONGEST:
        raise problems.bad_shape(("name", "Tag names have 100 characters at most."))
    return name


def _emails(body: dict[str, object], name: str, most: int | None = None) -> list[str]:
    given = body.get(name)
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise problems.bad_shape((name, "Schema describes array of string"))
    if most is not None and len(given) > most:
        raise problems.bad_shape((name, f"Array must contain at most {most} items"))
    return given


def _known(
    request: Request, audience: Audience, emails: list[str]
) -> tuple[list[Contact], list[str]]:
    """The contacts among these addresses, each once, and the addresses of nobody."""
    found: dict[Contact, None] = {}
    strangers = []
    for email in emails:
        form = stored(email.strip(), request.switches)
        contact = audience.find(form) if "@" in email else None
        if contact is None or contact.status == "archived":
            strangers.append(email)
        else:
            found[contact] = None
    return list(found), strangers


def _tag(audience: Audience, contact: Contact, segment: Segment, now: int) -> bool:
    return audience.set_tags(contact, contact.tags | {segment.id}, now)


def _untag(audience: Audience, contact: Contact, segment: Segment, now: int) -> bool:
    return audience.set_tags(contact, contact.tags - {segment.id}, now)


def _errors(request: Request, strangers: list[str]) -> list[dict[str, object]]:
    if not strangers or request.switches.unknown_in_segment == "ignored":
        return []
    return [{"email_addresses": strangers, "error": "Email addresses are not on the list"}]


def _shown(
    audience: Audience, contacts: list[Contact], request: Request, prefix: str
) -> list[dict[str, object]]:
    switches = request.switches
    names = member_json.SMALL if switches.small_answers else member_json.IN_BULK
    if switches.filter_post_answers:
        names = member_json.chosen(Selection.of(request.query), prefix, names)
    return [member_json.member(audience, contact, switches, names) for contact in contacts]
