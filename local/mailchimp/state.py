"""Loading contacts past the API's rules, and looking at what there is."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator

import orjson

from .audience import Audience, key_of
from .interests import held, set_interests
from .model import STATUSES, Contact, Value
from .permissions import enabled, set_permissions
from .requests import iso
from .world import World
from .writing import DEFAULT_SOURCE

_CHUNK = 2000


def load(audience: Audience, contacts: Iterable[dict[str, object]], now: int) -> int:
    """Put contacts in as they are given, replacing those of the same address."""
    slots = {field.tag: field.slot for field in audience.merge_fields.values()}
    tag_ids: dict[str, int] = {}
    count = 0
    for given in contacts:
        _put(audience, given, slots, tag_ids, now)
        count += 1
    return count


def _put(
    audience: Audience,
    given: dict[str, object],
    slots: dict[str, int],
    tag_ids: dict[str, int],
    now: int,
) -> None:
    email, status = str(given["email"]), str(given.get("status", "subscribed"))
    if status not in STATUSES:
        raise ValueError(f"no such status: {status}")
    contact = audience.contacts.get(key_of(email))
    if contact is None:
        contact = audience.add(email, status)
    elif contact.email != email:
        audience.rename(contact, email)
    audience.set_status(contact, status)
    compliance = given.get("compliance")
    if compliance is None:
        compliance = "cleaned" if status == "cleaned" else ""
    contact.compliance = "unsubscribed" if compliance is True else str(compliance or "")
    merge_fields: dict[str, Value] = given.get("merge_fields") or {}  # type: ignore[assignment]  # by the client's signature
    audience.set_values(contact, {slots[tag]: value for tag, value in merge_fields.items()})
    names: list[str] = given.get("tags") or []  # type: ignore[assignment]  # by the client's signature
    for name in names:
        if name not in tag_ids:
            tag_ids[name] = (audience.tag_named(name) or audience.add_segment(name, now)).id
    audience.set_tags(contact, {tag_ids[name] for name in names}, now)
    stamp = int(str(given.get("timestamp", now)))
    contact.changed = int(str(given.get("last_changed", stamp)))
    contact.opted = int(str(given.get("timestamp_opt", 0 if status == "pending" else stamp)))
    contact.signed_up = int(str(given.get("timestamp_signup", stamp)))
    if source := given.get("source"):
        contact.extra = (contact.extra or {}) | {"source": source}
    if language := given.get("language"):
        contact.extra = (contact.extra or {}) | {"language": language}
    interests: list[str] = given.get("interests") or []  # type: ignore[assignment]  # by the client's signature
    set_interests(contact, dict.fromkeys(interests, True))
    permissions: list[str] = given.get("permissions") or []  # type: ignore[assignment]  # by the client's signature
    set_permissions(contact, dict.fromkeys(permissions, True))


def generated(count: int, like: dict[str, object]) -> Iterator[dict[str, object]]:
    """Contacts out of a pattern: `email` and the merge values may hold `{n}`."""
    pattern = str(like["email"])
    start = int(str(like.get("start", 0)))
    values: dict[str, str] = like.get("merge_fields") or {}  # type: ignore[assignment]  # by the client's signature
    rest = {
        name: like[name]
        for name in ("status", "tags", "compliance", "timestamp")
        if like.get(name) is not None
    }
    for n in range(start, start + count):
        filled = {tag: value.replace("{n}", str(n)) for tag, value in values.items()}
        yield {"email": pattern.replace("{n}", str(n)), "merge_fields": filled, **rest}


def _shown(audience: Audience, contact: Contact) -> dict[str, object]:
    return {
        "email": contact.email,
        "status": contact.status,
        "compliance": contact.compliance,
        "merge_fields": audience.values_of(contact),
        "tags": sorted(audience.segments[tag_id].name for tag_id in contact.tags),
        "timestamp_opt": iso(contact.opted),
        "timestamp_signup": iso(contact.signed_up),
        "last_changed": iso(contact.changed),
        "contact_id": audience.contact_id(contact),
        "source": (contact.extra or {}).get("source", DEFAULT_SOURCE),
        "language": (contact.extra or {}).get("language", ""),
        "ip_opt": (contact.extra or {}).get("ip_opt", ""),
        "ip_signup": (contact.extra or {}).get("ip_signup", ""),
        "interests": sorted(held(contact) & audience.interests.keys()),
        "permissions": sorted(enabled(contact) & audience.permissions.keys()),
    }


def dumped(audience: Audience) -> Iterator[bytes]:
    """All contacts, archived ones too, as lines of JSON in large chunks."""
    contacts = list(audience.contacts.values())
    for start in range(0, len(contacts), _CHUNK):
        lines = [orjson.dumps(_shown(audience, one)) for one in contacts[start : start + _CHUNK]]
        yield b"\n".join(lines) + b"\n"


def summary(audience: Audience) -> dict[str, object]:
    """Counts, and a digest over address, status, values and tags, in whatever order they lie.

    Two audiences with the same digest hold the same; times are not part of it.
    """
    total = 0
    for contact in audience.contacts.values():
        tags = sorted(audience.segments[tag_id].name for tag_id in contact.tags)
        values = {tag: value for tag, value in audience.values_of(contact).items() if value != ""}
        raw = orjson.dumps(
            [contact.email.lower(), contact.status, values, tags], option=orjson.OPT_SORT_KEYS
        )
        total += int.from_bytes(hashlib.blake2b(raw, digest_size=16).digest())
    return {
        "digest": f"{total % 2**128:032x}",
        "contacts": len(audience.contacts),
        "by_status": {status: count for status, count in audience.counts.items() if count},
        "by_tag": {
            one.name: len(one.members) for one in audience.segments.values() if one.type == "static"
        },
        "forgotten": len(audience.forgotten),
    }


def tags(audience: Audience) -> list[dict[str, object]]:
    """All segments with their ids and true sizes."""
    return [
        {"id": one.id, "name": one.name, "type": one.type, "members": len(one.members)}
        for one in audience.segments.values()
    ]


def stats(world: World) -> dict[str, object]:
    """What the calls since the last reset add up to."""
    log = world.log.calls
    return {
        "calls": len(log),
        "by_status": dict(Counter(str(call.status) for call in log)),
        "by_route": dict(Counter(route_of(call.method, call.path) for call in log)),
        "faults": dict(Counter(call.fault for call in log if call.fault)),
        "members": sum(call.members for call in log),
        "addresses_in_urls": sum(call.address_in_url for call in log),
        "accounts": {
            account.id: {
                "max_in_flight": account.highest,
                "in_flight": account.held,
                "refused": account.refused,
            }
            for account in world.logins.accounts.values()
        },
    }


def route_of(method: str, path: str) -> str:
    """A call's route without its ids, like `POST /lists/*/segments/*`."""
    parts = path.strip("/").split("/")
    shown = [
        "*" if number % 2 and parts[0] in _WITH_IDS else part for number, part in enumerate(parts)
    ]
    return f"{method} /{'/'.join(shown)}"


_WITH_IDS = ("lists", "batches")
