"""What is written of a contact's interests, and what stays as a person has left it.

A pure decision on masks: what the column wants changed, what this product wrote before, and what
Mailchimp showed of the contact right before the call.
"""

from typing import NamedTuple


class Wanted(NamedTuple):
    """What a contact's answers ask for, and what is known of it from before (masks of interests).

    give, take: answers that became yes, or no. first: those of `give` that are a first time. gave:
    written by this product, and held when it was last looked at. took: taken by it, or created
    without. lost: given by it, and taken by somebody since. changed: the contact's last_changed
    as Mailchimp answered our last call about it; read_at: the stamp of the snapshot with the
    answers of before; both in seconds since 1970, 0 for unknown. language: what it becomes where
    Mailchimp still has `last_language`, which this product wrote.
    """

    give: int = 0
    take: int = 0
    first: int = 0
    gave: int = 0
    took: int = 0
    lost: int = 0
    changed: int = 0
    read_at: int = 0
    language: str | None = None
    last_language: str | None = None


class Decision(NamedTuple):
    """Interests that are given and taken, those that stay as a person left them, and those that
    somebody has taken since this product gave them.
    """

    give: int
    take: int
    kept: int
    lost: int


def decide(wanted: Wanted, held: int, last_changed: int) -> Decision:
    """Return what is written to a contact that holds these interests.

    last_changed: Mailchimp's, in seconds since 1970, 0 where it is not known. Its times are whole
    seconds: what happened within the very second of our own call can't be told from that call.

    Nothing that is held is written again, and nothing that this product did not give is taken. A
    person has changed what Mailchimp has otherwise than we left it; then ours counts only where
    the snapshot with the answer of before is newer than that change.
    """
    newer = 0 < last_changed < wanted.read_at
    untouched = 0 < last_changed == wanted.changed
    absent = wanted.give & ~held
    disputed = absent & (wanted.gave | wanted.lost)
    as_left = absent & ~disputed & (wanted.first | wanted.took)
    unknown = absent & ~disputed & ~as_left
    give = as_left
    give |= disputed if newer else 0
    give |= unknown if newer or untouched else 0
    ours = wanted.take & held & wanted.gave
    take = ours if newer or untouched else 0
    return Decision(give, take, (absent & ~give) | (ours & ~take), wanted.gave & ~held)
