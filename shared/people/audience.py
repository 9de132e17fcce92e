"""What the audiences hold of a person now: one call for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shared.accounts.slots import NoSlotError
from shared.app import App
from shared.exports import accounts
from shared.exports.connection_models import StoredConnection
from shared.exports.errors import ConnectionUnusableError
from shared.mailchimp.errors import MailchimpError
from shared.platform.clock import to_text, utc_now

_MISSING = "missing"


@dataclass(frozen=True)
class Place:
    """Where a contact would be: an audience, and the connection that leads to it."""

    connection: str
    audience_id: str


@dataclass(frozen=True)
class InAudience:
    """A contact as its audience has it; asked_at None: it could not be asked, for `problem`.

    tag_ids: None where Mailchimp did not tell all. values: of merge fields, by their tags.
    """

    place: Place
    status: str = "unknown"
    tags: tuple[str, ...] = ()
    tag_ids: frozenset[int] | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    last_changed: str | None = None
    asked_at: str | None = None
    problem: str | None = None


def ask(app: App, connection: StoredConnection, audience: str, email: str) -> InAudience:
    """Ask Mailchimp for one contact, by the account's connection for people."""
    place = Place(connection.name, audience)
    try:
        with accounts.open_account(app, connection, for_people=True) as mailchimp:
            member = mailchimp.client.member(audience, email)
    except NoSlotError:
        return InAudience(place, problem="mailchimp_busy")
    except ConnectionUnusableError as error:
        return InAudience(place, problem=error.code)
    except MailchimpError:
        return InAudience(place, problem="mailchimp_unavailable")
    asked_at = to_text(utc_now())
    if member is None:
        return InAudience(place, _MISSING, asked_at=asked_at)
    tags = [tag for tag in member.get("tags") or [] if isinstance(tag, dict)]
    changed = member.get("last_changed")
    return InAudience(
        place,
        str(member.get("status") or "unknown"),
        tuple(str(tag["name"]) for tag in tags if tag.get("name")),
        _ids(member, tags),
        _values(member),
        changed if isinstance(changed, str) and changed else None,
        asked_at,
    )


def _values(member: Mapping[str, object]) -> dict[str, str]:
    """Return what merge fields hold; of an address its parts, as in `ADDRESS.city`."""
    given = member.get("merge_fields")
    found: dict[str, str] = {}
    for tag, value in (given if isinstance(given, dict) else {}).items():
        if isinstance(value, dict):
            found |= {f"{tag}.{part}": str(each) for part, each in value.items() if each != ""}
        elif value not in ("", None):
            found[str(tag)] = str(value)
    return found


def _ids(
    member: Mapping[str, object], tags: Sequence[Mapping[str, object]]
) -> frozenset[int] | None:
    """Return the ids of a contact's tags; Mailchimp shows fifty at most, and counts all."""
    count = member.get("tags_count")
    if isinstance(count, int) and count > len(tags):
        return None
    return frozenset(id_ for tag in tags if isinstance(id_ := tag.get("id"), int))
