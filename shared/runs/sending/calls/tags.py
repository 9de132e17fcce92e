"""Gives a tag to contacts and takes it from others, without touching their values."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shared.mailchimp.answers import TagAnswer
from shared.mailchimp.protocols import ContactCalls
from shared.runs.codes import DUE, ERASED, FAILED, GONE, NUMBER
from shared.runs.job import Job
from shared.runs.payload import TagItem
from shared.runs.sending.calls.answers import Answers
from shared.runs.sending.calls.items import key

# The reference says of a contact's `tags` that it returns at most so many:
# https://mailchimp.com/developer/marketing/api/list-members/get-member-info/
_TAGS_LISTED = 50


def tag_size(items: Sequence[TagItem], start: int, most: int) -> int:
    """Return how many of the next items are one call: one tag, so many additions and removals."""
    if most == 1:
        return 1
    bit = items[start].bit
    counts = [0, 0]
    for here in range(start, len(items)):
        item = items[here]
        if item.bit != bit or counts[item.add] >= most:
            return here - start
        counts[item.add] += 1
    return len(items) - start


def tag_load(items: Iterable[TagItem]) -> int:
    """Return how many contacts a call is about, as `most` of `tag_size` counts them."""
    adds = [bool(item.add) for item in items]
    return max(adds.count(True), adds.count(False))


def change_tags(
    client: ContactCalls, job: Job, items: Sequence[TagItem], spared: int = 0
) -> Answers:
    """Give one tag to some contacts and take it from others.

    spared: mask of tags that are not taken from anybody at the moment.
    """
    bit = items[0].bit
    add = {item.email: place for place, item in enumerate(items) if item.add and item.email}
    remove = {item.email: place for place, item in enumerate(items) if item.email and not item.add}
    codes = [
        NUMBER["tagged" if item.add else "untagged"] if item.email else ERASED for item in items
    ]
    answers = Answers(codes)
    if spared >> bit & 1:
        for place in remove.values():
            answers.codes[place], answers.details[place] = NUMBER["unchanged"], DUE
        remove = {}
    if not add and not remove:
        return answers
    answer = client.change_tag(job.audience, job.tags[bit][1], list(add), list(remove))
    for email, text in _not_given(client, job, bit, add, answer).items():
        answers.codes[add[email]], answers.details[add[email]] = FAILED, text
    lost = {key(member.get("email_address")) for member in answer.removed}
    for email, place in remove.items():
        if key(email) not in lost and client.member(job.audience, email) is None:
            answers.codes[place], answers.details[place] = NUMBER["unchanged"], GONE
    return answers


def tag_gone(job: Job, items: Sequence[TagItem], why: str) -> Answers:
    """Return what it means for the items of one tag that Mailchimp does not have it any more."""
    bit = items[0].bit
    answers = Answers([FAILED if item.add else NUMBER["untagged"] for item in items])
    text = f"tag {job.tags[bit][0]}: {why}"
    answers.details = {place: text for place, item in enumerate(items) if item.add}
    return answers


def give_tag(client: ContactCalls, job: Job, bit: int, add: Sequence[str]) -> dict[str, str]:
    """Give one tag; return the contacts that did not get it, with the reason."""
    answer = client.change_tag(job.audience, job.tags[bit][1], add)
    return _not_given(client, job, bit, add, answer)


def _not_given(
    client: ContactCalls, job: Job, bit: int, add: Iterable[str], answer: TagAnswer
) -> dict[str, str]:
    """Return who did not get a tag, with the reason.

    Mailchimp passes over addresses that the audience does not hold, so whoever its answer does not
    name is looked up.
    """
    name, id_ = job.tags[bit]
    done = {key(member.get("email_address")) for member in answer.added}
    bad = {key(email): f"tag {name}: {text}" for emails, text in answer.errors for email in emails}
    for email in add:
        if key(email) not in done and key(email) not in bad:
            problem = _look_up(client, job, email, id_)
            if problem:
                bad[key(email)] = f"tag {name}: {problem}"
    return {email: bad[key(email)] for email in add if key(email) in bad}


def _look_up(client: ContactCalls, job: Job, email: str, id_: int) -> str:
    member = client.member(job.audience, email)
    if member is None:
        return "the contact is not in the audience any more"
    tags = member.get("tags") or []
    if len(tags) >= _TAGS_LISTED or any(tag.get("id") == id_ for tag in tags):
        return ""
    return "Mailchimp did not add it"


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
