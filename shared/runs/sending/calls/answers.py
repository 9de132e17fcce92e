"""What became of the items of one call, and how an outcome blob is told of it."""

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from struct import pack
from typing import Any, NamedTuple

from shared.addresses import spellings, without_addresses
from shared.mailchimp.errors import RefusedError, classify_contact_error
from shared.runs.codes import ADDRESS_MARK, DUE, FAILED, NUMBER, OTHERS_MARK, to_letters
from shared.runs.job import Job
from shared.runs.payload import Item, UpsertItem


class Written(NamedTuple):
    """What was written of a contact's interests (masks) and language, or why not.

    given, taken; lost: those that somebody had taken; kept: those that stay as a person left them.
    language: 1 where it was written, 2 where a person has chosen another one. changed: the
    contact's last_changed after it (seconds since 1970, 0 for unknown). failed: what Mailchimp
    did not take of it.
    """

    given: int = 0
    taken: int = 0
    lost: int = 0
    kept: int = 0
    language: int = 0
    changed: int = 0
    failed: int = 0


@dataclass
class Answers:
    """What became of the items of one call, by their place in the call.

    codes: outcome number per item. details: text where there is more to say. lacking: tag mask
    that an accepted contact still lacks. added: contacts that this export has added although
    Mailchimp said `updated`. asked: those that were asked to come back. let_go: those that are
    not this export's to archive, to unsubscribe or to ask, or not any more. dropped: merge fields
    that Mailchimp emptied, with a count. anew: those that a call created although they were in the
    audience. strays: contacts that got a tag's name under
    another id: place, bit and that id. untaken: merge fields that an answer lacks, with places.
    written: of contacts with interests or a language, by place.
    shown: what was shown of an accepted contact's values (see runs/shown.py), by place.
    during: Mailchimp's times (seconds since 1970) between which the call did what it did.
    calls: when it was begun by our clock and how long it took, and the tries before it, in seconds.
    """

    codes: list[int]
    details: dict[int, str] = field(default_factory=dict)
    lacking: dict[int, int] = field(default_factory=dict)
    added: list[int] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    let_go: list[int] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)
    anew: list[int] = field(default_factory=list)
    strays: list[tuple[int, int, int]] = field(default_factory=list)
    untaken: dict[str, list[int]] = field(default_factory=dict)
    shown: dict[int, int] = field(default_factory=dict)
    written: dict[int, Written] = field(default_factory=dict)
    during: tuple[int, int] | None = None
    calls: tuple[tuple[float, float], ...] = ()

    def block(self, position: int, items: Sequence[Item]) -> dict[str, Any]:
        """Return the line that is written to the outcome blob: it names no address.

        items: those of the call, of which the chunk has the first at `position`.
        """
        for place, text in self.details.items():
            self.details[place] = without_address(text, items[place].email)
        block: dict[str, Any] = {
            "at": position,
            "n": len(self.codes),
            "codes": to_letters(self.codes),
        }
        for name in (
            "details",
            "lacking",
            "added",
            "asked",
            "let_go",
            "dropped",
            "anew",
            "strays",
            "untaken",
            "written",
            "during",
            "calls",
        ):
            if value := getattr(self, name):
                block[name] = value
        if self.shown:
            numbers = [self.shown.get(place, 0) for place in range(len(self.codes))]
            block["shown"] = b64encode(pack(f"<{len(numbers)}I", *numbers)).decode()
        return block


@dataclass(frozen=True)
class Attempt:
    """The contacts of a call on their way, and what is known of each so far.

    tried: Mailchimp's time (seconds since 1970) of the first attempt when this is a repeated one.
    """

    job: Job
    items: Sequence[UpsertItem]
    answers: Answers
    tried: int | None


# Reads an answer of Mailchimp: that takes longer than sending the next call, which need not wait
# for it. Raises UnavailableError for one that can't be read.
PendingAnswers = Callable[[], Answers]


def ready(answers: Answers) -> PendingAnswers:
    """Wrap answers that are already parsed."""
    return lambda: answers


def without_address(text: str, email: str) -> str:
    """Put marks into the places of addresses; the outcomes have the contact's back (fold).

    So that a person is not named in blobs that are only ever appended to.
    """
    if not email:
        return ""
    for form in spellings(email):
        text = re.sub(re.escape(form), ADDRESS_MARK, text, flags=re.IGNORECASE)
    # One text may be about several contacts, and is told to each of them.
    return without_addresses(text, OTHERS_MARK)


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
    return Answers([NUMBER["unchanged"]] * count, dict.fromkeys(range(count), DUE))
