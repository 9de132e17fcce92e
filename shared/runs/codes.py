"""Outcome codes: one per contact and run.

Everywhere in a run a code is its number; people see its name. Numbers are stored, in ledgers, in
the tables of runs and, as letters, in outcome blobs: none is ever changed or used again.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """A code, its number, the count it adds to, and its rank.

    Of several parts the lowest rank is told. People see outcomes in the order of the list.
    """

    number: int
    code: str
    count: str
    rank: int


OUTCOMES = (
    Outcome(number=0, code="created", count="created", rank=40),
    Outcome(number=1, code="updated", count="updated", rank=41),
    Outcome(number=2, code="tagged", count="tagged", rank=42),
    Outcome(number=3, code="untagged", count="untagged", rank=43),
    Outcome(number=4, code="archived", count="archived", rank=30),
    Outcome(number=5, code="unsubscribed", count="unsubscribed", rank=31),
    Outcome(number=6, code="unchanged", count="unchanged", rank=50),
    Outcome(number=7, code="skipped_no_email", count="skipped", rank=20),
    Outcome(number=8, code="skipped_invalid_email", count="skipped", rank=20),
    Outcome(number=9, code="skipped_erased", count="skipped", rank=20),
    Outcome(number=24, code="skipped_filtered", count="skipped", rank=20),
    Outcome(number=10, code="skipped_no_consent", count="skipped", rank=20),
    Outcome(number=11, code="skipped_duplicate", count="skipped", rank=20),
    Outcome(number=12, code="skipped_unsubscribed", count="skipped", rank=20),
    Outcome(number=13, code="skipped_cleaned", count="skipped", rank=20),
    Outcome(number=14, code="skipped_pending", count="skipped", rank=20),
    Outcome(number=15, code="skipped_transactional", count="skipped", rank=20),
    Outcome(number=16, code="skipped_archived", count="skipped", rank=20),
    Outcome(number=25, code="skipped_growth_limit", count="skipped", rank=20),
    Outcome(number=17, code="rejected_compliance", count="rejected", rank=10),
    Outcome(number=18, code="rejected_forgotten", count="rejected", rank=10),
    Outcome(number=19, code="rejected_fake", count="rejected", rank=10),
    Outcome(number=20, code="rejected_too_many_signups", count="rejected", rank=10),
    Outcome(number=21, code="rejected_merge_field", count="rejected", rank=10),
    Outcome(number=22, code="rejected_other", count="rejected", rank=10),
    Outcome(number=23, code="failed", count="failed", rank=11),
)

CODES = tuple(outcome.code for outcome in OUTCOMES)
BY_CODE = {outcome.code: outcome for outcome in OUTCOMES}
NAMES = {outcome.number: outcome.code for outcome in OUTCOMES}
NUMBER = {outcome.code: outcome.number for outcome in OUTCOMES}
# What a contact in a protected state gets.
SKIPPED_BY_STATUS = {
    status: NUMBER[f"skipped_{status}"]
    for status in ("unsubscribed", "cleaned", "pending", "transactional", "archived")
}
REJECTED = frozenset(outcome.number for outcome in OUTCOMES if outcome.count == "rejected")
FAILED = NUMBER["failed"]
# What Mailchimp did not take.
UNDELIVERED = REJECTED | {FAILED}
ERASED = NUMBER["skipped_erased"]
# Stands in a lane's notes for the address of the contact that they are about.
ADDRESS_MARK = "{address}"
# Stands there, and in the outcomes, for an address of another contact.
OTHERS_MARK = "(another address)"
# A lane's note on a leaver that it had to leave for the next run; finish knows it by its text.
DUE = "postponed to the next run: another export is using this audience"
# Chunks that version 0.1.0 began say it in other words.
DUE_TEXTS = frozenset({DUE, "waits for the next run: another export works on this audience"})
# A lane's note on a contact that the audience does not hold; finish knows it by its text.
GONE = "not in the audience any more"
# Outcome blobs hold a letter per item: this one stands for number 0, and the next ones follow.
_FIRST_LETTER = ord("A")


def to_letters(numbers: Iterable[int]) -> str:
    """Return codes as an outcome blob holds them, one letter for each."""
    return "".join(chr(_FIRST_LETTER + number) for number in numbers)


def from_letters(letters: str) -> bytes:
    """Return the numbers that stand in an outcome blob."""
    return bytes(ord(letter) - _FIRST_LETTER for letter in letters)
