"""What people do in Mailchimp itself: those who get the mail, and marketers at their desk."""

from collections.abc import Callable

from .audience import Audience, key_of
from .model import Contact
from .writing import apply_tags

type _Act = Callable[[Audience, Contact, dict[str, object], int], None]


def act(audience: Audience, body: dict[str, object], now: int) -> int:
    """Do `kind` for each of `emails`, or to the tag `tag`; how many contacts it reached."""
    kind = str(body["kind"])
    if kind in ("delete_tag", "rename_tag", "create_tag"):
        return _tag_act(audience, kind, body, now)
    emails = [str(email) for email in body["emails"]]  # type: ignore[attr-defined]  # a list, by the client's signature
    if kind == "forget":
        return sum(_forget(audience, email) for email in emails)
    if kind == "resubscribe_by_form":
        for email in emails:
            _sign_up(audience, email, now)
        return len(emails)
    done = _ACTS[kind]
    for email in emails:
        contact = audience.contacts[key_of(email)]
        done(audience, contact, body, now)
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


def _forget(audience: Audience, email: str) -> int:
    contact = audience.contacts.get(key_of(email))
    if contact is None:
        audience.forgotten.add(key_of(email))
        return 0
    audience.erase(contact)
    return 1


def _sign_up(audience: Audience, email: str, now: int) -> None:
    """Through the audience's own form everybody may come back."""
    key = key_of(email)
    audience.forgotten.discard(key)
    contact = audience.contacts.get(key)
    if contact is None:
        contact = audience.add(email, "subscribed")
    audience.set_status(contact, "subscribed")
    contact.compliance = ""
    contact.signed_up = contact.opted = contact.changed = now
    contact.extra = (contact.extra or {}) | {"source": "Hosted Signup Form"}


def _unsubscribe_by_self(audience: Audience, contact: Contact, _b: object, _n: int) -> None:
    audience.set_status(contact, "unsubscribed")
    contact.compliance = "unsubscribed"
    contact.extra = (contact.extra or {}) | {"unsubscribe_reason": "None given"}


def _unsubscribe_by_admin(audience: Audience, contact: Contact, _b: object, _n: int) -> None:
    audience.set_status(contact, "unsubscribed")


def _bounce(audience: Audience, contact: Contact, _b: object, _n: int) -> None:
    audience.set_status(contact, "cleaned")
    contact.compliance = "cleaned"


def _archive(audience: Audience, contact: Contact, _b: object, _n: int) -> None:
    audience.set_status(contact, "archived")


def _confirm(audience: Audience, contact: Contact, _b: object, now: int) -> None:
    audience.set_status(contact, "subscribed")
    contact.compliance = ""
    contact.opted = now


def _add_tag(audience: Audience, contact: Contact, body: dict[str, object], now: int) -> None:
    apply_tags(audience, contact, [str(body["tag"])], now)


def _remove_tag(audience: Audience, contact: Contact, body: dict[str, object], now: int) -> None:
    if tag := audience.tag_named(str(body["tag"])):
        audience.set_tags(contact, contact.tags - {tag.id}, now)


def _change_email(audience: Audience, contact: Contact, body: dict[str, object], _n: int) -> None:
    to = str(body["to"])
    if audience.contacts.get(key_of(to), contact) is not contact:
        raise ValueError("another contact has that address")
    audience.rename(contact, to)


def _set_value(audience: Audience, contact: Contact, body: dict[str, object], _n: int) -> None:
    slots = {field.tag: field.slot for field in audience.merge_fields.values()}
    audience.set_values(contact, {slots[str(body["field"])]: str(body["value"])})


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
}
