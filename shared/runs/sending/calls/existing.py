"""Calls about one contact that exists: an update without its status, and the question to return."""

from collections.abc import Mapping
from typing import Any

from shared.mailchimp.errors import RefusedError
from shared.mailchimp.protocols import ContactCalls
from shared.runs.codes import GONE, SKIPPED_BY_STATUS
from shared.runs.payload import UpsertItem
from shared.runs.sending.calls.answers import Answers, Attempt, refused_alone
from shared.runs.sending.calls.members import changes_of
from shared.runs.sending.calls.ours import Span, changed_since, changed_within
from shared.runs.sending.calls.taking import take_member

ASKED = "asked to confirm"


def update_each(client: ContactCalls, attempt: Attempt, places: Mapping[str, int]) -> None:
    """Update contacts one by one; who is not there is not created."""
    for place in places.values():
        member = change(client, attempt, place, changes_of(attempt.items[place], attempt.job))
        if member is not None:
            take_member(attempt, place, "updated", member)


def ask_each(client: ContactCalls, attempt: Attempt, places: Mapping[str, int]) -> None:
    """Ask contacts that this product archived whether they want to come back.

    Mailchimp doesn't show what they did before and while they were archived: only they can say.
    Who was archived by others, or changed since, is not asked.
    """
    answers, job = attempt.answers, attempt.job
    for place in places.values():
        item = attempt.items[place]
        member = client.member(job.audience, item.email)
        status = str(member.get("status")) if member else ""
        if member is None:
            note_gone(answers, place)
        elif _is_to_ask(member, item, attempt.tried):
            changes = changes_of(item, job) | {"status": "pending"}
            asked = change(client, attempt, place, changes)
            if asked is not None:
                take_member(attempt, place, "updated", asked)
                answers.details[place] = ASKED
                answers.asked.append(place)
        elif status in SKIPPED_BY_STATUS:
            answers.codes[place] = SKIPPED_BY_STATUS[status]
            answers.let_go.append(place)
        else:
            update_each(client, attempt, {item.email: place})


def _is_to_ask(member: Mapping[str, Any], item: UpsertItem, tried: int | None) -> bool:
    """Return whether a contact is archived by us; or pending, as a call that was lost leaves it."""
    if member.get("status") == "archived":
        return changed_within(member, Span(item.moved_from, item.moved_to))
    return member.get("status") == "pending" and tried is not None and changed_since(member, tried)


def change(
    client: ContactCalls, attempt: Attempt, place: int, changes: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Update a contact and return it; None where it was refused or is gone, which is noted."""
    answers, email = attempt.answers, attempt.items[place].email
    try:
        member = client.update(attempt.job.audience, email, changes)
    except RefusedError as error:
        refused = refused_alone(error)
        answers.codes[place], answers.details[place] = refused.codes[0], refused.details[0]
        return None
    if member is None:
        note_gone(answers, place)
    return member


def note_gone(answers: Answers, place: int) -> None:
    """Note that the audience does not hold a contact."""
    answers.codes[place], answers.details[place] = SKIPPED_BY_STATUS["archived"], GONE
    answers.let_go.append(place)
