"""A run's record: what is known of the run, read and changed by every stage.

It is written by start, plan, finish and tick, and touched by who stops the run.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, Literal
from weakref import WeakKeyDictionary

from pydantic import TypeAdapter

from shared.exports.models import StoredExport
from shared.notice import Notice
from shared.platform.blobs import BlobConflictError, BlobMissingError, Blobs, Document
from shared.platform.clock import to_text, utc_now
from shared.runs import names
from shared.runs.bill import Bill
from shared.runs.counts import NOTHING_WITHHELD, Counts, Progress, Withheld
from shared.runs.preview_plan import PreviewPlan


class RunStatus(StrEnum):
    """What a run is doing, or how it ended."""

    QUEUED = "queued"
    PLANNING = "planning"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether the run is over."""
        match self:
            case RunStatus.QUEUED | RunStatus.PLANNING | RunStatus.RUNNING:
                return False
            case (
                RunStatus.SUCCEEDED
                | RunStatus.PARTIAL
                | RunStatus.FAILED
                | RunStatus.SKIPPED
                | RunStatus.CANCELLED
            ):
                return True


Kind = Literal["on_demand", "scheduled"]
Trigger = Literal["person", "all", "refresh", "cron", "after", "upkeep"]
# Whom alone a run is for.
Only = Literal["failed"]


@dataclass(frozen=True)
class Before:
    """The run before that succeeded, at least in part, to compare with."""

    run: str
    counts: Counts


@dataclass(frozen=True, kw_only=True)
class Run:
    """One execution of an export, whose configuration is frozen into it.

    snapshots: by segment. outcomes: rows by code. Times are text (see shared.platform.clock).
    """

    id: str
    export: str
    status: RunStatus
    submitted_at: str
    started_at: str | None
    ended_at: str | None
    snapshots: dict[str, str]
    counts: Counts
    outcomes: dict[str, int]
    progress: Progress
    warnings: tuple[Notice, ...]
    error: Notice | None
    configuration: StoredExport
    kind: Kind
    requested_by: str
    preview: bool
    full: bool
    allow_removals: bool

    # What follows is stored only where it says something.
    # Leavers that are to be archived or unsubscribed in a later run.
    due: int = 0
    # New contacts are sent, however many they are.
    allow_additions: bool = False
    # What the stops have kept back.
    withheld: Withheld = NOTHING_WITHHELD
    # What it does to Mailchimp's bill, once it has ended.
    bill: Bill | None = None
    # What other exports, by name, had exported that kept these waiting.
    kept_by: dict[str, dict[str, str]] = field(default_factory=dict)
    plan: PreviewPlan | None = None
    # What made it start, where its kind doesn't say enough.
    triggered_by: Trigger | None = None
    # What it waits for while it is planned, and since when.
    waiting_for: str | None = None
    waiting_since: str | None = None
    # When its input was there, when that was read, and when its results began to be added up.
    input_at: str | None = None
    read_at: str | None = None
    finishing_at: str | None = None
    before: Before | None = None
    # The Mailchimp account, once the plan knows it.
    account: str | None = None
    # How often the plan was put off for a reason that grows, and until when.
    waits: int = 0
    waits_until: str | None = None
    # Since when the input has not been whole.
    waits_since: str | None = None
    # What the plan waits for without an answer, as the code of its end for that, and since when.
    silent: str = ""
    silent_since: str | None = None
    # Since when a firewall has let no call through while the run is sent.
    blocked_since: str | None = None
    # What tells each snapshot's state from others of the same name, by segment.
    states: dict[str, str] | None = None
    # When sending began; items and calls of each chunk.
    sending_at: str | None = None
    chunk_sizes: tuple[tuple[int, int], ...] = ()
    # What the plan failed by when it was last tried, where that was a fault of this app.
    fault: str = ""
    # How often a message was put back whose handler had failed.
    revivals: int = 0
    # There is an order to stop it.
    stopped: bool = False
    # The verification whose repairable rows it sets right.
    repairs: str = ""
    # It asks contacts again that were not delivered before, and nobody else.
    only: Only | None = None
    # It has ended as failed, but its results are still to be added up.
    unfolded: bool = False
    # Leavers were left to the next run, as another export was at work on the audience.
    leavers_due: bool = False
    # The run of another export whose end has begun it.
    follows: str | None = None
    # When the first marketing permission was about to be given.
    permissions_at: str | None = None

    @property
    def audience(self) -> str:
        """The audience that the run works on."""
        return self.configuration.audience_id

    @property
    def uid(self) -> str:
        """What the export's ledger belongs to."""
        return self.configuration.uid

    def document(self) -> Document:
        """Return what is stored."""
        document: Document = _ADAPTER.dump_python(self, mode="json")
        unsaid = {name for name, value in _UNSAID.items() if getattr(self, name) == value}
        return {name: value for name, value in document.items() if name not in unsaid}


_ADAPTER = TypeAdapter(Run)
# Records as this process read or wrote them last: what it changes next is mostly one of them.
_seen: WeakKeyDictionary[Blobs, dict[str, tuple[Document, str]]] = WeakKeyDictionary()
_MOST_SEEN = 32
_UNSAID = {f.name: f.default for f in fields(Run) if f.default is not MISSING}


class RunFailedError(Exception):
    """A run ends here: `code` is its error code, the text is for people, as `params` are."""

    def __init__(
        self,
        code: str,
        detail: str,
        status: RunStatus = RunStatus.FAILED,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code)
        self.notice = Notice(code, detail, dict(params or {}))
        self.status = status


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """How a run is asked for; snapshots, states, follows: what it is started because of."""

    requested_by: str
    kind: Kind = "on_demand"
    triggered_by: Trigger | None = None
    preview: bool = False
    full: bool = False
    repairs: str = ""
    only: Only | None = None
    allow_removals: bool = False
    allow_additions: bool = False
    snapshots: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] | None = None
    follows: str | None = None


def new_run(run: str, export: StoredExport, request: RunRequest) -> Run:
    """Return a run of an export as it begins."""
    return Run(
        id=run,
        export=export.name,
        status=RunStatus.QUEUED,
        submitted_at=to_text(utc_now()),
        started_at=None,
        ended_at=None,
        snapshots=request.snapshots,
        counts=Counts(),
        outcomes={},
        progress=Progress(),
        warnings=(),
        error=None,
        configuration=export,
        kind=request.kind,
        triggered_by=request.triggered_by,
        requested_by=request.requested_by,
        preview=request.preview,
        full=request.full,
        repairs=request.repairs,
        only=request.only,
        allow_removals=request.allow_removals,
        allow_additions=request.allow_additions,
        states=request.states,
        follows=request.follows,
    )


def run_of(document: Document) -> Run:
    """Read what is stored of a run."""
    return _ADAPTER.validate_python(document)


def read_run(blobs: Blobs, run: str) -> Run | None:
    """Return a run as it is stored, None where there is none."""
    if names.export_of(run) is None:
        return None
    name = names.record_name(run)
    found = blobs.read_document(name)
    if found is None:
        return None
    _note_seen(blobs, name, *found)
    return run_of(found[0])


def create_run(blobs: Blobs, run: Run) -> bool:
    """Store a run's first record; return whether there was none yet."""
    return blobs.create_document(names.record_name(run.id), run.document()) is not None


def update_run(blobs: Blobs, run: str, change: Callable[[Run], Run | None]) -> Run | None:
    """Change a run until nobody came between; `change` returns None to leave it as it is.

    Returns what is stored at the end, None where there is no such run.
    """

    def changed(document: Document) -> Document | None:
        after = change(run_of(document))
        return None if after is None else after.document()

    name = names.record_name(run)
    found = _over_seen(blobs, name, changed) or blobs.update_document(name, changed)
    return None if found is None else run_of(found)


def _note_seen(blobs: Blobs, name: str, document: Document, etag: str) -> None:
    known = _seen.setdefault(blobs, {})
    known.pop(name, None)
    known[name] = (document, etag)
    for oldest in list(known)[:-_MOST_SEEN]:
        known.pop(oldest, None)


def _over_seen(
    blobs: Blobs, name: str, change: Callable[[Document], Document | None]
) -> Document | None:
    """Write a change over the version that was seen last, as long as it is the newest.

    None where it is not, or where there is nothing to write: only the newest version tells that.
    """
    seen = _seen.setdefault(blobs, {}).pop(name, None)
    if seen is None:
        return None
    before, etag = seen
    after = change(before)
    if after is None or after == before:
        return None
    try:
        _note_seen(blobs, name, after, blobs.write_document(name, after, etag))
    except (BlobConflictError, BlobMissingError):
        return None
    return after


def change_run(blobs: Blobs, run: str, change: Callable[[Run], Run]) -> Run | None:
    """Change a run that has not ended; return what is stored."""
    return update_run(blobs, run, lambda found: None if found.status.ended else change(found))


def note_permissions(blobs: Blobs, run: str) -> None:
    """Note that a run has come to the stage of marketing permissions, once."""

    def begun(found: Run) -> Run | None:
        if found.status.ended or found.permissions_at:
            return None
        return replace(found, permissions_at=to_text(utc_now()))

    update_run(blobs, run, begun)
