"""Contacts that exist and whose interests, permissions or language would change.

Each is read right before the call that writes them.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from shared.mailchimp.protocols import ContactCalls
from shared.runs.codes import REJECTED, SKIPPED_BY_STATUS
from shared.runs.interests import Decision, decide
from shared.runs.more import chosen, held_of, more_of, permissions_among, permitted
from shared.runs.sending.calls.answers import Attempt, Written
from shared.runs.sending.calls.existing import change, note_gone
from shared.runs.sending.calls.members import changes_of
from shared.runs.sending.calls.ours import time_of
from shared.runs.sending.calls.permits import NOT_TAKEN, PERMISSIONS
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
    held = held_of(job.interests, member)
    # What Mailchimp doesn't show of a contact, nobody has taken from it.
    decision = decide(wanted._replace(gave=wanted.gave & held.shown), held.has, changed)
    changes = changes_of(item, job) | _interests(job.interests, decision)
    language = 0
    if wanted.language:
        # Another one than ours is a person's, and stays from now on.
        language = 1 if member.get("language") == wanted.last_language else 2
    if language == 1:
        changes["language"] = wanted.language
    answer, failed = _change(client, attempt, place, changes, decision)
    if answer is None:
        return
    take_member(attempt, place, "updated", answer)
    if failed.why:
        attempt.answers.details[place] = failed.why
    attempt.answers.written[place] = Written(
        decision.give & ~failed.mask,
        decision.take & ~failed.mask,
        decision.lost,
        decision.kept,
        language,
        max(0, time_of(answer.get("last_changed"))),
        failed.mask,
    )


class _Failed(NamedTuple):
    """Marketing permissions that Mailchimp did not take, and its words."""

    mask: int = 0
    why: str = ""


def _change(
    client: ContactCalls,
    attempt: Attempt,
    place: int,
    changes: Mapping[str, Any],
    decision: Decision,
) -> tuple[dict[str, Any] | None, _Failed]:
    """Update a contact, and once more without permissions where it is refused with them."""
    ids = attempt.job.interests
    permissions = permitted(ids, decision.give, has=True) + permitted(ids, decision.take, has=False)
    if not permissions:
        return change(client, attempt, place, changes), _Failed()
    with_them = {**changes, "marketing_permissions": permissions}
    answer = change(client, attempt, place, with_them)
    asked = (decision.give | decision.take) & permissions_among(ids)
    if answer is not None:
        held = held_of(ids, answer)
        untaken = asked & held.shown & ((decision.give & ~held.has) | (decision.take & held.has))
        return answer, _Failed(untaken, NOT_TAKEN if untaken else "")
    if attempt.answers.codes[place] not in REJECTED:
        return None, _Failed()
    why = attempt.answers.details.pop(place)
    return change(client, attempt, place, changes), _Failed(asked, f"{PERMISSIONS}: {why}")


def _interests(ids: tuple[str, ...], decision: Decision) -> dict[str, Any]:
    found = chosen(ids, decision.give, has=True) | chosen(ids, decision.take, has=False)
    return {"interests": found} if found else {}
