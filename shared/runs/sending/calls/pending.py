"""Contacts that Mailchimp asks for their confirmation: created once, and not subscribed unasked.

Who is new is only created. Who exists already may be one that an earlier attempt has created and
whose answer was lost: Mailchimp is asked who waits for a confirmation.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from shared.mailchimp.protocols import ContactCalls
from shared.runs.codes import NUMBER, SKIPPED_BY_STATUS
from shared.runs.job import Job
from shared.runs.payload import UpsertItem
from shared.runs.sending.calls.answers import Attempt
from shared.runs.sending.calls.items import first_try, is_new, key, may_return


def settle_pending(
    client: ContactCalls, attempt: Attempt, exists: dict[str, int], protected: Mapping[str, str]
) -> None:
    """Take those out of `exists` who wait for their confirmation: they must not be subscribed.

    A first attempt whose answer was lost may have created them; a table may know nothing of it.
    """
    items, answers, tried = attempt.items, attempt.answers, attempt.tried
    firsts = [time for place in exists.values() if (time := first_try(items[place], tried))]
    waiting = _pending_since(client, attempt.job, min(firsts)) if firsts else set()
    for email, place in list(exists.items()):
        if email in waiting:
            answers.codes[place] = NUMBER["created"]
            # Its tags were not answered; giving one again does no harm.
            if items[place].add:
                answers.lacking[place] = items[place].add
            del exists[email]
        elif (state := protected.get(email)) is not None and not may_return(items[place], state):
            answers.codes[place] = SKIPPED_BY_STATUS[state]
            del exists[email]


def _pending_since(client: ContactCalls, job: Job, first: int) -> set[str]:
    """Return who got into the state pending since a time of Mailchimp's clock."""
    found: set[str] = set()
    since = datetime.fromtimestamp(first, UTC)
    offset = 0
    while True:
        page = client.members(
            job.audience, status="pending", offset=offset, since_last_changed=since
        )
        found.update(key(email) for email, _, _ in page.items)
        offset += len(page.items)
        if not page.items or offset >= page.total_items:
            return found


def may_be_ours(item: UpsertItem, state: str, job: Job, tried: int | None) -> bool:
    """Return whether a pending contact may have come with an earlier attempt of this export."""
    repeated = first_try(item, tried) is not None
    return state == "pending" == job.status_for_new and is_new(item) and repeated
