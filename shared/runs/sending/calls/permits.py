"""Gives a contact that this run has created its first marketing permissions.

No call about many contacts takes them, so each contact takes one of its own, after all is sent.
"""

from collections.abc import Mapping
from typing import Any

from shared.mailchimp.errors import RefusedError
from shared.mailchimp.protocols import ContactCalls
from shared.runs.codes import ERASED, GONE, NUMBER
from shared.runs.job import Job
from shared.runs.more import held_of, permitted
from shared.runs.payload import PermitItem
from shared.runs.sending.calls.answers import Answers, Written
from shared.runs.sending.calls.ours import time_of

PERMISSIONS = "marketing permissions"
NOT_TAKEN = f"{PERMISSIONS}: Mailchimp did not take them, without an error"


def permit(
    client: ContactCalls, job: Job, item: PermitItem, state: str | None, made: int, *, again: bool
) -> Answers:
    """Give a contact its permissions; state: the protected one that it got into since the plan.

    made: its last_changed as the call that created it answered. again: an earlier call may have
    been carried out: then the contact is read first, as somebody may have withdrawn since what
    that gave.
    """
    if not item.email:
        return Answers([ERASED])
    if state is not None and not (state == job.status_for_new == "pending"):
        return _left(f"left alone: it is {state}")
    if again:
        member = client.member_answers(job.audience, item.email)
        if member is None:
            return _left(GONE)
        held = item.mask & held_of(job.interests, member).has
        if held == item.mask or time_of(member.get("last_changed")) != made:
            return _answered(held, lost=item.mask & ~held, member=member)
    changes = {"marketing_permissions": permitted(job.interests, item.mask, has=True)}
    try:
        member = client.update(job.audience, item.email, changes)
    except RefusedError as error:
        return Answers([NUMBER["rejected_other"]], {0: f"{PERMISSIONS}: {error.detail}"})
    if member is None:
        return _left(GONE)
    found = held_of(job.interests, member)
    answers = _answered(item.mask & (found.has | ~found.shown), lost=0, member=member)
    if item.mask & found.shown & ~found.has:
        answers.codes, answers.details = [NUMBER["rejected_other"]], {0: NOT_TAKEN}
    return answers


def _answered(given: int, *, lost: int, member: Mapping[str, Any]) -> Answers:
    """Return what is given; lost: what somebody may have withdrawn, and is not given again."""
    changed = max(0, time_of(member.get("last_changed")))
    written = {0: Written(given=given, lost=lost, changed=changed)}
    return Answers([NUMBER["updated"]], written=written)


def _left(why: str) -> Answers:
    return Answers([NUMBER["unchanged"]], {0: why})
