"""Archives or unsubscribes one contact that has left: read right before, and only if it is ours."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.mailchimp.errors import RefusedError
from shared.mailchimp.protocols import ContactCalls
from shared.runs.codes import ERASED, FAILED, GONE, NUMBER
from shared.runs.job import Job
from shared.runs.payload import LeaverItem
from shared.runs.sending.calls.answers import Answers
from shared.runs.sending.calls.ours import Span, changed_since, left_alone


@dataclass(frozen=True)
class Leaving:
    """A contact that has left, and what is known of it beside its item.

    state: the protected one that it got into since the plan. tried: Mailchimp's time of an earlier
    call that may have been carried out. source: see ours.left_alone.
    """

    item: LeaverItem
    state: str | None = None
    tried: int | None = None
    source: str | None = None


def archive(client: ContactCalls, job: Job, leaving: Leaving) -> Answers:
    """Archive a contact."""
    email = leaving.item.email

    def call() -> Answers:
        result = client.archive(job.audience, email)
        if result == "refused":
            return Answers([FAILED], {0: "archive: Mailchimp can't archive this contact"})
        if result == "already":
            return _let_go("left alone: it is archived")
        return Answers([NUMBER["archived"]]) if result == "archived" else _let_go(GONE)

    return _read_first(client, job, leaving, "archived", call)


def unsubscribe(client: ContactCalls, job: Job, leaving: Leaving) -> Answers:
    """Unsubscribe a contact."""

    def call() -> Answers:
        try:
            found = client.unsubscribe(job.audience, leaving.item.email)
        except RefusedError as error:
            return Answers([FAILED], {0: f"unsubscribe: {error.detail}"})
        return Answers([NUMBER["unsubscribed"]]) if found else _let_go(GONE)

    return _read_first(client, job, leaving, "unsubscribed", call)


def _read_first(
    client: ContactCalls, job: Job, leaving: Leaving, done: str, call: Callable[[], Answers]
) -> Answers:
    """Make a call about a contact that is still as this export left it; done: its status then.

    Who left by themselves since the last look at protected contacts must not be taken later for
    one that this export removed.
    """
    item, state = leaving.item, leaving.state
    if not item.email:
        return Answers([ERASED])
    if state is not None and not (leaving.tried is not None and state == done):
        return _let_go(f"left alone: it is {state}")
    member = client.member(job.audience, item.email)
    if member is None:
        return _let_go(GONE)
    if _was_done(member, done, leaving.tried):
        return Answers([NUMBER[done]])
    spans = Span(item.made_from, item.made_to), Span(item.moved_from, item.moved_to)
    reason = left_alone(member, spans, leaving.source)
    return call() if reason is None else _let_go(reason)


def _was_done(member: Mapping[str, Any], done: str, tried: int | None) -> bool:
    """Return whether an earlier call, whose answer was lost, has done what is wanted."""
    return tried is not None and member.get("status") == done and changed_since(member, tried)


def _let_go(why: str) -> Answers:
    return Answers([NUMBER["unchanged"]], {0: why}, let_go=[0])
