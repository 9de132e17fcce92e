"""A contact as Mailchimp shows it: some 3 kB of JSON, made only when asked for."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import orjson

from .audience import Audience, key_of
from .fields import Selection
from .interests import held
from .links import member_links
from .model import Contact
from .permissions import shown as permissions_shown
from .requests import iso
from .switches import Switches
from .writing import DEFAULT_SOURCE

_STATS = orjson.Fragment(b'{"avg_open_rate":0,"avg_click_rate":0}')
_PLACE = orjson.Fragment(
    b'{"latitude":0,"longitude":0,"gmtoff":0,"dstoff":0,"country_code":"","timezone":""}'
)


class _View(NamedTuple):
    """What a field of the answer is made from; `digest` is the md5 of the address."""

    audience: Audience
    contact: Contact
    digest: str
    switches: Switches


type _Getter = Callable[[_View], object]


def _always(value: object) -> _Getter:
    def get(_view: _View) -> object:
        return value

    return get


def _extra(name: str, default: object) -> _Getter:
    def get(view: _View) -> object:
        extra = view.contact.extra
        return default if extra is None else extra.get(name, default)

    return get


def _interests(view: _View) -> dict[str, bool]:
    has = held(view.contact)
    return {one: one in has for one in view.audience.interests}


def _full_name(view: _View) -> str:
    values = view.audience.values_of(view.contact)
    return f"{values.get('FNAME', '')} {values.get('LNAME', '')}".strip()


_GETTERS: dict[str, _Getter] = {
    "id": lambda view: view.digest,
    "email_address": lambda view: view.contact.email,
    "unique_email_id": lambda view: view.digest[:10],
    "contact_id": lambda view: view.audience.contact_id(view.contact),
    "full_name": _full_name,
    "web_id": lambda view: view.audience.web_id * 10_000_000 + view.contact.number,
    "email_type": _extra("email_type", "html"),
    "status": lambda view: view.contact.status,
    "unsubscribe_reason": _extra("unsubscribe_reason", "N/A (Unsubscribed by an admin)"),
    "consents_to_one_to_one_messaging": _always(True),
    "sms_phone_number": _always(""),
    "sms_subscription_status": _always("nonsubscribed"),
    "sms_subscription_last_updated": _always(""),
    "merge_fields": lambda view: view.audience.values_of(view.contact),
    "interests": _interests,
    "stats": _always(_STATS),
    "ip_signup": _extra("ip_signup", ""),
    "timestamp_signup": lambda view: iso(view.contact.signed_up),
    "ip_opt": _extra("ip_opt", "192.0.2.10"),
    "timestamp_opt": lambda view: iso(view.contact.opted),
    "member_rating": _always(2),
    "last_changed": lambda view: iso(view.contact.changed),
    "language": _extra("language", ""),
    "vip": _extra("vip", False),
    "email_client": _always(""),
    "location": _always(_PLACE),
    "source": _extra("source", DEFAULT_SOURCE),
    "tags_count": lambda view: len(view.contact.tags),
    "tags": lambda view: view.audience.tags_json(view.contact, view.switches.tags_listed_max),
    "marketing_permissions": lambda view: permissions_shown(view.audience, view.contact),
    "list_id": lambda view: view.audience.id,
    "_links": lambda view: member_links(view.audience.dc, view.audience.id, view.digest),
}
ALL = tuple(_GETTERS)
# What answers hold that only tell what the app looks at: for figures without Mailchimp's bytes.
SMALL = (
    "id",
    "email_address",
    "contact_id",
    "status",
    "merge_fields",
    "timestamp_signup",
    "timestamp_opt",
    "last_changed",
    "tags_count",
    "tags",
)
_SINGLE_ONLY = frozenset(
    name
    for name in ALL
    if name.startswith("sms_")
    or name
    in (
        "web_id",
        "unsubscribe_reason",
        "consents_to_one_to_one_messaging",
        "source",
        "marketing_permissions",
    )
)
# By Mailchimp's schema, bulk answers and a segment's own listing show less than single contacts.
IN_BULK = tuple(name for name in ALL if name not in _SINGLE_ONLY and name != "full_name")
IN_SEGMENT = tuple(
    name
    for name in ALL
    if name not in _SINGLE_ONLY and name not in ("contact_id", "tags", "tags_count")
)


def member(
    audience: Audience,
    contact: Contact,
    switches: Switches,
    names: Iterable[str] = ALL,
    sent_as: str | None = None,
) -> dict[str, object]:
    """A contact with these of its fields, its address as stored or as the caller sent it."""
    digest = key_of(contact.email).hex()
    view = _View(audience, contact, digest, switches)
    found = {name: _GETTERS[name](view) for name in names}
    if contact.status != "unsubscribed":
        found.pop("unsubscribe_reason", None)
    if sent_as is not None:
        found["email_address"] = sent_as
    return found


def chosen(selection: Selection, prefix: str, names: tuple[str, ...] = ALL) -> tuple[str, ...]:
    """The fields of a contact that a selection wants under this prefix."""
    if not selection:
        return names
    return tuple(name for name in names if selection.wants(prefix + name))


def unique_email_id(contact: Contact) -> str:
    """Mailchimp's identifier of an address across audiences."""
    return key_of(contact.email).hex()[:10]
