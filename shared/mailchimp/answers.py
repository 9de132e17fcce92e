"""What Mailchimp answers, as far as this product reads it.

Members that an answer lacks have the value that does least: no document of the real Mailchimp is
complete, and its schema promises little. `date` is Mailchimp's clock at the answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from shared.mailchimp.errors import MAX_TEXT, UnavailableError

# Roles of Mailchimp below Manager: their calls that change contacts are refused.
_LOOKING_ONLY = ("viewer", "author")


@dataclass(frozen=True)
class Account:
    """The account that a token belongs to; `email` is that of its user.

    subscribers: how many contacts are subscribed in all its audiences; None: it does not say.
    """

    account_id: str
    name: str
    role: str
    data_center: str
    date: datetime
    email: str = ""
    subscribers: int | None = None

    @property
    def may_write(self) -> bool:
        """Whether the role of the token's user reaches to changing contacts."""
        return self.role.casefold() not in _LOOKING_ONLY


def may_not_write(role: str) -> str:
    """Say for people what a role means that only looks."""
    return (
        f"The Mailchimp user behind the token has the role {role}, which may not change contacts. "
        "Give the connection a token of a user with the role Manager or higher."
    )


@dataclass(frozen=True)
class ListCounts:
    """How many contacts an audience has; may be some minutes old.

    unsure: those that are neither subscribed, unsubscribed nor cleaned; 0 where it isn't said.
    """

    subscribed: int
    unsubscribed: int
    unsure: int


@dataclass(frozen=True)
class Audience:
    """An audience; `contacts` counts subscribed ones and may be some minutes old.

    counts: None where Mailchimp gives none.
    """

    id: str
    name: str
    double_optin: bool
    marketing_permissions: bool
    contacts: int
    date: datetime
    counts: ListCounts | None = None


@dataclass(frozen=True)
class MergeField:
    """A merge field of an audience; `options` as Mailchimp gives them."""

    merge_id: int
    tag: str
    name: str
    type: str
    required: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    default_value: str = ""
    public: bool = False


@dataclass(frozen=True)
class Interest:
    """An interest of an audience, with its group and how people choose in that."""

    id: str
    name: str
    group: str
    kind: str


@dataclass(frozen=True)
class Tag:
    """A tag, which Mailchimp also calls a static segment; counts subscribed contacts."""

    id: int
    name: str
    member_count: int = 0
    created_at: datetime | None = None


@dataclass(frozen=True)
class Webhook:
    """A webhook of an audience; secret: what it signs with, told once, "" where it isn't told."""

    id: str
    url: str
    secret: str = field(default="", repr=False)


@dataclass(frozen=True)
class MembersPage:
    """Some contacts of an audience, each as address, status and time of its last change."""

    items: list[tuple[str, str, str]]
    total_items: int
    date: datetime


@dataclass(frozen=True)
class ContactsPage:
    """Some contacts of an audience, as Mailchimp shows them."""

    items: list[dict[str, Any]]
    total_items: int


@dataclass(frozen=True)
class ContactError:
    """What Mailchimp says about one contact that it did not take."""

    email: str
    error: str
    error_code: str | None = None
    field: str | None = None
    field_message: str | None = None


@dataclass(frozen=True)
class SubscribeAnswer:
    """The contacts of one call, as Mailchimp holds them now, and those that it did not take."""

    new: list[dict[str, Any]]
    updated: list[dict[str, Any]]
    errors: list[ContactError]
    date: datetime


@dataclass(frozen=True)
class TagAnswer:
    """The contacts that got or lost a tag; Mailchimp passes over addresses it does not know."""

    added: list[dict[str, Any]]
    removed: list[dict[str, Any]]
    errors: list[tuple[list[str], str]]
    date: datetime


def read_account(document: Mapping[str, Any], data_center: str, date: datetime) -> Account:
    """Read the answer of `GET /`."""
    return Account(
        account_id=text(document, "account_id"),
        name=text(document, "account_name"),
        role=text(document, "role"),
        data_center=data_center,
        date=date,
        email=text(document, "email"),
        subscribers=number(document, "total_subscribers")
        if document.get("total_subscribers") is not None
        else None,
    )


def read_audience(document: Mapping[str, Any], date: datetime) -> Audience:
    """Read one audience."""
    stats = document.get("stats")
    return Audience(
        id=text(document, "id"),
        name=text(document, "name"),
        double_optin=document.get("double_optin") is True,
        marketing_permissions=document.get("marketing_permissions") is True,
        contacts=number(stats, "member_count") if isinstance(stats, dict) else 0,
        date=date,
        counts=_counts(stats) if isinstance(stats, dict) and "member_count" in stats else None,
    )


def _counts(stats: Mapping[str, Any]) -> ListCounts:
    known = [number(stats, f"{name}_count") for name in ("member", "unsubscribe", "cleaned")]
    unsure = max(0, number(stats, "total_contacts") - sum(known))
    return ListCounts(known[0], known[1], unsure)


def read_merge_field(document: Mapping[str, Any]) -> MergeField:
    """Read one merge field."""
    options = document.get("options")
    return MergeField(
        merge_id=number(document, "merge_id"),
        tag=text(document, "tag"),
        name=text(document, "name"),
        type=text(document, "type") or "text",
        required=document.get("required") is True,
        options=options if isinstance(options, dict) else {},
        default_value=text(document, "default_value"),
        public=document.get("public") is True,
    )


def read_interest(document: Mapping[str, Any], group: Mapping[str, Any]) -> Interest:
    """Read one interest of a group (an interest category)."""
    name, kind = text(group, "title"), text(group, "type")
    return Interest(text(document, "id"), text(document, "name"), name, kind)


def read_tag(document: Mapping[str, Any]) -> Tag:
    """Read one static segment."""
    return Tag(
        number(document, "id"),
        text(document, "name"),
        number(document, "member_count"),
        moment(document, "created_at"),
    )


def read_members(document: Mapping[str, Any], date: datetime) -> MembersPage:
    """Read a page of contacts."""
    items = [
        (text(item, "email_address"), text(item, "status"), text(item, "last_changed"))
        for item in objects(document, "members")
    ]
    return MembersPage(items, number(document, "total_items"), date)


def read_subscribed(document: Mapping[str, Any], date: datetime) -> SubscribeAnswer:
    """Read the answer of a batch subscribe."""
    errors = [
        ContactError(
            email=text(item, "email_address"),
            error=text(item, "error"),
            error_code=text(item, "error_code") or None,
            field=text(item, "field") or None,
            field_message=text(item, "field_message") or None,
        )
        for item in objects(document, "errors")
    ]
    new, updated = objects(document, "new_members"), objects(document, "updated_members")
    return SubscribeAnswer(new, updated, errors, date)


def read_tagged(document: Mapping[str, Any], date: datetime) -> TagAnswer:
    """Read the answer of additions to and removals from a tag."""
    errors = []
    for item in objects(document, "errors"):
        emails = item.get("email_addresses")
        errors.append(
            ([str(e) for e in emails] if isinstance(emails, list) else [], text(item, "error"))
        )
    added, removed = objects(document, "members_added"), objects(document, "members_removed")
    return TagAnswer(added, removed, errors, date)


def read_webhook(document: Mapping[str, Any]) -> Webhook:
    """Read a webhook; raises UnavailableError for one without an id."""
    id_ = text(document, "id")
    if not id_:
        raise UnavailableError("the answer names no webhook")
    return Webhook(id_, text(document, "url"), text(document, "signing_secret"))


def objects(document: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the JSON objects of a list."""
    items = document.get(key)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def text(document: Mapping[str, Any], key: str) -> str:
    """Return a text, "" where there is none; see MAX_TEXT."""
    value = document.get(key)
    return str(value)[:MAX_TEXT] if value is not None else ""


def moment(document: Mapping[str, Any], key: str) -> datetime | None:
    """Return a time, aware; None where there is none that can be read."""
    return read_moment(text(document, key))


def read_moment(text: str) -> datetime | None:
    """Read a time as Mailchimp writes it; one without a zone is UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def number(document: Mapping[str, Any], key: str) -> int:
    """Return a whole number, 0 where there is none."""
    value = document.get(key)
    try:
        return int(value) if isinstance(value, int | float | str) else 0
    except (ValueError, OverflowError):
        return 0
