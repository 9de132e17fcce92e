"""What people do in Mailchimp itself: those who get the mail, and marketers at their desk."""

from collections.abc import Callable
from typing import NamedTuple

from .audience import Audience, key_of
from .interests import set_interests
from .model import Contact, MergeField
from .permissions import set_permissions
from .switches import Switches
from .writing import apply_tags

# What an act gives back that nobody can see in the contact, not even by its time.
UNSEEN = object()


class _Now(NamedTuple):
    """The time of an act, and the switches in force."""

    now: int
    switches: Switches


type _Act = Callable[[Audience, Contact, dict[str, object], _Now], object]


def act(audience: Audience, body: dict[str, object], now: int, switches: Switches) -> int:
    """Do `kind` for each of `emails`, or to the tag `tag` or merge field `field`.

    How many contacts it reached, or the id of the tag or field.
    """
    kind = str(body["kind"])
    if kind in ("delete_tag", "rename_tag", "create_tag"):
        return _tag_act(audience, kind, body, now)
    if kind in ("delete_field", "rename_field", "create_field"):
        return _field_act(audience, kind, body)
    if kind == "delete_interest":
        audience.drop_interest(str(body["interest"]))
        return 0
    if kind == "delete_permission":
        del audience.permissions[str(body["permission"])]
        return 0
    emails = [str(email) for email in body["emails"]]  # type: ignore[attr-defined]  # a list, by the client's signature
    if kind == "forget":
        return sum(_forget(audience, email) for email in emails)
    if kind == "resubscribe_by_form":
        for email in emails:
            _sign_up(audience, email, now, switches)
        return len(emails)
    done = _ACTS[kind]
    for email in emails:
        contact = audience.contacts[key_of(email)]
        if done(audience, contact, body, _Now(now, switches)) is not UNSEEN:
            contact.changed = now
    return len(emails)


def _tag_act(audience: Audience, kind: str, body: dict[str, object], now: int) -> int:
    name = str(body["tag"])
    if kind == "create_tag":
        return audience.add_segment(name, now, str(body.get("type") or "static")).id
    tag = audience.tag_named(name)
    if tag is None:
        raise ValueError("no such tag")
    if kind == "delete_tag":
        audience.drop_segment(tag)
    else:
        audience.rename_segment(tag, str(body["to"]))
    return tag.id


def _field_act(audience: Audience, kind: str, body: dict[str, object]) -> int:
    tag = str(body["field"])
    if kind == "create_field":
        made = MergeField(audience.new_merge_id(), 0, tag, tag)
        audience.add_merge_field(made)
        return made.merge_id
    (field,) = (one for one in audience.merge_fields.values() if one.tag == tag)
    if kind == "delete_field":
        audience.drop_merge_field(field.merge_id)
    else:
        field.tag = str(body["to"])
        audience.relabel()
    return field.merge_id


def _forget(audience: Audience, email: str) -> int:
    contact = audience.contacts.get(key_of(email))
    if contact is None:
        audience.forgotten.add(key_of(email))
        return 0
    audience.erase(contact)
    return 1


def _sign_up(audience: Audience, email: str, now: int, switches: Switches) -> None:
    """Through the audience's own form everybody may come back."""
    key = key_of(email)
    audience.forgotten.discard(key)
    contact = audience.contacts.get(key)
    is_new = contact is None
    if contact is None:
        contact = audience.add(email, "subscribed")
    if switches.times_on_return == "moved" or not (contact.opted or contact.signed_up):
        contact.signed_up = contact.opted = now
    if switches.source_on_return == "moved" or is_new:
        contact.extra = (contact.extra or {}) | {"source": "Hosted Signup Form"}
    audience.set_status(contact, "subscribed")
    contact.compliance = ""
    contact.changed = now


def _unsubscribe_by_self(audience: Audience, contact: Contact, _b: object, at: _Now) -> object:
    contact.compliance = "unsubscribed"
    contact.extra = (contact.extra or {}) | {"unsubscribe_reason": "None given"}
    if contact.status == "archived" and at.switches.unsubscribed_while_archived != "shows":
        return None if at.switches.unsubscribed_while_archived == "last_changed" else UNSEEN
    audience.set_status(contact, "unsubscribed")
    return None


def _unsubscribe_by_admin(audience: Audience, contact: Contact, _b: object, _n: object) -> None:
    audience.set_status(contact, "unsubscribed")


def _bounce(audience: Audience, contact: Contact, _b: object, _n: object) -> None:
    audience.set_status(contact, "cleaned")
    contact.compliance = "cleaned"


def _archive(audience: Audience, contact: Contact, _b: object, _n: object) -> None:
    audience.set_status(contact, "archived")


def _confirm(audience: Audience, contact: Contact, _b: object, at: _Now) -> None:
    audience.set_status(contact, "subscribed")
    contact.compliance = ""
    if at.switches.times_on_return == "moved" or not contact.opted:
        contact.opted = at.now


def _add_tag(audience: Audience, contact: Contact, body: dict[str, object], at: _Now) -> None:
    apply_tags(audience, contact, [str(body["tag"])], at.now)


def _remove_tag(audience: Audience, contact: Contact, body: dict[str, object], at: _Now) -> None:
    if tag := audience.tag_named(str(body["tag"])):
        audience.set_tags(contact, contact.tags - {tag.id}, at.now)


def _change_email(audience: Audience, contact: Contact, body: dict[str, object], at: _Now) -> None:
    to = str(body["to"])
    if audience.contacts.get(key_of(to), contact) is not contact:
        raise ValueError("another contact has that address")
    new_id = at.switches.contact_id_on_new_address == "new"
    audience.rename(contact, to, new_id=new_id)


def _set_value(audience: Audience, contact: Contact, body: dict[str, object], _n: object) -> None:
    slots = {field.tag: field.slot for field in audience.merge_fields.values()}
    audience.set_values(contact, {slots[str(body["field"])]: str(body["value"])})


def _set_language(_a: object, contact: Contact, body: dict[str, object], _n: object) -> None:
    contact.extra = (contact.extra or {}) | {"language": str(body["language"])}


def _choose(audience: Audience, contact: Contact, body: dict[str, object], _n: object) -> None:
    if (interest := str(body["interest"])) not in audience.interests:
        raise ValueError("no such interest")
    set_interests(contact, {interest: bool(body["has"])})


def _permit(audience: Audience, contact: Contact, body: dict[str, object], _n: object) -> None:
    if (permission := str(body["permission"])) not in audience.permissions:
        raise ValueError("no such permission")
    set_permissions(contact, {permission: bool(body["has"])})


_ACTS: dict[str, _Act] = {
    "unsubscribe_by_self": _unsubscribe_by_self,
    "unsubscribe_by_admin": _unsubscribe_by_admin,
    "bounce": _bounce,
    "archive": _archive,
    "confirm": _confirm,
    "add_tag": _add_tag,
    "remove_tag": _remove_tag,
    "change_email": _change_email,
    "set_value": _set_value,
    "set_language": _set_language,
    "choose": _choose,
    "permit": _permit,
}
