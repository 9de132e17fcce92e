"""The calls to Mailchimp by who makes them: what a stage asks for, and a test stands in for.

`MailchimpClient` answers all of them, and says of each what it does and raises.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from shared.mailchimp.answers import (
    Audience,
    ContactsPage,
    Interest,
    MembersPage,
    MergeField,
    SubscribeAnswer,
    Tag,
    TagAnswer,
)
from shared.mailchimp.client import Archived
from shared.mailchimp.connection import PAGE


class ContactCalls(Protocol):
    """What lanes do with contacts."""

    def subscribe(
        self, list_id: str, members: Sequence[Mapping[str, Any]], *, update_existing: bool = True
    ) -> Callable[[], SubscribeAnswer]: ...

    def change_tag(
        self, list_id: str, tag_id: int, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> TagAnswer: ...

    def member(self, list_id: str, email: str) -> dict[str, Any] | None: ...

    def member_answers(self, list_id: str, email: str) -> dict[str, Any] | None: ...

    def members(
        self,
        list_id: str,
        *,
        status: str | None = None,
        offset: int = 0,
        count: int = PAGE,
        since_last_changed: datetime | str | None = None,
    ) -> MembersPage: ...

    def update(
        self, list_id: str, email: str, changes: Mapping[str, Any]
    ) -> dict[str, Any] | None: ...

    def archive(self, list_id: str, email: str) -> Archived: ...

    def unsubscribe(self, list_id: str, email: str) -> dict[str, Any] | None: ...


class ProofCalls(Protocol):
    """What a verification reads of an audience."""

    def merge_fields(self, list_id: str) -> list[MergeField]: ...

    def contacts(
        self, list_id: str, *, status: str | None = None, offset: int = 0, count: int = PAGE
    ) -> ContactsPage: ...

    def member(self, list_id: str, email: str) -> dict[str, Any] | None: ...


class AudienceCalls(Protocol):
    """What a plan settles with the audience before anything is sent."""

    def audiences(self) -> list[Audience]: ...

    def audience(self, list_id: str) -> Audience: ...

    def merge_fields(self, list_id: str) -> list[MergeField]: ...

    def create_merge_field(
        self,
        list_id: str,
        tag: str,
        name: str,
        type: str,
        options: Mapping[str, Any] | None = None,
    ) -> MergeField: ...

    def interests(self, list_id: str) -> list[Interest]: ...

    def marketing_permissions(self, list_id: str) -> list[tuple[str, str]] | None: ...

    def delete_merge_field(self, list_id: str, merge_id: int) -> None: ...

    def tags(self, list_id: str) -> list[Tag]: ...

    def create_tag(self, list_id: str, name: str) -> Tag: ...

    def rename_tag(self, list_id: str, tag_id: int, name: str) -> Tag: ...
