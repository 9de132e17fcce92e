"""What an export's audience should have: read from ledgers, protected contacts and owned tags."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from shared.app import App
from shared.audiences.owned_tags import owned_tags
from shared.drift.items import Drift
from shared.exports.models import StoredExport
from shared.frames import lookup
from shared.frames.masks import MASK, translate
from shared.mailchimp.answers import MergeField
from shared.mailchimp.suppressions import SuppressionsMissingError, load_suppressions
from shared.proof.compare import Given
from shared.runs import ledger
from shared.runs.ledger import Flag, Ledger
from shared.runs.neighbours import neighbours

_COLUMNS = [
    "email",
    "customer_id",
    "tags",
    "fields",
    "flags",
    "refusal",
    "retry_at",
    "left",
    "stamp",
    "shown",
]


@dataclass(frozen=True)
class Promised:
    """The ledgers on an audience, as they are now: an export's own, and those of the others."""

    export: StoredExport
    own: Ledger
    others: tuple[Ledger, ...]

    @property
    def versions(self) -> dict[str, str | None]:
        """What tells whether a run, or an erasure, has changed one of them."""
        return {one.uid: one.etag for one in (self.own, *self.others)}

    @property
    def bits(self) -> dict[int, int]:
        """The bit of each tag by its id."""
        return {tag.id: bit for bit, tag in enumerate(self.own.tags) if tag is not None}


def load_promised(app: App, export: StoredExport, account: str) -> Promised:
    """Read the documents of the ledgers; raises UnknownNeighbourError."""
    own = ledger.load(app.blobs, account, export.audience_id, export.uid)
    there = neighbours(app.blobs, export.audience_id, export.uid)
    uids = [other.uid for other in there]
    return Promised(export, own, tuple(ledger.others(app.blobs, own, uids)))


def owned_mask(app: App, promised: Promised) -> int:
    """Return the mask of the tags that this product made; those of others may be anybody's."""
    own = promised.own
    made = {tag.id for tag in owned_tags(app.blobs, own.account, own.audience)}
    return sum(1 << bit for id_, bit in promised.bits.items() if id_ in made)


def given_of(promised: Promised, owned: int, there: Sequence[MergeField], drift: Drift) -> Given:
    """Return the export's tags and merge fields; there: those of the audience."""
    own = promised.own
    current = called(own, there)
    tags = {bit: tag for bit, tag in enumerate(own.tags) if tag is not None}
    return Given(
        tags={bit: tag.name for bit, tag in tags.items()},
        current=sum(1 << bit for bit, tag in tags.items() if tag.segments),
        owned=owned,
        fields=dict(enumerate(own.fields)),
        gone=sum(1 << bit for bit, name in enumerate(own.fields) if name not in current),
        creates=promised.export.create_merge_fields,
        left=sum(
            1 << bit for id_, bit in promised.bits.items() if drift.is_left("tags_taken", str(id_))
        ),
        retyped=_is_retyped(own, there),
        left_values=drift.is_left("values_edited", own.uid),
    )


def _is_retyped(own: Ledger, there: Sequence[MergeField]) -> bool:
    types, by_tag = {field.merge_id: field.type for field in there}, own.known_types
    return any(
        types.get(id_, by_tag[tag]) != by_tag[tag]
        for tag, id_ in own.known_fields.items()
        if tag in by_tag
    )


def called(own: Ledger, there: Sequence[MergeField]) -> Mapping[str, str]:
    """Return what Mailchimp calls each merge field of the export that the audience has."""
    by_id = {field.merge_id: field.tag for field in there}
    tags = {field.tag.upper(): field.tag for field in there}
    known = own.known_fields
    found = {
        name: by_id.get(known[name]) if name in known else tags.get(name.upper())
        for name in own.fields
    }
    return {name: tag for name, tag in found.items() if tag is not None}


def held_rows(app: App, promised: Promised) -> pl.DataFrame:
    """Return the ledger's rows in its order, with what `compare` wants beside them."""
    own = promised.own
    rows = ledger.read_table(app.blobs, own, _COLUMNS)
    try:
        protected, _ = load_suppressions(app, own.account, own.audience)
    except SuppressionsMissingError:
        protected = pl.DataFrame(schema={"email": pl.String, "status": pl.String})
    rows = lookup.left_join(rows, protected.rename({"status": "known"}), "email")
    sharing = _sharing(app, promised)
    shared = lookup.find(rows["email"], sharing).is_not_null()
    return rows.with_columns(shared=shared)


def given_by_others(app: App, promised: Promised) -> pl.DataFrame:
    """Return who has, or had, one of the export's tags from another export: email and mask."""
    frames = [pl.DataFrame(schema={"email": pl.String, "tags": MASK})]
    for other in promised.others:
        theirs = {
            bit: promised.bits[tag.id]
            for bit, tag in enumerate(other.tags)
            if tag is not None and tag.id in promised.bits
        }
        if theirs:
            rows = ledger.read_table(app.blobs, other, ["email", "tags", "left"])
            rows = rows.with_columns(tags=pl.col("tags") | pl.col("left"))
            frames.append(rows.select("email", tags=translate("tags", theirs)))
    return pl.concat(frames).group_by("email").agg(pl.col("tags").bitwise_or())


def _sharing(app: App, promised: Promised) -> pl.Series:
    """Return to whom another export sends values in a field that is also this one's."""
    own = promised.own
    emails = [pl.Series("email", [], dtype=pl.String)]
    for other in promised.others:
        if {name.upper() for name in own.fields} & {name.upper() for name in other.fields} or (
            set(own.known_fields.values()) & set(other.known_fields.values())
        ):
            rows = ledger.read_table(app.blobs, other, ["email", "flags"])
            sent = (pl.col("flags") & int(Flag.ACCEPTED | Flag.UNCERTAIN)) != 0
            emails.append(rows.filter(sent)["email"])
    return pl.concat(emails).unique()
