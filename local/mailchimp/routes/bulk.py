"""POST /lists/{id}: create or update up to 500 contacts, each with its own fate."""

from .. import member_json, problems
from ..audience import Audience, key_of
from ..fields import Selection
from ..links import resource_links
from ..model import Contact
from ..requests import Answer, Request
from ..switches import Switches
from ..writing import Reason, Refused, Rules, Wish, write
from .wishes import error_item, rules_of, wish_in

MOST = 500


def batch_subscribe(request: Request, list_id: str) -> Answer:
    """Write the contacts one after the other; HTTP 200 even when all of them fail."""
    audience = request.audience(list_id)
    body = request.document()
    wishes = _wishes(body, request)
    rules = rules_of(request, may_update=body.get("update_existing") is True, bulk=True)
    _check_room(request, audience, wishes)
    created: _Written = []
    updated: _Written = []
    errors: list[dict[str, str]] = []
    seen: set[str] = set()
    for position, wish in enumerate(wishes):
        if position == len(wishes) // 2:
            request.midway()
        if (lower := wish.email.lower()) in seen:
            if not request.flag("skip_duplicate_check"):
                errors.append(_duplicate(wish.sent))
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
        at = f"members.item:{position}."
        wish = wish_in(given, at, request.switches, tags=True)
        wish.sync_tags = sync_tags
        _settle_status(wish, at, request.switches)
        wishes.append(wish)
    if request.switches.duplicates == "request_error" and not request.flag("skip_duplicate_check"):
        addresses = [wish.email.lower() for wish in wishes]
        if len(set(addresses)) < len(addresses):
            raise problems.invalid("Duplicate items found. Use skip_duplicate_check to skip them.")
    return wishes


def _check_room(request: Request, audience: Audience, wishes: list[Wish]) -> None:
    """Refuse the whole call where the plan has no room for its new contacts, if so switched."""
    switches = request.switches
    if switches.contact_limit is None or switches.contact_limit_answer == "item_error":
        return
    new = {key_of(wish.email) for wish in wishes} - audience.contacts.keys()
    if len(new) > request.world.room(request.login.account):
        raise problems.invalid(switches.contact_limit_sentence)


def _settle_status(wish: Wish, at: str, switches: Switches) -> None:
    """Read `status_if_new`, and a status that is not there, as the switches say; may be a 400."""
    mode = switches.status_if_new if wish.status_if_new is not None else "honoured"
    if mode == "as_status":
        wish.status = wish.status or wish.status_if_new
    if mode != "honoured":
        wish.status_if_new = None
    if wish.status is None and wish.status_if_new is None:
        how = mode if mode in ("refused", "item_error") else switches.omitted_status
        if how == "refused":
            raise problems.bad_shape((at + "status", "This value should not be blank."))
        wish.lacks_status = how == "item_error"


type _Written = list[tuple[Contact, Wish]]
type _Lists = tuple[_Written, _Written, list[dict[str, str]]]


def _write_one(
    audience: Audience, wish: Wish, rules: Rules, request: Request, lists: _Lists
) -> None:
    created, updated, errors = lists
    try:
        if not wish.email:
            raise Refused(Reason.ADDRESS, "Please provide a valid email address.")
        if wish.lacks_status:
            raise Refused(Reason.NO_STATUS)
        contact, new = write(audience, wish, rules)
    except Refused as refused:
        errors.append(error_item(refused, wish.sent, request))
        return
    (created if new else updated).append((contact, wish))


def _duplicate(email: str) -> dict[str, str]:
    text = f"{email} is a duplicate of another member in this request."
    return {"email_address": email, "error": text, "error_code": "ERROR_GENERIC"}


def _shown(
    contacts: _Written, audience: Audience, request: Request, prefix: str
) -> list[dict[str, object]]:
    switches = request.switches
    names = member_json.SMALL if switches.small_answers else member_json.IN_BULK
    if switches.filter_post_answers:
        names = member_json.chosen(Selection.of(request.query), prefix, names)
    as_sent = switches.answer_casing == "sent"
    shown = [
        member_json.member(audience, contact, switches, names, wish.sent if as_sent else None)
        for contact, wish in contacts
    ]
    if switches.answer_status != "current":
        for one, (_, wish) in zip(shown, contacts, strict=True):
            _change_shown_status(one, wish, switches)
    return shown


def _change_shown_status(shown: dict[str, object], wish: Wish, switches: Switches) -> None:
    """Mailchimp may answer a status that is not, or not yet, the contact's own; or none."""
    if switches.answer_status == "left_out":
        shown.pop("status", None)
    elif sent := wish.status or wish.status_if_new:
        shown["status"] = sent
