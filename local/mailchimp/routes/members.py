"""Single contacts: read, write, archive, delete for good, and their tags."""

from .. import member_json, problems
from ..addresses import refusal, stored
from ..audience import Audience, key_of
from ..fields import Selection
from ..links import resource_links
from ..model import Contact, Segment
from ..problems import Problem
from ..requests import Answer, Request, iso
from ..writing import Reason, Refused, Wish, apply_tags, update, write
from .wishes import permissions_in, problem_of, rules_of, tag_names, wish_in

_SCHEMA = "Lists/Members/Response"
_UNREMOVABLE = ("cleaned", "pending", "archived")


def get_member(request: Request, list_id: str, reference: str) -> Answer:
    """One contact, archived ones too."""
    audience, contact = _named(request, list_id, reference)
    return _shown(request, audience, contact)


def add_member(request: Request, list_id: str) -> Answer:
    """Create one contact; 400 Member Exists for a known one."""
    audience = request.audience(list_id)
    body = request.document()
    missing = [name for name in ("email_address", "status") if name not in body]
    if missing:
        raise problems.bad_shape(*((name, "This value should not be blank.") for name in missing))
    wish = _wish(request, tags=True)
    wish.status_if_new = None
    contact = _write(request, audience, wish, may_update=False)
    return _shown(request, audience, contact)


def put_member(request: Request, list_id: str, reference: str) -> Answer:
    """Create or update one contact; inline tags count for new ones alone."""
    audience = request.audience(list_id)
    wish = _wish(request, tags=True)
    contact = _find(request, audience, reference)
    if contact is None:
        if not wish.email:
            raise problems.bad_shape(("email_address", "This value should not be blank."))
        if wish.status_if_new is None:
            raise problems.bad_shape(("status_if_new", "This value should not be blank."))
        if audience.contacts.get(key_of(wish.email)) is None:
            return _shown(request, audience, _write(request, audience, wish, may_update=True))
        raise problem_of(Refused(Reason.EXISTS), wish.email)
    wish.tags = None
    return _changed(request, audience, contact, wish)


def patch_member(request: Request, list_id: str, reference: str) -> Answer:
    """Update one contact that must exist."""
    audience, contact = _named(request, list_id, reference)
    wish = _wish(request, tags=False)
    wish.status_if_new = None
    if wish.status == "transactional":
        raise problems.bad_shape(("status", "Data presented is not one of the accepted values"))
    return _changed(request, audience, contact, wish)


def archive_member(request: Request, list_id: str, reference: str) -> Answer:
    """Archive; 405 when there is nothing to archive any more."""
    audience, contact = _named(request, list_id, reference)
    if contact.status in _UNREMOVABLE:
        raise problems.not_removable()
    audience.set_status(contact, "archived")
    contact.changed = request.now
    return Answer(None, _SCHEMA)


def delete_permanently(request: Request, list_id: str, reference: str) -> Answer:
    """Erase a contact; its address can never be imported again."""
    audience, contact = _named(request, list_id, reference)
    audience.erase(contact)
    return Answer(None, _SCHEMA)


def get_member_tags(request: Request, list_id: str, reference: str) -> Answer:
    """All tags of a contact, page by page."""
    audience, contact = _listed(request, list_id, reference)
    offset, count = request.page()
    tags = [audience.segments[tag_id] for tag_id in sorted(contact.tags)]
    page = [_tag(tag, contact) for tag in tags[offset : offset + count]]
    body = {"tags": page, "total_items": len(tags)}
    return Answer(Selection.of(request.query).apply(body), "Lists/Members/Tags/CollectionResponse")


def post_member_tags(request: Request, list_id: str, reference: str) -> Answer:
    """Add and remove tags by name; unknown active ones are made."""
    audience, contact = _listed(request, list_id, reference)
    given = request.document().get("tags")
    if not isinstance(given, list) or not all(isinstance(tag, dict) for tag in given):
        raise problems.bad_shape(("tags", "This value should be of type array."))
    wrong = [
        position
        for position, tag in enumerate(given)
        if not isinstance(tag.get("name"), str) or tag.get("status") not in ("active", "inactive")
    ]
    if wrong:
        raise problems.bad_shape((f"tags.item:{wrong[0]}", "This value is not valid."))
    add = tag_names([tag["name"] for tag in given if tag["status"] == "active"], "tags")
    gone = {
        found.id
        for tag in given
        if tag["status"] == "inactive" and (found := audience.tag_named(tag["name"]))
    }
    audience.set_tags(contact, contact.tags - gone, request.now)
    apply_tags(audience, contact, add, request.now)
    return Answer(None, "Lists/Members/Tags/CollectionResponse")


def _wish(request: Request, *, tags: bool) -> Wish:
    wish = wish_in(request.document(), "", request.switches, tags=tags)
    wish.permissions = permissions_in(request.document().get("marketing_permissions"))
    return wish


def _tag(tag: Segment, contact: Contact) -> dict[str, object]:
    return {"id": tag.id, "name": tag.name, "date_added": iso(tag.members[contact])}


def _named(request: Request, list_id: str, reference: str) -> tuple[Audience, Contact]:
    audience = request.audience(list_id)
    contact = _find(request, audience, reference)
    if contact is None:
        raise problems.not_found()
    return audience, contact


def _find(request: Request, audience: Audience, reference: str) -> Contact | None:
    if "@" in reference:
        reference = stored(reference.strip(), request.switches)
    return audience.find(reference)


def _listed(request: Request, list_id: str, reference: str) -> tuple[Audience, Contact]:
    audience, contact = _named(request, list_id, reference)
    if contact.status == "archived":
        raise problems.not_found()
    return audience, contact


def _write(request: Request, audience: Audience, wish: Wish, *, may_update: bool) -> Contact:
    try:
        return write(audience, wish, rules_of(request, may_update=may_update))[0]
    except Refused as refused:
        raise problem_of(refused, wish.sent) from None


def _changed(request: Request, audience: Audience, contact: Contact, wish: Wish) -> Answer:
    if wish.email and wish.email.lower() != contact.email.lower():
        _check_new_address(request, audience, wish)
    try:
        update(audience, contact, wish, rules_of(request))
    except Refused as refused:
        raise problem_of(refused, wish.sent or contact.email) from None
    if wish.email and wish.email.lower() != contact.email.lower():
        new_id = request.switches.contact_id_on_new_address == "new"
        audience.rename(contact, wish.email, new_id=new_id)
        contact.changed = request.now
    return _shown(request, audience, contact)


def _check_new_address(request: Request, audience: Audience, wish: Wish) -> None:
    problem: Problem | None = None
    if sentence := refusal(wish.email, request.switches):
        problem = problems.invalid(sentence)
    elif key_of(wish.email) in audience.contacts:
        problem = problem_of(Refused(Reason.EXISTS), wish.email)
    elif key_of(wish.email) in audience.forgotten:
        problem = problem_of(Refused(Reason.FORGOTTEN), wish.email)
    if problem is not None:
        raise problem


def _shown(request: Request, audience: Audience, contact: Contact) -> Answer:
    selection = Selection.of(request.query)
    names = member_json.chosen(selection, "")
    body: dict[str, object] = member_json.member(audience, contact, request.switches, names)
    body.setdefault(
        "_links",
        resource_links(audience.dc, f"/lists/{audience.id}/members", "/lists", "Lists/Members"),
    )
    return Answer(selection.apply(body), _SCHEMA)
