"""POST /lists/{id}: create or update up to 500 contacts, each with its own fate."""

from .. import member_json, problems
from ..audience import Audience
from ..fields import Selection
from ..links import resource_links
from ..model import Contact
from ..requests import Answer, Request
from ..writing import Reason, Refused, Rules, Wish, write
from .wishes import error_item, rules_of, wish_in

MOST = 500


def batch_subscribe(request: Request, list_id: str) -> Answer:
    """Write the contacts one after the other; HTTP 200 even when all of them fail."""
    audience = request.audience(list_id)
    body = request.document()
    wishes = _wishes(body, request)
    rules = rules_of(request, may_update=body.get("update_existing") is True, bulk=True)
    created: list[tuple[Contact, str]] = []
    updated: list[tuple[Contact, str]] = []
    errors: list[dict[str, str]] = []
    seen: set[str] = set()
    for wish in wishes:
        if (lower := wish.email.lower()) in seen:
            if not request.flag("skip_duplicate_check"):
                errors.append(_duplicate(wish.email))
            continue
        seen.add(lower)
        _write_one(audience, wish, rules, request, (created, updated, errors))
    answer: dict[str, object] = {
        "new_members": _shown(created, audience, request, "new_members."),
        "updated_members": _shown(updated, audience, request, "updated_members."),
        "errors": errors,
        "total_created": len(created),
        "total_updated": len(updated),
        "error_count": len(errors),
        "_links": resource_links(audience.dc, f"/lists/{list_id}", "/lists", "Lists"),
    }
    if request.switches.filter_post_answers and (selection := Selection.of(request.query)):
        return Answer(selection.apply(answer), "Lists/BatchPOST-Response")
    return Answer(answer, "Lists/BatchPOST-Response")


def _wishes(body: dict[str, object], request: Request) -> list[Wish]:
    members = body.get("members")
    if not isinstance(members, list):
        raise problems.bad_shape(("members", "This value should be of type array."))
    if len(members) > MOST:
        raise problems.bad_shape(("members", f"Array must contain at most {MOST} items"))
    sync_tags = body.get("sync_tags") is True
    wishes = []
    for position, given in enumerate(members):
        wish = wish_in(given, f"members.item:{position}.", tags=True)
        wish.sync_tags = sync_tags
        wishes.append(wish)
    if request.switches.duplicates == "request_error" and not request.flag("skip_duplicate_check"):
        addresses = [wish.email.lower() for wish in wishes]
        if len(set(addresses)) < len(addresses):
            raise problems.invalid("Duplicate items found. Use skip_duplicate_check to skip them.")
    return wishes


type _Lists = tuple[list[tuple[Contact, str]], list[tuple[Contact, str]], list[dict[str, str]]]


def _write_one(
    audience: Audience, wish: Wish, rules: Rules, request: Request, lists: _Lists
) -> None:
    created, updated, errors = lists
    try:
        if not wish.email:
            raise Refused(Reason.ADDRESS, "Please provide a valid email address.")
        contact, new = write(audience, wish, rules)
    except Refused as refused:
        errors.append(error_item(refused, wish.email, request))
        return
    (created if new else updated).append((contact, wish.email))


def _duplicate(email: str) -> dict[str, str]:
    text = f"{email} is a duplicate of another member in this request."
    return {"email_address": email, "error": text, "error_code": "ERROR_GENERIC"}


def _shown(
    contacts: list[tuple[Contact, str]], audience: Audience, request: Request, prefix: str
) -> list[dict[str, object]]:
    switches = request.switches
    names = member_json.SMALL if switches.small_answers else member_json.IN_BULK
    if switches.filter_post_answers:
        names = member_json.chosen(Selection.of(request.query), prefix, names)
    as_sent = switches.answer_casing == "sent"
    return [
        member_json.member(audience, contact, switches, names, sent if as_sent else None)
        for contact, sent in contacts
    ]
