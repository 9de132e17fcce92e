"""How everything is named that a live check makes, and how all of it goes again.

The names follow from one random mark, so that what a check has left that was cut off is found
without having been noted piece by piece. Nothing that is named otherwise is ever removed.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from shared.mailchimp.answers import (
    Audience,
    MembersPage,
    MergeField,
    SubscribeAnswer,
    Tag,
    TagAnswer,
    Webhook,
)
from shared.mailchimp.client import Archived
from shared.mailchimp.errors import RefusedError
from shared.mailchimp.wire import Answer

# So many contacts a check makes at most.
MOST_CONTACTS = 16


class CheckCalls(Protocol):
    """The calls that a live check makes; `call` is for what nothing else in this product does."""

    def audience(self, list_id: str) -> Audience: ...

    def members(self, list_id: str, *, count: int) -> MembersPage: ...

    def member(self, list_id: str, email: str) -> dict[str, Any] | None: ...

    def subscribe(
        self, list_id: str, members: Sequence[Mapping[str, Any]], *, update_existing: bool = True
    ) -> Callable[[], SubscribeAnswer]: ...

    def update(
        self, list_id: str, email: str, changes: Mapping[str, Any]
    ) -> dict[str, Any] | None: ...

    def archive(self, list_id: str, email: str) -> Archived: ...

    def delete_permanently(self, list_id: str, email: str) -> bool: ...

    def tags(self, list_id: str) -> list[Tag]: ...

    def saved_segments(self, list_id: str) -> list[Tag]: ...

    def create_tag(self, list_id: str, name: str) -> Tag: ...

    def change_tag(
        self, list_id: str, tag_id: int, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> TagAnswer: ...

    def merge_fields(self, list_id: str) -> list[MergeField]: ...

    def create_merge_field(
        self,
        list_id: str,
        tag: str,
        name: str,
        type: str,
        options: Mapping[str, Any] | None = None,
    ) -> MergeField: ...

    def delete_merge_field(self, list_id: str, merge_id: int) -> None: ...

    def webhooks(self, list_id: str) -> list[Webhook]: ...

    def create_webhook(self, list_id: str, url: str) -> Webhook: ...

    def delete_webhook(self, list_id: str, webhook_id: str) -> None: ...

    def call(
        self,
        method: str,
        path: str,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Answer: ...


def new_mark() -> str:
    """Return what makes the names of a check its own."""
    return secrets.token_hex(5)


@dataclass(frozen=True)
class Names:
    """The names of one check; `email` is the address that it was given."""

    email: str
    mark: str

    def address(self, number: int) -> str:
        """Return an address that nobody has, and whose mail its owner gets."""
        local, _, domain = self.email.rpartition("@")
        return f"{local.split('+')[0]}+livecheck{self.mark}{number:02}@{domain}"

    def tag(self, letter: str) -> str:
        """Return the name of a tag or a segment."""
        return f"{self._prefix}-{letter}"

    def merge_tag(self, letter: str) -> str:
        """Return the tag of a merge field, which has ten characters at most."""
        return f"{self._merge_prefix}{letter}"

    def webhook(self, public_url: str) -> str:
        """Return the address of a webhook, of which this app knows nothing."""
        return f"{public_url}/api/mailchimp/webhooks/{self._prefix}"

    def has(self, name: str) -> bool:
        """Return whether a tag or segment is of this check."""
        return name.startswith(f"{self._prefix}-")

    def has_merge_tag(self, tag: str) -> bool:
        """Return whether a merge field is of this check."""
        return tag.upper().startswith(self._merge_prefix)

    def has_webhook(self, url: str) -> bool:
        """Return whether a webhook is of this check."""
        return url.endswith(f"/{self._prefix}")

    @property
    def _prefix(self) -> str:
        return f"livecheck{self.mark}"

    @property
    def _merge_prefix(self) -> str:
        return f"LC{self.mark[:7].upper()}"


def clear(
    client: CheckCalls, audience: str, names: Names, addresses: Iterable[str] | None = None
) -> None:
    """Remove all that a check has made; may be repeated. Raises MailchimpError.

    addresses: those that it may have made, where that is known.
    """
    if addresses is None:
        addresses = [names.address(number) for number in range(1, MOST_CONTACTS + 1)]
    for address in addresses:
        client.delete_permanently(audience, address)
    for segment in (*client.tags(audience), *client.saved_segments(audience)):
        if names.has(segment.name):
            _delete(client, f"/lists/{audience}/segments/{segment.id}")
    for field in client.merge_fields(audience):
        if names.has_merge_tag(field.tag):
            with suppress(RefusedError):
                client.delete_merge_field(audience, field.merge_id)
    for webhook in client.webhooks(audience):
        if names.has_webhook(webhook.url):
            client.delete_webhook(audience, webhook.id)


def _delete(client: CheckCalls, path: str) -> None:
    try:
        client.call("DELETE", path)
    except RefusedError as error:
        if error.status != 404:
            raise
