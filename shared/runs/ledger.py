"""What one export has had accepted so far, per contact.

A ledger belongs to an export (by its uid), an account and an audience. It is a Parquet table that
is never changed, named by a small document that is replaced by conditional write:
`ledgers/{account}/{audience}/{uid}/ledger.json`.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from enum import IntFlag
from typing import TYPE_CHECKING, Any

from shared.addresses import CANONICAL_VERSION
from shared.audiences.names import audience_folder
from shared.frames import tables
from shared.segments.state import SnapshotState

if TYPE_CHECKING:  # polars is imported where a plan or a finish runs
    import polars as pl

    from shared.platform.blobs import Blobs

MAX_TAGS = MAX_FIELDS = 64
# Values of `retry_at` besides times.
RETRY_WHEN_CHANGED = 0
RETRY_NEVER = -1
TIMES = ("made_from", "made_to", "moved_from", "moved_to")
# All bits of `Flag`.
FLAGS = 0xFFFF
# Columns that came with 0.2.0.
NEW = (*TIMES, "stamp", "tried_to", "shown")


class Flag(IntFlag):
    """What the ledger knows of a contact besides numbers."""

    # Mailchimp has accepted values of it at least once.
    ACCEPTED = 1
    # This export added it to the audience: only such contacts may be archived or unsubscribed.
    ADDED = 2
    # A call with it was started and its answer is not known.
    UNCERTAIN = 4
    # This export archived it while it was subscribed.
    ARCHIVED = 8
    # This export created it as pending.
    PENDING = 16
    # It is to be archived or unsubscribed as soon as that is possible.
    DUE = 32
    # It left while leavers were archived, or while they were kept: nothing harsher is done to it.
    ARCHIVE_AT_MOST = 64
    KEEP = 128
    # It was planned with consent, under the column and values that `Ledger.consent` stands for.
    CONSENTED = 256
    # The newest snapshot that has its profile refuses: this export holds it no longer.
    REFUSED = 512
    # It left, and was seen unsubscribed: its CustomerId is subscribed under no other address.
    UNSUBSCRIBED = 1024
    # Another export on the audience has had it accepted: said of a run's contacts, never stored.
    ELSEWHERE = 2048


def schema() -> "dict[str, pl.DataType]":
    """Return the ledger's columns.

    email, customer_id; digest of the values last accepted; tags held and merge fields sent (bit
    masks over `Ledger.tags` and `Ledger.fields`); flags; refusal (an outcome code's number), the
    digest that was refused and when to try again (seconds since 1970, or RETRY_…);
    tried: Mailchimp's time of the first attempt while it is uncertain; tried_to: when the run that
    made it had no call under way any more, 0 where that is not known. left: those of its tags that
    this export would have removed, had not another one given them too: they don't count as given by
    this export any more. made_from, made_to: Mailchimp's times (seconds since 1970)
    between which a call of this export created it; moved_from, moved_to: between which the last
    one archived it, or asked it back; 0 where they are not known, as in ledgers of 0.1.0. stamp:
    when it came to be in none of the segments (seconds since 1970, as their snapshots say), 0
    where it is in one. shown: what Mailchimp showed of the values of `fields` as it accepted them
    last (see shown.py), 0 where that is not known.
    """
    import polars as pl

    return {
        "email": pl.String(),
        "customer_id": pl.String(),
        "digest": pl.UInt64(),
        "tags": pl.UInt64(),
        "fields": pl.UInt64(),
        "flags": pl.UInt16(),
        "refusal": pl.UInt8(),
        "refused_digest": pl.UInt64(),
        "retry_at": pl.Int64(),
        "tried": pl.Int64(),
        "left": pl.UInt64(),
        **{name: pl.UInt32() for name in NEW},
    }


@dataclass(frozen=True)
class LedgerTag:
    """A tag that this export gives; its place in the list is its bit in the masks."""

    name: str
    id: int
    segments: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Awaited:
    """Something that leavers may wait for a newer one of.

    warned: a run has said so. waived: a person has said since that they need not.
    """

    warned: bool = False
    waived: bool = False

    def is_waived(self, *, allowed: bool) -> bool:
        """Return whether nobody need wait; `allowed`: a person allows removals now."""
        return self.waived or (allowed and self.warned)


@dataclass(frozen=True)
class FoldedSegment(Awaited):
    """What a segment looked like when it was last folded: its snapshot's stamp, and its rows.

    `state`: the snapshot's files and columns; None where 0.1.0 has written the ledger.
    """

    stamp: str
    rows: int
    state: SnapshotState | None = None

    def document(self) -> dict[str, Any]:
        """Return what is stored."""
        stored: dict[str, Any] = {"stamp": self.stamp, "rows": self.rows}
        if self.state is not None:
            stored["state"] = {**asdict(self.state), "files": sorted(self.state.files)}
        if self.warned or self.waived:
            stored |= {"warned": self.warned, "waived": self.waived}
        return stored


@dataclass(frozen=True)
class WaitedFor(Awaited):
    """Another export that leavers wait for: `taken` as it was then."""

    taken: int


@dataclass(frozen=True)
class Ledger:
    """The document of a ledger, as one version of it was read (`etag` None: there is none yet).

    `canonical`: the version of the form in which its table writes addresses. fields: merge fields
    by their bits, under the tags that the export gives them; field_ids: their merge ids, 0 where
    not known (0.1.0 kept none); field_types: their types as seen last, "" where not known.
    `consent`: a digest of the column and the values that consent was judged by, "" where it was
    not asked for. asked: a digest of the mapping and of the audience's
    merge fields that values were refused under. others: exports that leavers wait for, by uid.
    accepted: whether anybody was ever accepted, as far as its versions have said so.
    """

    account: str
    audience: str
    uid: str
    etag: str | None = None
    run: str = ""
    table: str | None = None
    contacts: int = 0
    tags: tuple[LedgerTag | None, ...] = ()
    fields: tuple[str, ...] = ()
    field_ids: tuple[int, ...] = ()
    field_types: tuple[str, ...] = ()
    segments: dict[str, FoldedSegment] = field(default_factory=dict)
    canonical: int = CANONICAL_VERSION
    consent: str = ""
    asked: str = ""
    others: dict[str, WaitedFor] = field(default_factory=dict)
    accepted: bool = False

    @property
    def known_fields(self) -> dict[str, int]:
        """Return the merge ids that are known, by the export's tags."""
        pairs = zip(self.fields, self.field_ids, strict=False)
        return {tag: id_ for tag, id_ in pairs if id_}

    @property
    def known_types(self) -> dict[str, str]:
        """Return the types of merge fields that are known, by the export's tags."""
        pairs = zip(self.fields, self.field_types, strict=False)
        return {tag: type_ for tag, type_ in pairs if type_}

    @property
    def folder(self) -> str:
        """Return where all of this ledger lies."""
        return f"{audience_folder(self.account, self.audience)}{self.uid}/"

    def document(self) -> dict[str, Any]:
        """Return what is stored."""
        return {
            "account": self.account,
            "audience": self.audience,
            "uid": self.uid,
            "run": self.run,
            "table": self.table,
            "contacts": self.contacts,
            "tags": [
                tag and {"name": tag.name, "id": tag.id, "segments": list(tag.segments)}
                for tag in self.tags
            ],
            "fields": list(self.fields),
            "field_ids": list(self.field_ids),
            "field_types": list(self.field_types),
            "segments": {name: folded.document() for name, folded in self.segments.items()},
            "canonical": self.canonical,
            "consent": self.consent,
            "asked": self.asked,
            "others": {uid: asdict(other) for uid, other in self.others.items()},
            "accepted": self.accepted,
        }


def load(blobs: "Blobs", account: str, audience: str, uid: str) -> Ledger:
    """Return an export's ledger on an audience, an empty one where there is none."""
    empty = Ledger(account, audience, uid)
    found = blobs.read_document(f"{empty.folder}ledger.json")
    return empty if found is None else read_ledger(*found)


def others(blobs: "Blobs", ledger: Ledger, uids: Iterable[str]) -> list[Ledger]:
    """Return what ledgers other exports, by their uids, have on the same audience."""
    found = [load(blobs, ledger.account, ledger.audience, uid) for uid in uids]
    return [other for other in found if other.etag is not None]


def all_ledgers(blobs: "Blobs") -> list[tuple[str, str, str]]:
    """Return account, audience and the export's uid of every ledger there is."""
    return [
        (account, audience, uid)
        for account in blobs.folders("ledgers/")
        for audience in blobs.folders(f"ledgers/{account}/")
        for uid in blobs.folders(audience_folder(account, audience))
    ]


def read_table(blobs: "Blobs", ledger: Ledger, columns: list[str] | None = None) -> "pl.DataFrame":
    """Return the ledger's rows, one per address in its canonical form, in an order that stays."""
    import polars as pl

    if ledger.table is None:
        table = pl.DataFrame(schema=schema())
        return table if columns is None else table.select(columns)
    if ledger.canonical != CANONICAL_VERSION:
        from shared.runs.ledger_spellings import is_canonical, one_row_per_address

        if not is_canonical(tables.read(blobs, ledger.table, ["email"])):
            table = one_row_per_address(_read(blobs, ledger.table))
            return table if columns is None else table.select(columns)
    return _read(blobs, ledger.table, columns)


def _read(blobs: "Blobs", name: str, columns: list[str] | None = None) -> "pl.DataFrame":
    """Return a table, or some of its columns, with those that 0.1.0 did not write."""
    import polars as pl

    table = tables.read(blobs, name, columns)
    wanted = [name for name in NEW if columns is None or name in columns]
    missing = [name for name in wanted if name not in table.columns]
    if "flags" in table.columns:
        table = table.with_columns(pl.col("flags").cast(pl.UInt16))
    if missing:
        table = table.with_columns(pl.lit(0, dtype=pl.UInt32).alias(name) for name in missing)
    return table if columns is None else table.select(columns)


def free_tags(ledger: Ledger, table: "pl.DataFrame") -> Ledger:
    """Give up the bits of tags that no segment gives and no contact has any more."""
    import polars as pl

    held: int = table.select(pl.col("tags").bitwise_or()).item() or 0 if table.height else 0
    tags = tuple(
        tag if tag is None or tag.segments or held >> bit & 1 else None
        for bit, tag in enumerate(ledger.tags)
    )
    return replace(ledger, tags=tags)


def store(blobs: "Blobs", ledger: Ledger, table: "pl.DataFrame") -> Ledger:
    """Write a new version over the one that was read; raises BlobConflictError.

    `ledger` is the new version with the old one's ETag. Old tables are dropped.
    """
    from shared.runs.ledger_spellings import one_row_per_address

    name = f"{ledger.folder}{ledger.run}.parquet"
    # The run may have been planned by an earlier version.
    table = one_row_per_address(table)
    tables.write(blobs, name, table)
    new = replace(
        ledger,
        table=name,
        contacts=table.height,
        canonical=CANONICAL_VERSION,
        accepted=ledger.accepted or bool(((table["flags"] & int(Flag.ACCEPTED)) != 0).any()),
    )
    pointer = f"{ledger.folder}ledger.json"
    etag = blobs.replace_document(pointer, new.document(), ledger.etag)
    for old in list(blobs.list(ledger.folder)):
        if old.name not in (name, pointer):
            blobs.delete(old.name)
    return replace(new, etag=etag)


def read_ledger(document: dict[str, Any], etag: str | None) -> Ledger:
    """Read a ledger's document."""
    return Ledger(
        account=document["account"],
        audience=document["audience"],
        uid=document["uid"],
        etag=etag,
        run=document["run"],
        table=document["table"],
        contacts=document["contacts"],
        tags=tuple(
            tag and LedgerTag(tag["name"], tag["id"], tuple(tag["segments"]))
            for tag in document["tags"]
        ),
        fields=tuple(document["fields"]),
        field_ids=tuple(document.get("field_ids", ())),
        field_types=tuple(document.get("field_types", ())),
        segments={name: _read_folded(f) for name, f in document["segments"].items()},
        canonical=document.get("canonical", 1),
        consent=document.get("consent", ""),
        asked=document.get("asked", ""),
        others={uid: WaitedFor(**other) for uid, other in document.get("others", {}).items()},
        accepted=document.get("accepted", False),
    )


def _read_folded(stored: dict[str, Any]) -> FoldedSegment:
    state = stored.get("state")
    return FoldedSegment(
        stored["stamp"],
        stored["rows"],
        state and SnapshotState(state["digest"], frozenset(state["files"]), state["columns"]),
        warned=stored.get("warned", False),
        waived=stored.get("waived", False),
    )
