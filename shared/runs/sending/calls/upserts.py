"""Creates or updates contacts, and reads from the answer what became of each.

Who exists keeps the status that it has: shared/runs/sending/calls/updating.py has the ways.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from shared.accounts.ways import Way
from shared.addresses import without_addresses
from shared.mailchimp.answers import SubscribeAnswer
from shared.mailchimp.errors import (
    RefusedError,
    UnavailableError,
    is_about_status,
    is_contact_exists,
)
from shared.mailchimp.protocols import ContactCalls
from shared.runs.codes import ERASED, FAILED, SKIPPED_BY_STATUS
from shared.runs.job import Job
from shared.runs.more import more_of
from shared.runs.payload import UpsertItem
from shared.runs.sending.calls.answers import Answers, Attempt, PendingAnswers, ready
from shared.runs.sending.calls.existing import ask_each, update_each
from shared.runs.sending.calls.items import is_new, key, may_return
from shared.runs.sending.calls.looking import look_each
from shared.runs.sending.calls.members import Written, if_new, members_of
from shared.runs.sending.calls.pending import may_be_ours, settle_pending
from shared.runs.sending.calls.taking import refusal, take_member
from shared.runs.sending.calls.updating import (
    MAX_EACH,
    MAX_LOOKED_AT,
    Updating,
    is_each,
    kind_of,
)

_UNNAMED = "Mailchimp's answer does not name this contact"


def upsert_size(
    items: Sequence[UpsertItem], start: int, most: int, way: Way, *, again: bool = False
) -> int:
    """Return how many of the next items fit into one call; `again`: after one that was lost."""
    kind = kind_of(items[start], way)
    if is_each(kind, way, again=again):
        most = min(most, MAX_EACH)
    elif kind == "look":
        most = min(most, MAX_LOOKED_AT)
    end = min(len(items), start + most)
    for here in range(start, end):
        if kind_of(items[here], way) != kind:
            return here - start
    return end - start


def upsert(  # noqa: PLR0913 - what a call is made of
    client: ContactCalls,
    job: Job,
    updating: Updating,
    items: Sequence[UpsertItem],
    protected: Mapping[str, str],
    tried: int | None,
    written: Written | None = None,
) -> PendingAnswers:
    """Create or update contacts, all of one kind; return what reads the answer.

    protected: addresses that got into a protected state since the plan, with it. tried:
    Mailchimp's time (seconds since 1970) of the first attempt when this is a repeated one, else
    None.
    """
    answers = Answers([FAILED] * len(items))
    sent: dict[str, int] = {}
    for place, item in enumerate(items):
        if not item.email:
            answers.codes[place] = ERASED
            continue
        email = key(item.email)
        state = protected.get(email)
        if state is None or may_return(item, state) or may_be_ours(item, state, job, tried):
            sent[email] = place
        else:
            answers.codes[place] = SKIPPED_BY_STATUS[state]
    if not sent:
        return ready(answers)
    call = _Call(client, updating, Attempt(job, items, answers, tried), protected, written)
    match kind_of(items[next(iter(sent.values()))], updating.way):
        case "ask":
            ask_each(client, call.attempt, sent)
        case "any":
            return call.if_new(sent)
        case "new":
            call.create(sent)
        case "look":
            call.look(sent)
        case "known":
            call.update(sent)
    return ready(answers)


@dataclass(frozen=True)
class _Call:
    """The calls about one batch; whoever is given to them is its place by address."""

    client: ContactCalls
    updating: Updating
    attempt: Attempt
    protected: Mapping[str, str]
    written: Written | None = None

    def if_new(self, sent: dict[str, int]) -> PendingAnswers:
        """Create and update at once: the status counts for new contacts alone."""
        try:
            unread = self._send(sent, if_new(self.attempt.job), create=False)
        except RefusedError as error:
            self._check_is_about_status(error)
            self.updating.give_up()
            self.create(sent)
            return ready(self.attempt.answers)

        def read() -> Answers:
            answer = unread()
            if any(is_about_status(error.field) for error in answer.errors):
                # Sent once more, in another way.
                self.updating.give_up()
                raise UnavailableError("Mailchimp does not take status_if_new any more")
            self._read(answer, sent)
            return self.attempt.answers

        return read

    def create(self, sent: dict[str, int]) -> None:
        """Create contacts; update those that exist without their status."""
        status = {"status": self.attempt.job.status_for_new}
        exists = self._read(self._send(sent, status, create=True)(), sent, create=True)
        again = {email: sent[email] for email in exists}
        if again and self.attempt.job.status_for_new == "pending":
            settle_pending(self.client, self.attempt, again, self.protected)
        # They are in the audience and nobody knows them as protected: update what is there.
        seen = {key: place for key, place in again.items() if self._has_look(place)}
        look_each(self.client, self.attempt, seen)
        again = {key: place for key, place in again.items() if key not in seen}
        if not again:
            return
        if self.updating.way == "status_if_new":
            self.if_new(again)()
        else:
            self.update(again)

    def look(self, sent: dict[str, int]) -> None:
        """Read contacts before they are updated; who is new is created, if there is none yet."""
        new = {key: place for key, place in sent.items() if is_new(self.attempt.items[place])}
        if new:
            self.create(new)
        known = {key: place for key, place in sent.items() if key not in new}
        look_each(self.client, self.attempt, known)

    def _has_look(self, place: int) -> bool:
        return bool(more_of(self.attempt.items[place].more).look)

    def update(self, sent: dict[str, int]) -> None:
        """Update contacts that exist, without a status."""
        if self.updating.way != "one_by_one":
            sent = self._update_at_once(sent)
        update_each(self.client, self.attempt, sent)

    def _update_at_once(self, sent: dict[str, int]) -> dict[str, int]:
        """Update by one call; return those of whom Mailchimp wants a status.

        Such a one does not exist any more, unless Mailchimp has come to want it of everybody.
        """
        try:
            answer = self._send(sent, {}, create=False)()
        except RefusedError as error:
            self._check_is_about_status(error)
            self.updating.give_up()
            return sent
        self._read(answer, sent)
        refused = (key(error.email) for error in answer.errors if is_about_status(error.field))
        return {email: sent[email] for email in refused if email in sent}

    def _check_is_about_status(self, error: RefusedError) -> None:
        if not any(is_about_status(field) for field, _ in error.errors):
            raise error

    def _send(
        self, sent: Mapping[str, int], status: Mapping[str, str], *, create: bool
    ) -> Callable[[], SubscribeAnswer]:
        items = [self.attempt.items[place] for place in sent.values()]
        job = self.attempt.job
        members = members_of(items, job, status, self.written, create=create)
        return self.client.subscribe(job.audience, members, update_existing=not create)

    def _read(
        self, answer: SubscribeAnswer, sent: Mapping[str, int], *, create: bool = False
    ) -> list[str]:
        """Record what Mailchimp answered; return the addresses that already existed although they
        were meant to be created.
        """
        answers, items = self.attempt.answers, self.attempt.items
        exists: list[str] = []
        codes: tuple[Literal["created", "updated"], ...] = ("created", "updated")
        for code, found in zip(codes, (answer.new, answer.updated), strict=True):
            for member in found:
                place = sent.get(key(member.get("email_address")))
                if place is not None:
                    take_member(self.attempt, place, code, member)
        for error in answer.errors:
            place = sent.get(key(error.email))
            if place is None:
                continue
            if create and is_contact_exists(error.error, error.error_code):
                exists.append(key(error.email))
                continue
            answers.codes[place], answers.details[place] = refusal(error)
        # Of errors about nobody Mailchimp's words are all that is known of who is named nowhere.
        said = _of_nobody(answer)
        for place in sent.values():
            if answers.codes[place] == FAILED and key(items[place].email) not in exists:
                answers.details.setdefault(place, f"{_UNNAMED}: {said}" if said else _UNNAMED)
        return exists


def _of_nobody(answer: SubscribeAnswer) -> str:
    """Return what Mailchimp said without naming a contact, addresses left out."""
    texts = dict.fromkeys(error.error for error in answer.errors if not key(error.email))
    return "; ".join(without_addresses(text, "…") for text in texts if text)
