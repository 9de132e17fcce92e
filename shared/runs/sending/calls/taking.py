"""Takes over what Mailchimp says of one contact that it has created, updated or refused."""

from collections.abc import Mapping
from typing import Any, Literal

from shared.mailchimp.answers import ContactError, moment
from shared.mailchimp.errors import classify_contact_error
from shared.runs.codes import FAILED, NUMBER, SKIPPED_BY_STATUS
from shared.runs.more import held_of, more_of, permissions_among
from shared.runs.payload import UpsertItem
from shared.runs.sending.calls.answers import Attempt, Written
from shared.runs.sending.calls.items import is_new, is_there
from shared.runs.sending.calls.ours import Span, came_with_us, time_of
from shared.runs.shown import UNKNOWN, digest_of

# Told of one that could not be archived at once.
ANEW = "created although it was in the audience: it may have another address there"
# What this run has begun is not over.
_NO_END = 2**32 - 1
# Who is pending may be one that this export has asked.
_LEFT = {status: code for status, code in SKIPPED_BY_STATUS.items() if status != "pending"}


def take_member(
    attempt: Attempt, place: int, code: Literal["created", "updated"], member: Mapping[str, Any]
) -> None:
    """Record a contact as Mailchimp's answer shows it."""
    answers, item = attempt.answers, attempt.items[place]
    answers.details.pop(place, None)
    if code == "created" and is_there(item):
        # It has another address in Mailchimp by now, or others have archived it.
        answers.codes[place], answers.details[place] = FAILED, ANEW
        answers.anew.append(place)
        return
    status = str(member.get("status") or "")
    if code == "updated" and status in _LEFT:
        # It got there since the last look; its status was not written.
        answers.codes[place] = _LEFT[status]
        return
    if code == "updated" and _was_added_by_us(item, member, attempt.tried):
        if status == "pending":
            code = "created"
        else:
            answers.added.append(place)
    answers.codes[place] = NUMBER[code]
    by_id = {id_: bit for bit, (_, id_) in attempt.job.tags.items()}
    if lacking := item.add & ~_tag_mask(member, by_id):
        answers.lacking[place] = lacking
    _note_strays(attempt, place, member)
    _note_untaken(attempt, place, member)
    _note_dropped(attempt, item, member)
    _note_shown(attempt, place, member)
    if item.more:
        _note_written(attempt, place, code, member)


def refusal(error: ContactError) -> tuple[int, str]:
    """Return the outcome of a contact that Mailchimp refuses, and its text."""
    text = error.error
    if error.field:
        text = f"{error.field}: {error.field_message or error.error}"
    return NUMBER[classify_contact_error(error.error, error.error_code, error.field)], text


def _tag_mask(member: Mapping[str, Any], by_id: Mapping[int, int]) -> int:
    mask = 0
    for tag in member.get("tags") or []:
        bit = by_id.get(tag.get("id"))
        if bit is not None:
            mask |= 1 << bit
    return mask


def _was_added_by_us(item: UpsertItem, member: Mapping[str, Any], tried: int | None) -> bool:
    """Return whether the contact came with an earlier attempt whose answer was lost.

    Not where it came between the last call of an earlier run and the first of this one.
    """
    spans = Span(item.tried, item.tried_to), Span(tried or 0, _NO_END if tried else 0)
    times = (moment(member, name) for name in ("timestamp_opt", "timestamp_signup"))
    return is_new(item) and any(times) and came_with_us(member, spans)


def _note_strays(attempt: Attempt, place: int, member: Mapping[str, Any]) -> None:
    """Note tags that came by name, and have another id than ours."""
    job = attempt.job
    given = attempt.items[place].add & ~job.by_id
    named = {str(tag.get("name")).casefold(): tag.get("id") for tag in member.get("tags") or []}
    for bit, (name, id_) in job.tags.items():
        other = named.get(name.casefold())
        if given >> bit & 1 and isinstance(other, int) and other != id_:
            attempt.answers.strays.append((place, bit, other))


def _note_untaken(attempt: Attempt, place: int, member: Mapping[str, Any]) -> None:
    """Note values whose merge field the contact does not have: Mailchimp passes over them."""
    held = member.get("merge_fields")
    if not isinstance(held, Mapping):
        return
    for name, value in attempt.items[place].values.items():
        if value not in (None, "") and attempt.job.field_name(name) not in held:
            attempt.answers.untaken.setdefault(name, []).append(place)


def _note_dropped(attempt: Attempt, item: UpsertItem, member: Mapping[str, Any]) -> None:
    """Count values that were sent and came back empty."""
    answers, held = attempt.answers, member.get("merge_fields")
    if not isinstance(held, Mapping):
        return
    for name, value in item.values.items():
        called = attempt.job.field_name(name)
        if value not in (None, "") and held.get(called, value) in (None, "", {}):
            answers.dropped[name] = answers.dropped.get(name, 0) + 1


def _note_written(
    attempt: Attempt, place: int, code: Literal["created", "updated"], member: Mapping[str, Any]
) -> None:
    """Note what a new contact got, and of one that exists whether it has what it was given."""
    more, ids = more_of(attempt.items[place].more), attempt.job.interests
    changed = max(0, time_of(member.get("last_changed")))
    if code == "created":
        given = more.interests & held_of(ids, member).has & ~permissions_among(ids)
        written = Written(given=given, language=int(bool(more.language)), changed=changed)
        attempt.answers.written[place] = written
    elif more.watched:
        held = held_of(ids, member)
        lost = more.watched & held.shown & ~held.has
        attempt.answers.written[place] = Written(lost=lost, changed=changed)


def _note_shown(attempt: Attempt, place: int, member: Mapping[str, Any]) -> None:
    """Note what the contact's values look like in Mailchimp, for a verification to compare with."""
    name_of = attempt.job.field_name
    values = attempt.items[place].values
    sent = ((name, name_of(name)) for name, value in values.items() if value is not None)
    if (shown := digest_of(member, sent)) != UNKNOWN:
        attempt.answers.shown[place] = shown
