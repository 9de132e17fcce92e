"""The trial: what Mailchimp does with the status of a contact that exists.

Answers alone don't prove it: whoever would show that a status was changed is kept out of calls. So
a contact of our own is made, unsubscribed, and sent in each way that no status may be written by,
until one leaves it as it is. It is archived in the end.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from shared.mailchimp.answers import Account, SubscribeAnswer
from shared.mailchimp.client import Archived
from shared.mailchimp.errors import RefusedError, is_about_status, is_contact_exists
from shared.mailchimp.tokens import Token

type ProvedWay = Literal["status_if_new", "no_status"]


class TrialCalls(Protocol):
    """The calls that a trial makes, with the token whose account it is about."""

    @property
    def token(self) -> Token: ...

    def account(self) -> Account: ...

    def subscribe(
        self, list_id: str, members: list[dict[str, Any]], *, update_existing: bool = True
    ) -> Callable[[], SubscribeAnswer]: ...

    def member(self, list_id: str, email: str) -> dict[str, Any] | None: ...

    def update(
        self, list_id: str, email: str, changes: Mapping[str, Any]
    ) -> dict[str, Any] | None: ...

    def archive(self, list_id: str, email: str) -> Archived: ...


class NoVerdictError(Exception):
    """The trial could not be made; another time it may. The text says why, and names nobody."""


@dataclass(frozen=True)
class Verdict:
    """What a trial has shown. way: None where each of them writes a status, or is refused."""

    way: ProvedWay | None
    archived_is: Literal["known", "new"] | None = None
    source: str | None = None
    contact_id_stays: bool | None = None


def new_mark() -> str:
    """Return what makes an address one that nobody has."""
    return secrets.token_hex(5)


def trial_addresses(account: Account, mark: str) -> tuple[str, str]:
    """Return an address of the account's own user with this mark, and one to change it to.

    Raises NoVerdictError.
    """
    local, at, domain = account.email.rpartition("@")
    if not at or not local:
        raise NoVerdictError("the account has no address")
    local = f"{local.split('+')[0]}+segment-export-{mark}"
    return f"{local}@{domain}", f"{local}b@{domain}"


def make_trial(
    client: TrialCalls, audience: str, way: ProvedWay, addresses: tuple[str, str]
) -> Verdict | None:
    """Try one way on a contact at the first address; None where it is not to be used on anybody.

    Raises NoVerdictError, and MailchimpError where Mailchimp could not be asked.
    """
    trial = _Trial(client, audience, way)
    first, second = addresses
    if not trial.create(first):
        return None
    try:
        made = trial.look(first)
        if made.get("status") != "unsubscribed" or not trial.send(first, "subscribed"):
            return None
        if trial.look(first).get("status") != "unsubscribed":
            return None
        address, stays = trial.move(made, first, second)
        client.archive(audience, address)
        if not trial.send(address, "unsubscribed"):
            return None
        back = trial.look(address).get("status") != "archived"
        return Verdict(way, "new" if back else "known", made.get("source"), stays)
    finally:
        clear(client, audience, addresses)


def clear(client: TrialCalls, audience: str, addresses: tuple[str, ...]) -> None:
    """Archive what a trial has left; may be repeated."""
    for address in addresses:
        member = client.member(audience, address)
        if member is not None and member.get("status") != "archived":
            client.archive(audience, address)


@dataclass(frozen=True)
class _Trial:
    client: TrialCalls
    audience: str
    way: ProvedWay

    def create(self, email: str) -> bool:
        """Make the contact as the way makes contacts; False where that is refused for its sake."""
        status = "status" if self.way == "no_status" else "status_if_new"
        answer = self._call({"email_address": email, status: "unsubscribed"}, update=False)
        if answer is None or any(is_about_status(error.field) for error in answer.errors):
            return False
        if not answer.new:
            raise NoVerdictError("Mailchimp does not take the trial contact")
        return True

    def send(self, email: str, status: str) -> bool:
        """Send the contact in this way, with a status that must not be written.

        False where Mailchimp refuses the way.
        """
        member = {"email_address": email}
        if self.way == "status_if_new":
            return self._taken(self._call({**member, "status_if_new": status}, update=True))
        only_new = self._call({**member, "status": status}, update=False)
        if only_new is None:
            return False
        if any(not is_contact_exists(one.error, one.error_code) for one in only_new.errors):
            return False
        return self._taken(self._call(member, update=True))

    def move(self, made: Mapping[str, Any], first: str, second: str) -> tuple[str, bool | None]:
        """Give the contact another address; return the one it has, and whether its id stayed."""
        try:
            moved = self.client.update(self.audience, first, {"email_address": second})
        except RefusedError:
            moved = None
        if moved is None:
            return first, None
        before, after = made.get("contact_id"), moved.get("contact_id")
        return second, (before == after) if before and after else None

    def look(self, email: str) -> dict[str, Any]:
        """Return the contact as the audience holds it; raises NoVerdictError."""
        member = self.client.member(self.audience, email)
        if member is None:
            raise NoVerdictError("Mailchimp does not show the trial contact")
        return member

    def _call(self, member: dict[str, Any], *, update: bool) -> SubscribeAnswer | None:
        """Make a bulk call; None where it is refused for the status."""
        try:
            return self.client.subscribe(self.audience, [member], update_existing=update)()
        except RefusedError as error:
            if any(is_about_status(field) for field, _ in error.errors):
                return None
            raise NoVerdictError("Mailchimp refuses the trial's call") from None

    def _taken(self, answer: SubscribeAnswer | None) -> bool:
        return answer is not None and not answer.errors
