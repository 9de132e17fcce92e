"""What the questions of a live check are asked with: contacts of its own, and few calls."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from shared.mailchimp.answers import Audience, ContactError, SubscribeAnswer
from shared.mailchimp.errors import RefusedError, RetryError, is_about_status
from shared.mailchimp.live_check.rows import Reason, Seen
from shared.mailchimp.live_check.traces import CheckCalls, Names

# Of a hundred calls and two minutes, what is left is for removing all of it again.
MOST_CALLS, MOST_SECONDS = 64, 90.0
# Long ago: a time that moves is told from one that stays within the same second.
OPTED_AT = "2020-02-03T04:05:06+00:00"
_PAUSE_SECONDS = 0.6

type Came = Literal["new", "updated", "item_error", "refused"]


class NotShownError(Exception):
    """A question has no answer here."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass
class Allowance:
    """How many calls may be made, and for how long; `calls` counts them."""

    most: int = MOST_CALLS
    seconds: float = MOST_SECONDS
    calls: int = 0
    started: float = field(default_factory=time.monotonic)
    clearing: bool = False

    def spend(self) -> None:
        """Count a call that is about to be made; raises NotShownError where none is left."""
        if not self.clearing:
            if self.calls >= self.most:
                raise NotShownError("too_many_calls")
            if time.monotonic() - self.started > self.seconds:
                raise NotShownError("takes_too_long")
        self.calls += 1


@dataclass(frozen=True)
class Sent:
    """What came of sending one contact: `contact` as the answer has it, `error` its item."""

    came: Came
    contact: Mapping[str, Any] = field(default_factory=dict)
    error: ContactError | None = None

    @property
    def taken(self) -> bool:
        """Whether Mailchimp took it."""
        return self.came in ("new", "updated")


# The contacts that questions are asked about, as they are made.
_CAST: Mapping[str, Mapping[str, str]] = {
    "sent": {"status": "unsubscribed"},
    "bare": {"status": "unsubscribed"},
    "moved": {"status": "unsubscribed"},
    "archived": {"status": "unsubscribed", "timestamp_opt": OPTED_AT},
}
# By itself: nobody has written whether a call may say this, and the others are needed.
_BOUNCED: Mapping[str, Mapping[str, str]] = {"cleaned": {"status": "cleaned"}}


class Probe:
    """One live check under way. public_url: where this app is reached, None where nowhere.

    seen: what earlier questions have shown. addresses: those that may have been made. unsure: a
    call was not answered, so Mailchimp may yet do it.
    """

    def __init__(
        self, client: CheckCalls, audience: Audience, names: Names, public_url: str | None = None
    ) -> None:
        self.client = client
        self.audience = audience
        self.list_id = audience.id
        self.names = names
        self.public_url = public_url
        self.seen: dict[str, Seen] = {}
        self.addresses: list[str] = []
        self.unsure = False
        self._cast: dict[str, str] | None = None
        self._lacking: Reason = "mailchimp_refused"

    def new_address(self) -> str:
        """Return an address that no contact has, noted as one that may be made."""
        address = self.names.address(len(self.addresses) + 1)
        self.addresses.append(address)
        return address

    def contact(self, part: str) -> str:
        """Return the address of a contact of the cast; raises NotShownError where there is none."""
        if self._cast is None:
            # Before they are made: those that can't be made are not tried again and again.
            self._cast = {}
            try:
                self._cast |= self._make(_CAST)
                self._cast |= self._make(_BOUNCED)
            except NotShownError as error:
                self._lacking = error.reason
            except RetryError:
                self._lacking = "mailchimp_unavailable"
                raise
        if part not in self._cast:
            raise NotShownError(self._lacking)
        return self._cast[part]

    def rename(self, part: str, address: str) -> None:
        """Note that a contact of the cast has another address now."""
        if self._cast is not None:
            self._cast[part] = address

    def _make(self, parts: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
        wanted = {part: self.new_address() for part in parts}
        members = [{"email_address": wanted[part], **how} for part, how in parts.items()]
        try:
            answer = self.client.subscribe(self.list_id, members, update_existing=False)()
        except RefusedError:
            return {}
        refused = {error.email.lower() for error in answer.errors}
        return {part: email for part, email in wanted.items() if email.lower() not in refused}

    def send(self, email: str, *, update: bool = True, **members: object) -> Sent:
        """Send one contact in a bulk call, by itself."""
        member = {"email_address": email, **members}
        try:
            answer = self.client.subscribe(self.list_id, [member], update_existing=update)()
        except RefusedError as error:
            if any(is_about_status(name) for name, _ in error.errors):
                return Sent("refused")
            raise NotShownError("mailchimp_refused") from None
        return _sent(answer)

    def look(self, email: str) -> dict[str, Any]:
        """Return a contact as the audience holds it; raises NotShownError."""
        found = self.client.member(self.list_id, email)
        if found is None:
            raise NotShownError("mailchimp_refused")
        return found

    def status(self, email: str) -> str:
        """Return the status of a contact; raises NotShownError."""
        return str(self.look(email).get("status"))

    def archive(self, email: str) -> None:
        """Have a contact archived, whatever it was; raises NotShownError."""
        if self.client.archive(self.list_id, email) not in ("archived", "already"):
            raise NotShownError("mailchimp_refused")

    def needs(self, code: str, seen: str) -> None:
        """Raise NotShownError unless an earlier question was answered so."""
        if self.seen.get(code) != seen:
            raise NotShownError("depends_on_another")

    def bulk(self, members: list[Mapping[str, Any]], **params: str) -> Mapping[str, Any]:
        """Make the bulk call in a way that nothing else does; raises RefusedError."""
        body = {"members": members, "update_existing": True, "sync_tags": False}
        query = {"skip_merge_validation": "true", **params}
        return self.client.call("POST", f"/lists/{self.list_id}", query, body).document

    def await_(self, there: Callable[[], bool], looks: int = 4) -> bool:
        """Look until something is there, a few times."""
        for _ in range(looks):
            time.sleep(_PAUSE_SECONDS)
            if there():
                return True
        return False


def _sent(answer: SubscribeAnswer) -> Sent:
    if answer.errors:
        return Sent("item_error", error=answer.errors[0])
    if answer.new:
        return Sent("new", answer.new[0])
    if answer.updated:
        return Sent("updated", answer.updated[0])
    raise NotShownError("mailchimp_refused")
