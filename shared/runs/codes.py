"""Outcome codes: one per contact and run.

Everywhere in a run a code is its number, a position in OUTCOMES; people see its name.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """A code, the count it adds to, and its rank: of several parts the lowest rank is told."""

    code: str
    count: str
    rank: int


OUTCOMES = (
    Outcome("created", "created", 40),
    Outcome("updated", "updated", 41),
    Outcome("tagged", "tagged", 42),
    Outcome("untagged", "untagged", 43),
    Outcome("archived", "archived", 30),
    Outcome("unsubscribed", "unsubscribed", 31),
    Outcome("unchanged", "unchanged", 50),
    Outcome("skipped_no_email", "skipped", 20),
    Outcome("skipped_invalid_email", "skipped", 20),
    Outcome("skipped_erased", "skipped", 20),
    Outcome("skipped_no_consent", "skipped", 20),
    Outcome("skipped_duplicate", "skipped", 20),
    Outcome("skipped_unsubscribed", "skipped", 20),
    Outcome("skipped_cleaned", "skipped", 20),
    Outcome("skipped_pending", "skipped", 20),
    Outcome("skipped_transactional", "skipped", 20),
    Outcome("skipped_archived", "skipped", 20),
    Outcome("rejected_compliance", "rejected", 10),
    Outcome("rejected_forgotten", "rejected", 10),
    Outcome("rejected_fake", "rejected", 10),
    Outcome("rejected_too_many_signups", "rejected", 10),
    Outcome("rejected_merge_field", "rejected", 10),
    Outcome("rejected_other", "rejected", 10),
    Outcome("failed", "failed", 11),
)

NAMES = tuple(outcome.code for outcome in OUTCOMES)
NUMBER = {name: number for number, name in enumerate(NAMES)}
COUNTS = tuple(dict.fromkeys(outcome.count for outcome in OUTCOMES))
# What a contact in a protected state gets.
SKIPPED_BY_STATUS = {
    status: NUMBER[f"skipped_{status}"]
    for status in ("unsubscribed", "cleaned", "pending", "transactional", "archived")
}
REJECTED = frozenset(n for n, outcome in enumerate(OUTCOMES) if outcome.count == "rejected")
FAILED = NUMBER["failed"]
# What Mailchimp did not take.
UNDELIVERED = REJECTED | {FAILED}
ERASED = NUMBER["skipped_erased"]
# Stands in a lane's notes for the address of the contact that they are about.
ADDRESS_MARK = "{address}"
# A lane's note on a leaver that it had to leave for the next run; finish knows it by its text.
DUE = "postponed to the next run: another export is using this audience"
# Chunks that version 0.1.0 began say it in other words.
DUE_TEXTS = frozenset({DUE, "waits for the next run: another export works on this audience"})
