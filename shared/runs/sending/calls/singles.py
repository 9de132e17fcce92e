"""Archives or unsubscribes one contact that has left."""

from shared.mailchimp.errors import RefusedError
from shared.mailchimp.protocols import ContactCalls
from shared.runs.codes import ERASED, FAILED, NUMBER
from shared.runs.job import Job
from shared.runs.payload import LeaverItem
from shared.runs.sending.calls.answers import Answers


def archive(
    client: ContactCalls,
    job: Job,
    item: LeaverItem,
    state: str | None,
    *,
    again: bool,
) -> Answers:
    """Archive a contact. One that is gone is what was wanted.

    state: the protected one that it got into since the plan. Such a contact is left alone, so
    that nobody takes it later for one that this export archived while it was subscribed. again:
    an earlier call may have archived it already.
    """
    if not item.email:
        return Answers([ERASED])
    if state is not None and not (again and state == "archived"):
        return _left_alone(state)
    result = client.archive(job.audience, item.email)
    if result == "refused":
        return Answers([FAILED], {0: "archive: Mailchimp can't archive this contact"})
    if result == "already" and not again:
        return _left_alone("archived")
    return Answers([NUMBER["archived"]])


def unsubscribe(client: ContactCalls, job: Job, item: LeaverItem, state: str | None) -> Answers:
    """Unsubscribe a contact. One that is gone is what was wanted. state: see archive."""
    if not item.email:
        return Answers([ERASED])
    if state is not None and state != "unsubscribed":
        return _left_alone(state)
    try:
        client.unsubscribe(job.audience, item.email)
    except RefusedError as error:
        return Answers([FAILED], {0: f"unsubscribe: {error.detail}"})
    return Answers([NUMBER["unsubscribed"]])


def _left_alone(state: str) -> Answers:
    return Answers(
        [NUMBER["unchanged"]], {0: f"left alone: it became {state} after this run began"}
    )
