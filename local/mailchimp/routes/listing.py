"""GET /lists/{id}/members: pages of contacts by status and time."""

from collections.abc import Callable

from .. import member_json, problems
from ..audience import Audience
from ..fields import Selection
from ..links import resource_links
from ..model import STATUSES, Contact
from ..requests import Answer, Request

_SORTS: dict[str, Callable[[Contact], int]] = {
    "timestamp_opt": lambda contact: contact.opted,
    "timestamp_signup": lambda contact: contact.signed_up,
    "last_changed": lambda contact: contact.changed,
}


def list_members(request: Request, list_id: str) -> Answer:
    """One page. Archived contacts show only when asked for by status."""
    audience = request.audience(list_id)
    offset, count = request.page()
    status = request.query.get("status")
    if status is not None and status not in STATUSES:
        raise problems.bad_shape(("status", "Data presented is not one of the accepted values"))
    found = _filtered(request, audience, status)
    sort = request.query.get("sort_field")
    if sort is not None:
        if sort not in _SORTS:
            raise problems.bad_shape(("sort_field", "Data presented is not an accepted value"))
        down = request.query.get("sort_dir", "ASC").upper() == "DESC"
        found = sorted(found, key=_SORTS[sort], reverse=down)
    selection = Selection.of(request.query)
    body: dict[str, object] = {}
    if selection.wants("members"):
        names = member_json.chosen(selection, "members.")
        body["members"] = [
            selection.apply(
                member_json.member(audience, contact, request.switches, names), "members"
            )
            for contact in found[offset : offset + count]
        ]
    body |= {"list_id": audience.id, "total_items": len(found)}
    body["_links"] = resource_links(
        audience.dc, f"/lists/{list_id}/members", f"/lists/{list_id}", "Lists/Members"
    )
    kept = {name: part for name, part in body.items() if selection.wants(name)}
    return Answer(kept, "Lists/Members/CollectionResponse")


def _filtered(request: Request, audience: Audience, status: str | None) -> list[Contact]:
    contacts = audience.listing(status)
    tests = _tests(request, status)
    if not tests:
        return contacts
    return [one for one in contacts if all(test(one) for test in tests)]


def _tests(request: Request, status: str | None) -> list[Callable[[Contact], bool]]:
    tests: list[Callable[[Contact], bool]] = []
    if (since := request.time("since_last_changed")) is not None:
        tests.append(lambda one: one.changed > since)
    if (before := request.time("before_last_changed")) is not None:
        tests.append(lambda one: one.changed < before)
    if (opted_since := request.time("since_timestamp_opt")) is not None:
        tests.append(lambda one: one.opted > opted_since)
    if (opted_before := request.time("before_timestamp_opt")) is not None:
        tests.append(lambda one: one.opted < opted_before)
    if (left_since := request.time("unsubscribed_since")) is not None:
        if status != "unsubscribed":
            raise problems.bad_shape(("unsubscribed_since", "Needs the status unsubscribed"))
        tests.append(lambda one: one.changed > left_since)
    if wanted := request.query.get("unique_email_id"):
        tests.append(lambda one: member_json.unique_email_id(one) == wanted)
    if request.flag("vip_only"):
        tests.append(lambda one: bool((one.extra or {}).get("vip")))
    return tests
