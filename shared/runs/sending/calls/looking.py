"""Contacts that exist and whose interests or language would change: read right before the call."""

from collections.abc import Mapping
from typing import Any

from shared.mailchimp.protocols import ContactCalls
from shared.runs.codes import SKIPPED_BY_STATUS
from shared.runs.interests import Decision, decide
from shared.runs.more import chosen, held_of, more_of
from shared.runs.sending.calls.answers import Attempt, Written
from shared.runs.sending.calls.existing import change, note_gone
from shared.runs.sending.calls.members import changes_of
from shared.runs.sending.calls.ours import time_of
from shared.runs.sending.calls.taking import take_member


def look_each(client: ContactCalls, attempt: Attempt, places: Mapping[str, int]) -> None:
    """Read contacts one by one, and update them with what a person has not decided otherwise."""
    job = attempt.job
    for place in places.values():
        item = attempt.items[place]
        member = client.member_answers(job.audience, item.email)
        status = str(member.get("status")) if member else ""
        if member is None:
            note_gone(attempt.answers, place)
        elif status in SKIPPED_BY_STATUS:
            attempt.answers.codes[place] = SKIPPED_BY_STATUS[status]
        else:
            _update(client, attempt, place, member)


def _update(client: ContactCalls, attempt: Attempt, place: int, member: Mapping[str, Any]) -> None:
    job, item = attempt.job, attempt.items[place]
    wanted = more_of(item.more).wanted
    changed = max(0, time_of(member.get("last_changed")))
    decision = decide(wanted, held_of(job.interests, member), changed)
    changes = changes_of(item, job) | _interests(job.interests, decision)
    language = 0
    if wanted.language:
        # Another one than ours is a person's, and stays from now on.
        language = 1 if member.get("language") == wanted.last_language else 2
    if language == 1:
        changes["language"] = wanted.language
    answer = change(client, attempt, place, changes)
    if answer is None:
        return
    take_member(attempt, place, "updated", answer)
    attempt.answers.written[place] = Written(
        decision.give,
        decision.take,
        decision.lost,
        decision.kept,
        language,
        max(0, time_of(answer.get("last_changed"))),
    )


def _interests(ids: tuple[str, ...], decision: Decision) -> dict[str, Any]:
    found = chosen(ids, decision.give, has=True) | chosen(ids, decision.take, has=False)
    return {"interests": found} if found else {}
