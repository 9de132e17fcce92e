"""The plan of a run as its lanes and its finish see it: one document, written once."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from pydantic import TypeAdapter

from shared.drift.items import Look
from shared.notice import Notice
from shared.platform.blobs import Blobs, Document
from shared.runs import names
from shared.runs.bill import Billing
from shared.runs.counts import NOTHING_WITHHELD, Withheld
from shared.runs.job import Job
from shared.runs.ledger import Ledger, read_ledger
from shared.runs.payload import ChunkIndex


@dataclass(frozen=True)
class PlannedTag:
    """A tag that the run's calls may name, and its bit in all masks."""

    bit: int
    name: str
    id: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run does; everything that it names lies below its attempt's `folder`.

    clock_offset: Mailchimp's clock less ours, in seconds. planned_at: seconds since 1970.
    suppressions: the generation of the table of protected contacts that was planned with. ledger:
    the next version, without its table; ledger_etag and ledger_run: of the version that was
    planned with. shared_tags: mask of the tags that other exports give as well; other_ledgers:
    their ledgers' ETags by uid. removals_withheld, withdrawals_withheld: why, or empty; withheld:
    how many. growth_limit: how many contacts it may create, None where that is not limited.
    billing: what is known of Mailchimp's bill, None where its counters can't be had.
    chunks: where each lies in the blob `payload`. called: the tags in Mailchimp of merge fields
    that people have renamed. updates: the way that contacts were sorted for
    (shared/accounts/updates.py); lanes go by the one that is known when they send. kept_by: see
    last_run. interests: ids of interests and permissions by their bits. answers_at: when the
    oldest snapshot was taken (seconds since 1970), 0 where contacts' answers are not asked for.
    look: what its reading showed of changes by hand, None where nothing is to be said of any.
    """

    run: str
    attempt: str
    account: str
    audience: str
    connection: str
    status_for_new: Literal["subscribed", "pending"]
    clock_offset: int
    planned_at: int
    suppressions: int
    tags: tuple[PlannedTag, ...]
    fields: tuple[str, ...]
    segments: tuple[str, ...]
    snapshots: dict[str, str]
    ledger: Ledger
    ledger_etag: str | None
    ledger_run: str
    shared_tags: int
    other_ledgers: dict[str, str | None]
    profiles: int
    contacts: int
    removals_withheld: str
    warnings: tuple[Notice, ...]
    folder: str
    payload: str
    chunks: tuple[ChunkIndex, ...] = ()
    called: dict[str, str] = field(default_factory=dict)
    withdrawals_withheld: str = ""
    withheld: Withheld = NOTHING_WITHHELD
    growth_limit: int | None = None
    billing: Billing | None = None
    updates: Literal["status_if_new", "no_status", "one_by_one"] = "one_by_one"
    kept_by: dict[str, dict[str, str]] = field(default_factory=dict)
    interests: tuple[str, ...] = ()
    answers_at: int = 0
    look: Look | None = None

    @cached_property
    def job(self) -> Job:
        """What the run's calls have in common."""
        return Job(
            run=self.run,
            audience=self.audience,
            tags={tag.bit: (tag.name, tag.id) for tag in self.tags},
            fields=self.fields,
            called=self.called,
            status_for_new=self.status_for_new,
            clock_offset=self.clock_offset,
            interests=self.interests,
        )

    @property
    def gives_permissions(self) -> bool:
        """Whether contacts that it creates get marketing permissions afterwards."""
        return any(chunk.kind == "permit" for chunk in self.chunks)

    @property
    def calls(self) -> int:
        """How many calls its chunks are planned to take."""
        return sum(chunk.calls for chunk in self.chunks)

    @property
    def items(self) -> int:
        """How many items its chunks have."""
        return sum(chunk.items for chunk in self.chunks)


_ADAPTER = TypeAdapter(Plan)


def load_plan(blobs: Blobs, run: str) -> Plan | None:
    """Return a run's plan, None where it has none yet."""
    found = blobs.read_document(names.plan_name(run))
    return read_plan(found[0]) if found else None


def create_plan(blobs: Blobs, plan: Plan) -> bool:
    """Make this the run's plan; return whether it had none yet."""
    return blobs.create_document(names.plan_name(plan.run), document_of(plan)) is not None


def document_of(plan: Plan) -> Document:
    """Return what is stored."""
    document: Document = _ADAPTER.dump_python(plan, mode="json")
    return {**document, "ledger": plan.ledger.document()}


def read_plan(document: Document) -> Plan:
    """Read what is stored."""
    ledger = read_ledger(document["ledger"], None)
    return _ADAPTER.validate_python({**document, "ledger": ledger})
