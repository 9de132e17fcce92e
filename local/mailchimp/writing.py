"""What happens to one contact when a caller writes it: Mailchimp's rules and refusals."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum

from . import addresses
from .audience import Audience, key_of
from .interests import set_interests
from .merge_values import BadValue, accepted
from .model import Contact, MergeField, Value
from .permissions import set_permissions
from .switches import Switches

DEFAULT_SOURCE = "API - Generic"

type Later = Callable[[float, Callable[[], None]], None]


class Reason(Enum):
    """Why Mailchimp refuses to write a contact."""

    ADDRESS = "address"
    FORGOTTEN = "forgotten"
    EXISTS = "exists"
    COMPLIANCE = "compliance"
    MERGE_FIELDS = "merge fields"
    NO_STATUS = "no status"
    NO_ROOM = "no room"
    INTEREST = "interest"
    PERMISSION = "permission"


class Refused(Exception):
    """A contact was not written; `sentence` is set where the address itself is at fault."""

    def __init__(
        self, reason: Reason, sentence: str = "", fields: list[tuple[str, str]] | None = None
    ) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.sentence = sentence
        self.fields = fields or []


@dataclass(slots=True)
class Wish:
    """What a caller wants a contact to be. `tags` None leaves them alone.

    `email` has the form in which Mailchimp stores it, `sent` that in which it came.
    """

    email: str
    sent: str = ""
    status: str | None = None
    status_if_new: str | None = None
    merge_fields: dict[str, object] = field(default_factory=dict)
    tags: list[str] | None = None
    sync_tags: bool = False
    opted: int | None = None
    signed_up: int | None = None
    # Refused for want of a status that Mailchimp reads.
    lacks_status: bool = False
    extra: dict[str, object] = field(default_factory=dict)
    interests: dict[str, bool] = field(default_factory=dict)
    # Of calls about one contact: bulk ones don't know them.
    permissions: dict[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """How this call wants contacts to be written."""

    switches: Switches
    now: int
    later: Later
    skip_merge_validation: bool = False
    may_update: bool = True
    # For bulk calls: what a member without a status becomes is unproven.
    bulk: bool = False
    has_room: Callable[[], bool] = lambda: True


def write(audience: Audience, wish: Wish, rules: Rules) -> tuple[Contact, bool]:
    """Create or update one contact; the contact and whether it is new. Raises Refused."""
    contact = audience.contacts.get(key_of(wish.email))
    if contact is None:
        return _create(audience, wish, rules), True
    if contact.status == "archived" and _counts_as_new(wish, rules):
        status = _status_for_new(audience, wish, rules) or "subscribed"
        update(audience, contact, replace(wish, status=status), rules)
        return contact, True
    if not rules.may_update:
        raise Refused(Reason.EXISTS)
    was_archived = contact.status == "archived"
    update(audience, contact, wish, rules)
    back = was_archived and contact.status != "archived"
    return contact, back and rules.switches.archived_answer == "new"


def _create(audience: Audience, wish: Wish, rules: Rules) -> Contact:
    switches = rules.switches
    if sentence := addresses.refusal(wish.email, switches):
        raise Refused(Reason.ADDRESS, sentence)
    if key_of(wish.email) in audience.forgotten:
        raise Refused(Reason.FORGOTTEN)
    status = _status_for_new(audience, wish, rules)
    if status is None:
        raise Refused(Reason.NO_STATUS)
    if not rules.has_room():
        raise Refused(Reason.NO_ROOM, switches.contact_limit_sentence)
    values = _values(audience, wish, rules, {})
    _check_interests(audience, wish)
    contact = audience.add(wish.email, status)
    audience.set_values(contact, values)
    _stamp(contact, status, rules.now)
    if switches.api_source != DEFAULT_SOURCE:
        contact.extra = {"source": switches.api_source}
    if status == "cleaned":
        contact.compliance = "cleaned"
    _take_times_and_extras(contact, wish)
    contact.changed = rules.now
    _inline_tags(audience, contact, wish, rules, new=True)
    return contact


def update(audience: Audience, contact: Contact, wish: Wish, rules: Rules) -> None:
    """Write an existing contact. Raises Refused before anything is changed."""
    switches = rules.switches
    status = wish.status
    if _has_none(wish) and rules.bulk and switches.omitted_status == "subscribed":
        status = "subscribed"
    _check_compliance(contact, status, switches)
    before = audience.values_of(contact)
    _check_interests(audience, wish)
    changed = audience.set_values(contact, _values(audience, wish, rules, before))
    if status is not None and status != contact.status:
        come_back(contact, status, switches.api_source, rules.now, switches)
        audience.set_status(contact, status)
        if status == "cleaned":
            contact.compliance = "cleaned"
        elif status != "unsubscribed":
            contact.compliance = ""
        changed = True
    if _take_times_and_extras(contact, wish) or changed:
        contact.changed = rules.now
    _inline_tags(audience, contact, wish, rules, new=False)


def _has_none(wish: Wish) -> bool:
    return wish.status is None and wish.status_if_new is None


def _status_for_new(audience: Audience, wish: Wish, rules: Rules) -> str | None:
    """The status that a contact gets that counts as new; None where nothing says it."""
    switches = rules.switches
    status = wish.status_if_new or wish.status
    if status is None and rules.bulk and switches.omitted_status == "subscribed":
        status = "subscribed"
    if status == "subscribed" and audience.double_optin and switches.double_optin_enforced:
        return "pending"
    return status


def _counts_as_new(wish: Wish, rules: Rules) -> bool:
    """Whether an archived contact counts as new for this call."""
    switches = rules.switches
    if not rules.bulk:
        return False
    if not rules.may_update:
        return switches.archived_for_create_only == "new"
    if _has_none(wish):
        return switches.archived_for_no_status == "new"
    return wish.status is None and switches.archived_for_status_if_new == "new"


def _check_compliance(contact: Contact, status: str | None, switches: Switches) -> None:
    """People who left, and addresses that bounced, cannot be subscribed by a caller.

    Only `pending` gets round it, for those who left: it asks them.
    """
    if not contact.compliance or status is None or status == contact.status:
        return
    if switches.compliance == "ignored":
        return
    if switches.compliance == "not_after_archiving" and contact.status == "archived":
        return
    if status == "unsubscribed" and contact.compliance != "cleaned":
        return
    if status == "pending" and contact.compliance == "unsubscribed":
        return
    raise Refused(Reason.COMPLIANCE)


def come_back(contact: Contact, status: str, source: str, now: int, switches: Switches) -> None:
    """Mailchimp's times, and where a contact came from, when it gets into another status."""
    was_there = bool(contact.opted or contact.signed_up)
    if switches.times_on_return == "moved" or not was_there:
        _stamp(contact, status, now)
    if switches.source_on_return == "moved" and status in ("subscribed", "pending"):
        contact.extra = (contact.extra or {}) | {"source": source}


def _stamp(contact: Contact, status: str, now: int) -> None:
    if status == "pending":
        contact.signed_up = now
        contact.opted = 0
    elif status == "subscribed":
        contact.opted = now


def _check_interests(audience: Audience, wish: Wish) -> None:
    """Refuse a contact with an interest or permission that the audience doesn't have."""
    if unknown := wish.interests.keys() - audience.interests.keys():
        text = f"Interest {min(unknown)} does not exist for this list."
        raise Refused(Reason.INTEREST, text, [("interests", text)])
    if unknown := wish.permissions.keys() - audience.permissions.keys():
        text = f"Marketing permission {min(unknown)} does not exist for this list."
        raise Refused(Reason.PERMISSION, text, [("marketing_permissions", text)])


def _take_times_and_extras(contact: Contact, wish: Wish) -> bool:
    """Whether this changed what people see of a contact."""
    changed = set_interests(contact, wish.interests)
    changed |= set_permissions(contact, wish.permissions)
    if wish.opted is not None:
        contact.opted = wish.opted
    if wish.signed_up is not None:
        contact.signed_up = wish.signed_up
    if wish.extra:
        before = contact.extra or {}
        contact.extra = before | wish.extra
        changed |= contact.extra != before
    return changed


def _values(
    audience: Audience, wish: Wish, rules: Rules, before: dict[str, Value]
) -> dict[int, Value]:
    """The new values by slot. Unknown keys are ignored, as Mailchimp does."""
    switches = rules.switches
    found: dict[int, Value] = {}
    errors: list[tuple[str, str]] = []
    given = wish.merge_fields
    for merge_field in audience.merge_fields.values():
        name = merge_field.tag
        if name not in given:
            name = f"MERGE{merge_field.merge_id}"
        if name in given:
            try:
                found[merge_field.slot] = accepted(
                    merge_field,
                    given[name],
                    switches.long_text == "cut",
                    switches.birthday_input == "month_first",
                )
            except BadValue as bad:
                if switches.bad_merge_values == "dropped_silently" and rules.skip_merge_validation:
                    continue
                errors.append((merge_field.tag, str(bad)))
                continue
        if (
            merge_field.required
            and not rules.skip_merge_validation
            and _blank(merge_field, found, before)
        ):
            errors.append((merge_field.tag, "Please enter a value"))
    if errors:
        raise Refused(Reason.MERGE_FIELDS, fields=errors)
    return found


def _blank(merge_field: MergeField, found: dict[int, Value], before: dict[str, Value]) -> bool:
    value = found.get(merge_field.slot, before.get(merge_field.tag, ""))
    return value == ""


def _inline_tags(
    audience: Audience, contact: Contact, wish: Wish, rules: Rules, *, new: bool
) -> None:
    if wish.tags is None and not wish.sync_tags:
        return
    mode = rules.switches.inline_tags
    if mode == "ignored":
        return
    if mode == "new_only" and not new and not wish.sync_tags:
        return
    names = wish.tags or []
    if rules.switches.segment_names == "shared":
        names = [name for name in names if not audience.saved_named(name)]
    if mode == "late":
        rules.later(
            rules.switches.inline_tags_late_seconds,
            lambda: apply_tags(audience, contact, names, rules.now, replace=wish.sync_tags),
        )
    else:
        apply_tags(audience, contact, names, rules.now, replace=wish.sync_tags)


def apply_tags(
    audience: Audience, contact: Contact, names: list[str], now: int, *, replace: bool = False
) -> None:
    """Give a contact these tags by name; unknown ones are made. A contact gone by now is left."""
    if audience.contacts.get(key_of(contact.email)) is not contact:
        return
    ids = set() if replace else set(contact.tags)
    for name in names:
        if name.strip():
            ids.add((audience.tag_named(name) or audience.add_segment(name, now)).id)
    audience.set_tags(contact, ids, now)
