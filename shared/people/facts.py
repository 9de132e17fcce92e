"""What is known of one person in one export; verdicts are made of nothing else."""

from dataclasses import dataclass, field
from typing import Literal

# What an audience says of an address: a status of Mailchimp's, `missing` where it holds nobody
# under it, `unknown` where it was not asked.
type AudienceStatus = str


@dataclass(frozen=True)
class Profile:
    """A profile of the person in one segment, as its snapshot has it.

    consent: None where the export does not ask. code: why it is not sent, None where it counts.
    """

    customer_id: str
    email: str
    segment: str
    code: str | None
    consent: Literal["given", "refused", "blank"] | None

    @property
    def counts(self) -> bool:
        """Whether it is the one of its address whose values are sent."""
        return self.code is None


@dataclass(frozen=True)
class Segment:
    """Whether a segment had the person; None where its snapshot could not be looked into."""

    name: str
    snapshot: str | None
    member: bool | None


@dataclass(frozen=True)
class Told:
    """What one run says of the person; `leaver`: it found them in none of the segments."""

    run: str
    ended_at: str
    code: str
    detail: str
    reason: str | None = None
    email: str = ""
    customer_id: str = ""
    segments: tuple[str, ...] = ()

    @property
    def leaver(self) -> bool:
        """Whether the run found the person in none of its segments."""
        return not self.segments


@dataclass(frozen=True)
class Held:
    """What the ledger knows of the person's contact; times are seconds since 1970."""

    email: str
    customer_id: str
    tags: tuple[str, ...]
    tag_ids: frozenset[int]
    made_at: int
    created_by_us: bool
    accepted: bool
    due: bool
    archived: bool
    consented: bool
    refusal: str | None
    retry_at: int


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of one person in one export.

    looked: a run or a preview has found snapshots. snapshot_newer: one has come since; changed: the
    export was changed since. ahead: what was looked at has not been sent (a preview, a run that
    sent nothing). address: the one that is judged; asked_id: the CustomerId that was asked for.
    elsewhere: the profile of the contact's CustomerId has another address. told: newest first.
    status, tag_ids: of the audience now; ids None where not all are known. columns: of the address
    and of consent, by `email` and `consent`.
    """

    looked: bool
    erased: bool = False
    snapshot_newer: bool = False
    changed: bool = False
    ahead: bool = False
    address: str = ""
    asked_id: str | None = None
    elsewhere: bool = False
    profiles: tuple[Profile, ...] = ()
    segments: tuple[Segment, ...] = ()
    held: Held | None = None
    told: tuple[Told, ...] = ()
    status: AudienceStatus = "unknown"
    tag_ids: frozenset[int] | None = None
    columns: dict[str, str] = field(default_factory=dict)

    @property
    def member(self) -> bool:
        """Whether a segment has the person."""
        return any(segment.member for segment in self.segments)

    @property
    def known(self) -> bool:
        """Whether the export holds the person, or has them in a segment."""
        return self.member or (self.held is not None and self.held.accepted)

    @property
    def last(self) -> Told | None:
        """What the newest run says that says anything."""
        return self.told[0] if self.told else None

    @property
    def judged(self) -> str | None:
        """Why the person's profile is not sent; None where it is, or where there is none."""
        codes = [profile.code for profile in self.profiles if self._asked_for(profile)]
        return None if not codes or None in codes else codes[0]

    @property
    def refused(self) -> bool:
        """Whether a profile says no to being sent."""
        return any(profile.consent == "refused" for profile in self.profiles)

    def _asked_for(self, profile: Profile) -> bool:
        return self.asked_id in (None, profile.customer_id)
