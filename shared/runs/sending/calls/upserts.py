"""Creates or updates contacts by one call, and reads from its answer what became of each."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.mailchimp.answers import ContactError, SubscribeAnswer
from shared.mailchimp.errors import classify_contact_error, is_contact_exists
from shared.mailchimp.protocols import ContactCalls
from shared.runs.codes import ERASED, FAILED, NUMBER, SKIPPED_BY_STATUS
from shared.runs.job import Job
from shared.runs.payload import UpsertItem
from shared.runs.sending.calls.answers import Answers, Attempt, PendingAnswers, ready
from shared.runs.sending.calls.items import first_try, is_new, key, may_return
from shared.runs.sending.calls.members import members_of
from shared.runs.sending.calls.pending import may_be_ours, settle_pending

_UNNAMED = "Mailchimp's answer does not name this contact"


def upsert_size(items: Sequence[UpsertItem], start: int, most: int, job: Job) -> int:
    """Return how many of the next items fit into one call."""
    end = min(len(items), start + most)
    if job.status_for_new == "pending":
        fresh = is_new(items[start])
        for here in range(start, end):
            if is_new(items[here]) != fresh:
                return here - start
    return end - start


def upsert(
    client: ContactCalls,
    job: Job,
    items: Sequence[UpsertItem],
    protected: Mapping[str, str],
    tried: int | None,
) -> PendingAnswers:
    """Create or update contacts; return what reads the answer.

    protected: addresses that got into a protected state since the plan, with it. tried: see
    Attempt.
    """
    answers = Answers([FAILED] * len(items))
    attempt = Attempt(job, items, answers, tried)
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
    create = job.status_for_new == "pending" and all(is_new(items[p]) for p in sent.values())
    unread = _send(client, attempt, sent, create=create)

    def read() -> Answers:
        _read(unread(), attempt, sent, create=False)
        return answers

    if not create:
        return read
    # Who exists already needs further calls: those belong to this one.
    exists = _read(unread(), attempt, sent, create=True)
    again = {email: sent[email] for email in exists}
    if again:
        settle_pending(client, attempt, again, protected)
    if again:
        # They are in the audience and nobody knows them as protected: update what is there.
        unread = _send(client, attempt, again, create=False)
        _read(unread(), attempt, again, create=False)
    return ready(answers)


def _send(
    client: ContactCalls, attempt: Attempt, sent: Mapping[str, int], *, create: bool
) -> Callable[[], SubscribeAnswer]:
    status = "pending" if create else "subscribed"
    members = members_of((attempt.items[place] for place in sent.values()), attempt.job, status)
    return client.subscribe(attempt.job.audience, members, update_existing=not create)


def _read(
    answer: SubscribeAnswer, attempt: Attempt, sent: Mapping[str, int], *, create: bool
) -> list[str]:
    """Record what Mailchimp answered; return the addresses that already existed although they were
    meant to be created.
    """
    items, answers, tried = attempt.items, attempt.answers, attempt.tried
    by_id = {id_: bit for bit, (_, id_) in attempt.job.tags.items()}
    exists: list[str] = []
    for code, found in (("created", answer.new), ("updated", answer.updated)):
        for member in found:
            place = sent.get(key(member.get("email_address")))
            if place is None:
                continue
            item = items[place]
            answers.codes[place] = NUMBER[code]
            answers.details.pop(place, None)
            if lacking := item.add & ~_tag_mask(member, by_id):
                answers.lacking[place] = lacking
            if code == "updated" and _was_added_by_us(item, member, tried):
                answers.added.append(place)
            _note_dropped(answers, item, member)
    for error in answer.errors:
        place = sent.get(key(error.email))
        if place is None:
            continue
        if create and is_contact_exists(error.error, error.error_code):
            exists.append(key(error.email))
            continue
        answers.codes[place], answers.details[place] = _refusal(error)
    for place in sent.values():
        if answers.codes[place] == FAILED and key(items[place].email) not in exists:
            answers.details.setdefault(place, _UNNAMED)
    return exists


def _tag_mask(member: Mapping[str, Any], by_id: Mapping[int, int]) -> int:
    mask = 0
    for tag in member.get("tags") or []:
        bit = by_id.get(tag.get("id"))
        if bit is not None:
            mask |= 1 << bit
    return mask


def _was_added_by_us(item: UpsertItem, member: Mapping[str, Any], tried: int | None) -> bool:
    """Return whether the contact came with an earlier attempt whose answer was lost."""
    first = first_try(item, tried)
    if first is None or not is_new(item):
        return False
    times = [_seconds(member.get(name)) for name in ("timestamp_opt", "timestamp_signup")]
    return any(time is not None and time >= first for time in times)


def _seconds(text: object) -> int | None:
    try:
        return int(datetime.fromisoformat(str(text)).timestamp())
    except ValueError:
        return None


def _refusal(error: ContactError) -> tuple[int, str]:
    text = error.error
    if error.field:
        text = f"{error.field}: {error.field_message or error.error}"
    return NUMBER[classify_contact_error(error.error, error.error_code, error.field)], text


def _note_dropped(answers: Answers, item: UpsertItem, member: Mapping[str, Any]) -> None:
    """Count values that were sent and came back empty."""
    held = member.get("merge_fields")
    if not isinstance(held, Mapping):
        return
    for name, value in item.values.items():
        if value not in (None, "") and held.get(name, value) in (None, "", {}):
            answers.dropped[name] = answers.dropped.get(name, 0) + 1
