"""The few calls of Mailchimp's Marketing API 3.0 that this product makes.

Our own, and not Mailchimp's Python client: that one opens a connection per call, parses no
problem documents, hides headers, and returns errors without a body as if they were answers.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from shared.addresses import spellings
from shared.mailchimp import answers
from shared.mailchimp.answers import (
    Account,
    Audience,
    ContactsPage,
    Interest,
    MembersPage,
    MergeField,
    SubscribeAnswer,
    Tag,
    TagAnswer,
    Webhook,
)
from shared.mailchimp.connection import PAGE, Connection
from shared.mailchimp.errors import AudienceNotFoundError, RefusedError
from shared.mailchimp.wire import Answer

MAX_CONTACTS = 500
_MEMBER_FIELDS = (
    "id,email_address,status,merge_fields,tags,tags_count,last_changed,"
    "timestamp_signup,timestamp_opt,contact_id,source"
)
_AUDIENCE_FIELDS = (
    "id",
    "name",
    "double_optin",
    "marketing_permissions",
    *(f"stats.{name}" for name in ("member_count", "unsubscribe_count", "cleaned_count")),
    "stats.total_contacts",
)
_ACCOUNT_FIELDS = ("account_id", "account_name", "role", "email", "total_subscribers")
_EVENTS = ("subscribe", "unsubscribe", "profile", "cleaned", "upemail")
_LIST_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")

Archived = Literal["archived", "already", "missing", "refused"]


def member_hash(address: str) -> str:
    """Return the name of a contact in paths: MD5 of the address in lower case."""
    return hashlib.md5(address.strip().lower().encode(), usedforsecurity=False).hexdigest()


class MailchimpClient(Connection):
    """One account's calls over connections that stay open.

    Every method makes one call per page, or per spelling of a contact's address until one is
    known; it follows no redirect, retries nothing and raises MailchimpError. Whoever calls it
    holds a slot and has each call made by it (see `under`). Usable by several threads.
    """

    def ping(self) -> None:
        """Find out whether Mailchimp takes the token."""
        self.call("GET", "/ping")

    def account(self) -> Account:
        """Return the account of the token."""
        # Without the slash at its end this path is redirected, to plain HTTP at that.
        answer = self.call("GET", "/", {"fields": ",".join(_ACCOUNT_FIELDS)})
        return answers.read_account(answer.document, self.token.data_center, answer.date)

    def audiences(self) -> list[Audience]:
        """Return all audiences of the account."""
        fields = ",".join(f"lists.{name}" for name in _AUDIENCE_FIELDS) + ",total_items"
        query = {"fields": fields, "include_total_contacts": "true"}
        return [
            answers.read_audience(item, page.date)
            for page in self.pages("/lists", query, "lists")
            for item in answers.objects(page.document, "lists")
        ]

    def audience(self, list_id: str) -> Audience:
        """Return one audience; raises AudienceNotFoundError."""
        answer = self.call("GET", _path(list_id), {"fields": ",".join(_AUDIENCE_FIELDS)})
        return answers.read_audience(answer.document, answer.date)

    def merge_fields(self, list_id: str) -> list[MergeField]:
        """Return all merge fields of an audience."""
        path = _path(list_id, "/merge-fields")
        return [
            answers.read_merge_field(item)
            for page in self.pages(path, {}, "merge_fields")
            for item in answers.objects(page.document, "merge_fields")
        ]

    def create_merge_field(
        self,
        list_id: str,
        tag: str,
        name: str,
        type: str,
        options: Mapping[str, Any] | None = None,
    ) -> MergeField:
        """Create a merge field that no form shows and nobody must fill."""
        body = {"tag": tag, "name": name, "type": type, "public": False, "required": False}
        if options:
            body["options"] = dict(options)
        answer = self.call("POST", _path(list_id, "/merge-fields"), body=body)
        return answers.read_merge_field(answer.document)

    def delete_merge_field(self, list_id: str, merge_id: int) -> None:
        """Delete a merge field, with whatever contacts have in it."""
        self.call("DELETE", _path(list_id, f"/merge-fields/{merge_id}"))

    def interests(self, list_id: str) -> list[Interest]:
        """Return all interests of an audience; a call for its groups, and one for each."""
        path = _path(list_id, "/interest-categories")
        fields = {"fields": "categories.id,categories.title,categories.type,total_items"}
        groups = [
            item
            for page in self.pages(path, fields, "categories")
            for item in answers.objects(page.document, "categories")
        ]
        return [
            answers.read_interest(item, group)
            for group in groups
            for page in self.pages(
                f"{path}/{quote(answers.text(group, 'id'), safe='')}/interests",
                {"fields": "interests.id,interests.name,total_items"},
                "interests",
            )
            for item in answers.objects(page.document, "interests")
        ]

    def marketing_permissions(self, list_id: str) -> list[tuple[str, str]] | None:
        """Return id and text of each marketing permission; None where no contact shows any.

        Mailchimp tells them of contacts alone.
        """
        params: dict[str, str | int] = {"count": 1, "fields": "members.marketing_permissions"}
        answer = self.call("GET", _path(list_id, "/members"), params)
        shown = [
            (answers.text(one, "marketing_permission_id"), answers.text(one, "text"))
            for member in answers.objects(answer.document, "members")
            for one in answers.objects(member, "marketing_permissions")
        ]
        return shown or None

    def tags(self, list_id: str) -> list[Tag]:
        """Return all tags of an audience."""
        return self._segments(list_id, "static")

    def saved_segments(self, list_id: str) -> list[Tag]:
        """Return all segments of an audience that are made of conditions."""
        return self._segments(list_id, "saved")

    def _segments(self, list_id: str, type: str) -> list[Tag]:
        names = ("id", "name", "member_count", "created_at")
        fields = ",".join(f"segments.{name}" for name in names) + ",total_items"
        path = _path(list_id, "/segments")
        return [
            answers.read_tag(item)
            for page in self.pages(path, {"type": type, "fields": fields}, "segments")
            for item in answers.objects(page.document, "segments")
        ]

    def create_tag(self, list_id: str, name: str) -> Tag:
        """Create a tag that nobody has."""
        body: dict[str, Any] = {"name": name, "static_segment": []}
        return answers.read_tag(self.call("POST", _path(list_id, "/segments"), body=body).document)

    def rename_tag(self, list_id: str, tag_id: int, name: str) -> Tag:
        """Rename a tag; who has it stays as it is."""
        path = _path(list_id, f"/segments/{int(tag_id)}")
        return answers.read_tag(self.call("PATCH", path, body={"name": name}).document)

    def delete_unused_tag(self, list_id: str, tag_id: int) -> bool:
        """Delete a tag if no contact has it; return whether it was deleted."""
        path = _path(list_id, f"/segments/{int(tag_id)}")
        everybody = ("include_cleaned", "include_transactional", "include_unsubscribed")
        params: dict[str, str | int] = {"count": 1, "fields": "total_items"}
        answer = self.call("GET", f"{path}/members", params | dict.fromkeys(everybody, "true"))
        if answers.number(answer.document, "total_items"):
            return False
        self.call("DELETE", path)
        return True

    def create_webhook(self, list_id: str, url: str) -> Webhook:
        """Have Mailchimp tell of what contacts and people at their desks do, and no program."""
        body = {
            "url": url,
            "events": dict.fromkeys(_EVENTS, True) | {"campaign": False},
            "sources": {"user": True, "admin": True, "api": False},
        }
        answer = self.call("POST", _path(list_id, "/webhooks"), body=body)
        return answers.read_webhook(answer.document)

    def webhooks(self, list_id: str) -> list[Webhook]:
        """Return all webhooks of an audience; their secrets are not told again."""
        answer = self.call("GET", _path(list_id, "/webhooks"))
        return [answers.read_webhook(item) for item in answers.objects(answer.document, "webhooks")]

    def delete_webhook(self, list_id: str, webhook_id: str) -> None:
        """Remove a webhook, also one that isn't there any more."""
        try:
            self.call("DELETE", _path(list_id, f"/webhooks/{quote(webhook_id, safe='')}"))
        except RefusedError as error:
            if error.status != 404:
                raise

    def members(  # noqa: PLR0913 - the query parameters that Mailchimp has for it
        self,
        list_id: str,
        *,
        status: str | None = None,
        offset: int = 0,
        count: int = PAGE,
        since_last_changed: datetime | str | None = None,
        before_last_changed: datetime | str | None = None,
        sort: str | None = None,
    ) -> MembersPage:
        """Return a page of contacts; `sort` names the time by which they come, oldest first."""
        params: dict[str, str | int] = {
            "fields": "members.email_address,members.status,members.last_changed,total_items",
            "count": count,
            "offset": offset,
        }
        if status:
            params["status"] = status
        if since_last_changed:
            params["since_last_changed"] = _time(since_last_changed)
        if before_last_changed:
            params["before_last_changed"] = _time(before_last_changed)
        if sort:
            params |= {"sort_field": sort, "sort_dir": "ASC"}
        answer = self.call("GET", _path(list_id, "/members"), params)
        return answers.read_members(answer.document, answer.date)

    def contacts(
        self, list_id: str, *, status: str | None = None, offset: int = 0, count: int = PAGE
    ) -> ContactsPage:
        """Return a page of contacts with status, values and tags; archived ones by status alone."""
        names = ("email_address", "status", "merge_fields", "tags", "tags_count")
        fields = ",".join(f"members.{name}" for name in names) + ",total_items"
        params: dict[str, str | int] = {"fields": fields, "count": count, "offset": offset}
        if status:
            params["status"] = status
        found = self.call("GET", _path(list_id, "/members"), params).document
        return ContactsPage(answers.objects(found, "members"), answers.number(found, "total_items"))

    def member(self, list_id: str, email: str) -> dict[str, Any] | None:
        """Return a contact as the audience holds it, None where it holds none."""
        answer = self._member_call("GET", list_id, email, params={"fields": _MEMBER_FIELDS})
        return answer.document if answer else None

    def member_answers(self, list_id: str, email: str) -> dict[str, Any] | None:
        """Return what people may have chosen of a contact, None where the audience holds none."""
        fields = "email_address,status,last_changed,language,interests,marketing_permissions"
        answer = self._member_call("GET", list_id, email, params={"fields": fields})
        return answer.document if answer else None

    def subscribe(
        self, list_id: str, members: Sequence[Mapping[str, Any]], *, update_existing: bool = True
    ) -> Callable[[], SubscribeAnswer]:
        """Create and update at most 500 contacts; their other tags stay.

        Returns what reads the answer, so that the next call need not wait for that. Reading may
        raise UnavailableError: the call was made, and nobody knows what it did.
        """
        _check_size(members)
        answer = self.call(
            "POST",
            _path(list_id),
            {"skip_merge_validation": "true", "skip_duplicate_check": "true"},
            body={
                "members": members,
                "update_existing": update_existing,
                # True would take every other tag from these contacts.
                "sync_tags": False,
            },
            read_later=True,
        )
        return lambda: answers.read_subscribed(answer.document, answer.date)

    def change_tag(
        self, list_id: str, tag_id: int, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> TagAnswer:
        """Give a tag to at most 500 contacts and take it from as many others.

        RefusedError with the status 404 where the tag is gone.
        """
        _check_size(add)
        _check_size(remove)
        path = _path(list_id, f"/segments/{int(tag_id)}")
        body = {"members_to_add": list(add), "members_to_remove": list(remove)}
        answer = self.call("POST", path, body=body)
        return answers.read_tagged(answer.document, answer.date)

    def archive(self, list_id: str, email: str) -> Archived:
        """Archive a contact; tells what there was to do."""
        try:
            answer = self._member_call("DELETE", list_id, email)
        except RefusedError as error:
            if error.status != 405:
                raise
            # One answer for contacts that are archived, cleaned or pending: look which it is.
            member = self.member(list_id, email)
            if member is None:
                return "missing"
            return "already" if member.get("status") == "archived" else "refused"
        return "archived" if answer else "missing"

    def unsubscribe(self, list_id: str, email: str) -> dict[str, Any] | None:
        """Unsubscribe a contact and return it, None where there is none."""
        answer = self._member_call(
            "PATCH",
            list_id,
            email,
            params={"skip_merge_validation": "true"},
            body={"status": "unsubscribed"},
        )
        return answer.document if answer else None

    def update(self, list_id: str, email: str, changes: Mapping[str, Any]) -> dict[str, Any] | None:
        """Change members of one contact and return it, None where there is none."""
        answer = self._member_call(
            "PATCH", list_id, email, params={"skip_merge_validation": "true"}, body=changes
        )
        return answer.document if answer else None

    def delete_permanently(self, list_id: str, email: str) -> bool:
        """Erase a contact for good: it can't be imported again. False where there was none."""
        path = "/actions/delete-permanent"
        return self._member_call("POST", list_id, email, path) is not None

    def _member_call(
        self,
        method: str,
        list_id: str,
        email: str,
        action: str = "",
        *,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Answer | None:
        """Make a call about one contact; None where Mailchimp says that there is none.

        Which spelling of a domain Mailchimp stores is its own business: each has another hash.
        """
        for form in spellings(email):
            path = _path(list_id, f"/members/{member_hash(form)}{action}")
            try:
                return self.call(method, path, params, body)
            except RefusedError as error:
                if error.status != 404:
                    raise
        return None


def _path(list_id: str, below: str = "") -> str:
    # Dots would lead elsewhere in the API.
    if not _LIST_ID.fullmatch(list_id):
        raise AudienceNotFoundError
    return f"/lists/{quote(list_id)}{below}"


def _time(moment: datetime | str) -> str:
    return moment if isinstance(moment, str) else moment.isoformat(timespec="seconds")


def _check_size(contacts: Sequence[object]) -> None:
    if len(contacts) > MAX_CONTACTS:
        raise ValueError(f"at most {MAX_CONTACTS} contacts fit into one call")
