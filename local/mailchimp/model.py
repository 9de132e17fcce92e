"""The records an audience is made of, kept small because there are millions of them."""

from dataclasses import dataclass, field

ACTIVE = "subscribed"
STATUSES = ("subscribed", "unsubscribed", "cleaned", "pending", "transactional", "archived")
# `archived` is an answer only: nobody can ask for it as a status.
REQUEST_STATUSES = frozenset(STATUSES[:-1])
# What a plan's limit counts; whether pending ones do is not said.
BILLABLE = ("subscribed", "unsubscribed", "transactional")

type Value = str | int | float | dict[str, str]


class Contact:
    """One contact of one audience.

    Times are epoch seconds, 0 for never. `values` lie in the order of the audience's merge
    fields; a short tuple means blanks at its end. `compliance` says why Mailchimp refuses to
    subscribe it: `unsubscribed` (by the person), `cleaned`, `review`, or blank.
    """

    __slots__ = (
        "changed",
        "compliance",
        "email",
        "extra",
        "number",
        "opted",
        "signed_up",
        "status",
        "tags",
        "values",
    )

    def __init__(self, number: int, email: str, status: str) -> None:
        self.number = number
        self.email = email
        self.status = status
        self.compliance = ""
        self.values: tuple[Value, ...] = ()
        self.tags: frozenset[int] = frozenset()
        self.opted = 0
        self.signed_up = 0
        self.changed = 0
        self.extra: dict[str, object] | None = None


@dataclass(slots=True)
class Webhook:
    """Where events of an audience are sent; `secret` is "" where nothing is signed."""

    id: str
    url: str
    events: dict[str, bool]
    sources: dict[str, bool]
    secret: str = ""

    def wants(self, event: str, source: str) -> bool:
        """Whether it is to be told of such an event by such a source."""
        return self.events[event] and self.sources[source]

    def shown(self, list_id: str) -> dict[str, object]:
        """What the API says of it; the secret is told once, when it is made."""
        return {
            "id": self.id,
            "url": self.url,
            "events": self.events,
            "sources": self.sources,
            "list_id": list_id,
        }


@dataclass(slots=True)
class MergeField:
    """A Mailchimp contact field; `slot` is its place in `Contact.values`."""

    merge_id: int
    slot: int
    tag: str
    name: str
    type: str = "text"
    required: bool = False
    default_value: str = ""
    public: bool = False
    display_order: int = 0
    help_text: str = ""
    options: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Segment:
    """A segment of an audience; a static one is a tag of the same id.

    `members` holds when each contact got it; `active` counts the subscribed ones.
    """

    id: int
    name: str
    created: int
    updated: int
    type: str = "static"
    members: dict[Contact, int] = field(default_factory=dict)
    active: int = 0
    options: dict[str, object] | None = None
    ordered: list[Contact] | None = None
