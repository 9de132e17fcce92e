"""One call to Mailchimp for the next items of a chunk, and what its answer means for each.

Nothing here retries or waits: lanes.py does.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from shared.mailchimp.answers import ContactError
from shared.mailchimp.client import MailchimpClient
from shared.mailchimp.errors import (
    RefusedError,
    classify_contact_error,
    is_contact_exists,
)
from shared.runs.codes import ADDRESS_MARK, ERASED, FAILED, NUMBER, SKIPPED_BY_STATUS
from shared.runs.ledger import Flag

Item = list[Any]
Caller = Any
# Mailchimp lists at most this many tags of a contact (facts: members[].tags).
_TAGS_LISTED = 50
_DUE = "due: another export works on this audience"
_UNNAMED = "Mailchimp's answer does not name this contact"


@dataclass(frozen=True)
class Job:
    """What all calls of a run share. tags: bit to name and id; fields: merge tags by bit."""

    run: str
    audience: str
    tags: dict[int, tuple[str, int]]
    fields: tuple[str, ...]
    status_for_new: str
    # Our clock plus this is Mailchimp's.
    clock_offset: int = 0


@dataclass
class Answers:
    """What became of the items of one call, by their place in the call.

    codes: outcome number per item. details: text where there is more to say. lacking: tag mask
    that an accepted contact still lacks. added: contacts that this export has added although
    Mailchimp said `updated`. dropped: merge fields that Mailchimp emptied, with a count.
    """

    codes: list[int]
    details: dict[int, str] = field(default_factory=dict)
    lacking: dict[int, int] = field(default_factory=dict)
    added: list[int] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)

    def block(self, position: int, items: Sequence[Item]) -> dict[str, Any]:
        """Return the line that is written to the outcome blob: it names no address.

        items: those of the chunk; the answers begin with the one at `position`.
        """
        for place, text in self.details.items():
            self.details[place] = without_address(text, items[position + place][0])
        block: dict[str, Any] = {
            "at": position,
            "n": len(self.codes),
            "codes": "".join(chr(65 + code) for code in self.codes),
        }
        for name in ("details", "lacking", "added", "dropped"):
            if value := getattr(self, name):
                block[name] = value
        return block


def without_address(text: str, email: str) -> str:
    """Put a mark into the place of the contact's address; the outcomes have it back (fold.py).

    So that a person is not named in blobs that are only ever appended to.
    """
    if not email:
        return ""
    return re.sub(re.escape(email), ADDRESS_MARK, text, flags=re.IGNORECASE)


def upsert_size(items: Sequence[Item], start: int, most: int, job: Job) -> int:
    """Return how many of the next items fit into one call."""
    end = min(len(items), start + most)
    if job.status_for_new == "pending":
        fresh = _is_new(items[start])
        for here in range(start, end):
            if _is_new(items[here]) != fresh:
                return here - start
    return end - start


def upsert(
    call: Caller,
    client: MailchimpClient,
    job: Job,
    items: Sequence[Item],
    protected: Mapping[str, str],
    tried: int | None,
) -> Answers:
    """Create or update contacts.

    call: makes a call under a slot. protected: addresses that got into a protected state since
    the plan, with it. tried: Mailchimp's time (seconds since 1970) of the first attempt when
    this is a repeated one, else None.
    """
    answers = Answers([FAILED] * len(items))
    sent: dict[str, int] = {}
    for place, item in enumerate(items):
        if not item[0]:
            answers.codes[place] = ERASED
            continue
        state = protected.get(item[0])
        if state is None or _may_return(item, state) or _may_be_ours(item, state, job, tried):
            sent[item[0]] = place
        else:
            answers.codes[place] = SKIPPED_BY_STATUS[state]
    if not sent:
        return answers
    create = job.status_for_new == "pending" and all(_is_new(items[p]) for p in sent.values())
    exists = _upsert(call, client, job, items, sent, answers, tried, create=create)
    if exists:
        again = {email: sent[email] for email in exists}
        _settle_pending(call, client, job, items, again, answers, protected, tried)
        if again:
            # They are in the audience and nobody knows them as protected: update what is there.
            _upsert(call, client, job, items, again, answers, tried, create=False)
    return answers


def _settle_pending(
    call: Caller,
    client: MailchimpClient,
    job: Job,
    items: Sequence[Item],
    exists: dict[str, int],
    answers: Answers,
    protected: Mapping[str, str],
    tried: int | None,
) -> None:
    """Take those out of `exists` who wait for their confirmation: they must not be subscribed.

    A first attempt whose answer was lost may have created them; a table may know nothing of it.
    """
    firsts = [time for place in exists.values() if (time := _first_try(items[place], tried))]
    waiting = _pending_since(call, client, job, min(firsts)) if firsts else set()
    for email, place in list(exists.items()):
        if email in waiting:
            answers.codes[place] = NUMBER["created"]
            # Its tags were not answered; giving one again does no harm.
            if items[place][2]:
                answers.lacking[place] = items[place][2]
            del exists[email]
        elif (state := protected.get(email)) is not None and not _may_return(items[place], state):
            answers.codes[place] = SKIPPED_BY_STATUS[state]
            del exists[email]


def _pending_since(call: Caller, client: MailchimpClient, job: Job, first: int) -> set[str]:
    """Return who got into the state pending since a time of Mailchimp's clock."""
    found: set[str] = set()
    since = datetime.fromtimestamp(first, UTC)
    offset = 0
    while True:
        page = call(
            client.members, job.audience, status="pending", offset=offset, since_last_changed=since
        )
        found.update(_key(email) for email, _, _ in page.items)
        offset += len(page.items)
        if not page.items or offset >= page.total_items:
            return found


def _upsert(
    call: Caller,
    client: MailchimpClient,
    job: Job,
    items: Sequence[Item],
    sent: Mapping[str, int],
    answers: Answers,
    tried: int | None,
    *,
    create: bool,
) -> list[str]:
    status = "pending" if create else "subscribed"
    members = [_member(items[place], job, status) for place in sent.values()]
    answer = call(client.subscribe, job.audience, members, update_existing=not create)
    by_id = {id_: bit for bit, (_, id_) in job.tags.items()}
    exists: list[str] = []
    for code, found in (("created", answer.new), ("updated", answer.updated)):
        for member in found:
            place = sent.get(_key(member.get("email_address")))
            if place is None:
                continue
            item = items[place]
            answers.codes[place] = NUMBER[code]
            answers.details.pop(place, None)
            if lacking := item[2] & ~_tag_mask(member, by_id):
                answers.lacking[place] = lacking
            if code == "updated" and _was_added_by_us(item, member, tried):
                answers.added.append(place)
            _note_dropped(answers, item, member)
    for error in answer.errors:
        place = sent.get(_key(error.email))
        if place is None:
            continue
        if create and is_contact_exists(error.error, error.error_code):
            exists.append(items[place][0])
            continue
        answers.codes[place], answers.details[place] = _refusal(error)
    for place in sent.values():
        if answers.codes[place] == FAILED and items[place][0] not in exists:
            answers.details.setdefault(place, _UNNAMED)
    return exists


def _may_return(item: Item, state: str) -> bool:
    """Tell of a protected contact whether this export itself brought it into that state."""
    if state == "pending":
        # One that is known to be taken would be updated, and so be subscribed unasked.
        return bool(item[3] & Flag.PENDING) and _is_new(item)
    return state == "archived" and bool(item[3] & Flag.ARCHIVED)


def _may_be_ours(item: Item, state: str, job: Job, tried: int | None) -> bool:
    """Tell whether a pending contact may have come with an earlier attempt of this export."""
    repeated = _first_try(item, tried) is not None
    return state == "pending" == job.status_for_new and _is_new(item) and repeated


def _is_new(item: Item) -> bool:
    """Tell whether Mailchimp has never accepted it from this export, as far as is known."""
    return not item[3] & Flag.ACCEPTED


def _first_try(item: Item, tried: int | None) -> int | None:
    """Return Mailchimp's time of the first attempt to send a contact, None where this is it."""
    return min((time for time in (item[5], tried) if time), default=None)


def _member(item: Item, job: Job, status: str) -> dict[str, Any]:
    email, values, tags, _, before = item[:5]
    member: dict[str, Any] = {"email_address": email, "status": status}
    # A blank value clears what this export has sent, and is left out otherwise.
    fields = {
        name: "" if values.get(name) is None else _without_nulls(values[name])
        for bit, name in enumerate(job.fields)
        if values.get(name) is not None or (name in values and before >> bit & 1)
    }
    if fields:
        member["merge_fields"] = fields
    names = [name for bit, (name, _) in job.tags.items() if tags >> bit & 1]
    if names:
        member["tags"] = names
    return member


def _without_nulls(value: Any) -> Any:
    """Leave the blank parts of an address out: null is never sent."""
    if isinstance(value, dict):
        return {part: text for part, text in value.items() if text is not None}
    return value


def _key(email: object) -> str:
    return str(email or "").strip().lower()


def _tag_mask(member: Mapping[str, Any], by_id: Mapping[int, int]) -> int:
    mask = 0
    for tag in member.get("tags") or []:
        bit = by_id.get(tag.get("id"))
        if bit is not None:
            mask |= 1 << bit
    return mask


def _was_added_by_us(item: Item, member: Mapping[str, Any], tried: int | None) -> bool:
    """Tell whether the contact came with an earlier attempt whose answer was lost."""
    first = _first_try(item, tried)
    if first is None or not _is_new(item):
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


def _note_dropped(answers: Answers, item: Item, member: Mapping[str, Any]) -> None:
    """Count values that were sent and came back empty."""
    held = member.get("merge_fields")
    if not isinstance(held, Mapping):
        return
    for name, value in item[1].items():
        if value not in (None, "") and held.get(name, value) in (None, ""):
            answers.dropped[name] = answers.dropped.get(name, 0) + 1


def tag_size(items: Sequence[Item], start: int, most: int) -> int:
    """Return how many of the next items are one call: one tag, so many additions and removals."""
    bit = items[start][1]
    counts = [0, 0]
    for here in range(start, len(items)):
        _, other, add = items[here]
        if other != bit or counts[add] >= most:
            return here - start
        counts[add] += 1
    return len(items) - start


def change_tags(
    call: Caller, client: MailchimpClient, job: Job, items: Sequence[Item], spared: int = 0
) -> Answers:
    """Give one tag to some contacts and take it from others.

    spared: mask of tags that are not taken from anybody at the moment.
    """
    bit = items[0][1]
    add = {item[0]: place for place, item in enumerate(items) if item[2] and item[0]}
    remove = [item[0] for item in items if not item[2] and item[0]]
    codes = [NUMBER["tagged" if item[2] else "untagged"] if item[0] else ERASED for item in items]
    answers = Answers(codes)
    if spared >> bit & 1:
        remove = []
        for place, item in enumerate(items):
            if not item[2] and item[0]:
                answers.codes[place], answers.details[place] = NUMBER["unchanged"], _DUE
    if not add and not remove:
        return answers
    bad = give_tag(call, client, job, bit, list(add), remove)
    for email, text in bad.items():
        if email in add:
            answers.codes[add[email]] = FAILED
            answers.details[add[email]] = text
    return answers


def tag_gone(job: Job, items: Sequence[Item], why: str) -> Answers:
    """Return what it means for the items of one tag that Mailchimp does not have it any more."""
    bit = items[0][1]
    answers = Answers([FAILED if item[2] else NUMBER["untagged"] for item in items])
    text = f"tag {job.tags[bit][0]}: {why}"
    answers.details = {place: text for place, item in enumerate(items) if item[2]}
    return answers


def give_tag(
    call: Caller,
    client: MailchimpClient,
    job: Job,
    bit: int,
    add: Sequence[str],
    remove: Sequence[str] = (),
) -> dict[str, str]:
    """Change one tag; return the contacts that did not get it, with the reason.

    Mailchimp passes over addresses that the audience does not hold, so every addition that its
    answer does not name is looked up. A removal that it does not name had nothing to remove.
    """
    name, id_ = job.tags[bit]
    answer = call(client.change_tag, job.audience, id_, add, remove)
    done = {_key(member.get("email_address")) for member in answer.added}
    bad = {_key(email): f"tag {name}: {text}" for emails, text in answer.errors for email in emails}
    for email in add:
        if email not in done and email not in bad:
            problem = _look_up(call, client, job, email, id_)
            if problem:
                bad[email] = f"tag {name}: {problem}"
    return {email: text for email, text in bad.items() if email in set(add)}


def _look_up(call: Caller, client: MailchimpClient, job: Job, email: str, id_: int) -> str:
    member = call(client.member, job.audience, email)
    if member is None:
        return "the contact is not in the audience any more"
    tags = member.get("tags") or []
    if len(tags) >= _TAGS_LISTED or any(tag.get("id") == id_ for tag in tags):
        return ""
    return "Mailchimp did not add it"


def archive(call: Caller, client: MailchimpClient, job: Job, item: Item) -> Answers:
    """Archive a contact. One that is gone or archived already is what was wanted."""
    if not item[0]:
        return Answers([ERASED])
    result = call(client.archive, job.audience, item[0])
    if result == "refused":
        return Answers([FAILED], {0: "archive: Mailchimp can't archive this contact"})
    return Answers([NUMBER["archived"]])


def unsubscribe(call: Caller, client: MailchimpClient, job: Job, item: Item) -> Answers:
    """Unsubscribe a contact. One that is gone is what was wanted."""
    if not item[0]:
        return Answers([ERASED])
    try:
        call(client.unsubscribe, job.audience, item[0])
    except RefusedError as error:
        return Answers([FAILED], {0: f"unsubscribe: {error.detail}"})
    return Answers([NUMBER["unsubscribed"]])


def refused_alone(error: RefusedError) -> Answers:
    """Return what a call about one contact means that Mailchimp refused as a whole."""
    field_name, message = next(iter(error.errors), (None, None))
    code = classify_contact_error(message or error.detail, error.title, field_name)
    return Answers([NUMBER[code]], {0: error.detail})


def given_up(count: int, why: str) -> Answers:
    """Return the outcome of items that could not be delivered."""
    return Answers([FAILED] * count, dict.fromkeys(range(count), why))


def not_now(count: int) -> Answers:
    """Return the outcome of leavers that may not be archived or unsubscribed at the moment."""
    return Answers([NUMBER["unchanged"]] * count, dict.fromkeys(range(count), _DUE))


def lacking_of(blocks: Iterable[Mapping[str, Any]]) -> dict[int, list[int]]:
    """Return from a chunk's blocks, per tag bit, the items that were accepted and lack it."""
    lacking: dict[int, dict[int, None]] = {}
    for block in blocks:
        for place, mask in (block.get("lacking") or {}).items():
            for bit in range(64):
                if mask >> bit & 1:
                    lacking.setdefault(bit, {})[block["at"] + int(place)] = None
        if "tag" in block:
            for item in block["items"]:
                lacking.get(block["tag"], {}).pop(item, None)
    return {bit: list(items) for bit, items in lacking.items() if items}
