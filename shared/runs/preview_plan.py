"""What a preview tells: what the run would do, without doing it."""

from dataclasses import dataclass

from shared.runs.bill import Bill
from shared.runs.counts import NOTHING_WITHHELD, Withheld


@dataclass(frozen=True)
class PlanCounts:
    """How many contacts a run would do what with; `profiles` and `contacts` count the input.

    withdrawn: those whose consent was withdrawn, whatever is done with them.
    """

    profiles: int
    contacts: int
    to_upsert: int
    to_tag: int
    to_untag: int
    to_archive: int
    to_unsubscribe: int
    unchanged: int
    skipped: int
    withdrawn: int = 0


@dataclass(frozen=True)
class Sample:
    """A contact that somebody who knows them recognises; `email` is masked: j***@c***.com."""

    email: str
    customer_id: str


@dataclass(frozen=True)
class PreviewPlan:
    """What a run would do, in how many calls and, at a guess, minutes.

    `new_to_export` are contacts that this export has never sent, `audience_contacts` those that the
    audience has now; `removals_withheld` says why none would be removed. `samples`: a few contacts
    of each kind that `counts` has.
    """

    counts: PlanCounts
    calls: int
    minutes: float
    new_to_export: int
    audience_contacts: int
    removals_withheld: str | None
    samples: dict[str, list[Sample]]
    withheld: Withheld = NOTHING_WITHHELD
    bill: Bill | None = None


def mask(email: str) -> str:
    """Hide most of an address: `j***@c***.com`; a blank one stays blank."""
    if not email:
        return ""
    local, _, domain = email.partition("@")
    name, dot, ending = domain.rpartition(".")
    return f"{local[:1]}***@{name[:1]}***{dot}{ending}"
