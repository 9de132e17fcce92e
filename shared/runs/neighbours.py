"""Other exports on the same audience: which tags they give as well, and to whom."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from shared.exports import store
from shared.exports.export_index import IndexedExport
from shared.exports.models import StoredExport
from shared.platform.blobs import Blobs
from shared.runs import ledger
from shared.runs.ledger import Flag, Ledger

if TYPE_CHECKING:  # polars is imported where a plan or a finish runs; lanes do without
    import polars as pl


class UnknownNeighbourError(Exception):
    """A stored export is damaged so much that nobody can tell whether it is on the audience."""


def neighbours(blobs: Blobs, audience: str, uid: str) -> list[StoredExport]:
    """Return the other exports that are set up for an audience.

    Of those that can't be read, what they hold and give there is known all the same, or nothing is
    done: raises UnknownNeighbourError.
    """
    there = [export.name for export in indexed_neighbours(blobs, audience, uid)]
    found = []
    for one in store.read_some(blobs, there):
        export = _outline_of(one) if isinstance(one, store.UnreadableExport) else one
        # It may have been saved for another audience in this moment.
        if export.audience_id == audience and export.uid != uid:
            found.append(export)
    return found


def indexed_neighbours(blobs: Blobs, audience: str, uid: str) -> list[IndexedExport]:
    """Return the same as far as the index tells, without a look at their documents."""
    exports, unreadable = store.indexed_exports(blobs)
    exports += [IndexedExport.outline(_outline_of(found)) for found in unreadable]
    return [export for export in exports if export.audience_id == audience and export.uid != uid]


def _outline_of(found: store.UnreadableExport) -> StoredExport:
    if found.outline is None:
        raise UnknownNeighbourError(found.detail)
    return found.outline


def tags_of_others(
    neighbours: Sequence[StoredExport], others: Sequence[Ledger]
) -> tuple[set[int], set[str]]:
    """Return ids and casefolded names of the tags that others give, or may give in a next run."""
    ids = {tag.id for other in others for tag in other.tags if tag is not None}
    names = {tag.casefold() for export in neighbours for tag in export.tags}
    return ids, names


def shared_tags(
    old: Ledger,
    called: Mapping[int, str],
    neighbours: Sequence[StoredExport],
    others: Sequence[Ledger],
) -> int:
    """Return the mask of the tags that another export gives, or may give in its next run.

    called: what a tag is called in Mailchimp, by its id.
    """
    ids, names = tags_of_others(neighbours, others)
    mask = 0
    for bit, tag in enumerate(old.tags):
        if tag is None:
            continue
        named = {tag.name.casefold(), called.get(tag.id, tag.name).casefold()}
        if tag.id in ids or named & names:
            mask |= 1 << bit
    return mask


def keep_no_withdrawal(neighbours: Iterable[StoredExport]) -> set[str]:
    """Return the uids of those whose hold keeps nobody who withdrew from being removed.

    They let go of nobody: their leavers are kept, or they are detached or switched off.
    """
    return {
        export.uid
        for export in neighbours
        if export.leavers == "keep"
        or export.connection is None
        or (export.schedule.kind != "none" and not export.schedule.active)
    }


def given_by_others(
    blobs: Blobs, old: Ledger, others: Sequence[Ledger], loose: Collection[str] = ()
) -> "pl.DataFrame":
    """Return who other exports hold on this audience, with this ledger's bits of their tags.

    accepted: Mailchimp has taken it from one of them, so that the audience has it. firm: one of
    them is none of `loose` (see keep_no_withdrawal).
    """
    import polars as pl

    from shared.frames.masks import MASK, translate

    bits = {tag.id: bit for bit, tag in enumerate(old.tags) if tag is not None}
    frames = []
    for other in others:
        rows = ledger.read_table(blobs, other, ["email", "tags", "left", "flags"])
        # Who has nothing but tags that were left to others has left that export.
        rows = rows.filter((pl.col("left") == 0) | (pl.col("tags") != pl.col("left")))
        rows = rows.with_columns(tags=pl.col("tags") & ~pl.col("left"))
        ours = {
            theirs: bits[tag.id]
            for theirs, tag in enumerate(other.tags)
            if tag is not None and tag.id in bits
        }
        accepted = (pl.col("flags") & int(Flag.ACCEPTED)) != 0
        firm = pl.lit(other.uid not in loose)
        held = rows.filter(_is_held())
        held = held.select("email", tags=translate("tags", ours), accepted=accepted, firm=firm)
        frames.append(held)
    if not frames:
        flags = {"accepted": pl.Boolean, "firm": pl.Boolean}
        return pl.DataFrame(schema={"email": pl.String, "tags": MASK, **flags})
    together = pl.concat(frames).group_by("email")
    return together.agg(pl.col("tags").bitwise_or(), pl.col("accepted", "firm").any())


def people_of_others(blobs: Blobs, others: Sequence[Ledger], ids: "pl.Series") -> "pl.DataFrame":
    """Return email and customer_id of those with these CustomerIds whom other exports hold."""
    import polars as pl

    columns = ["email", "customer_id", "flags"]
    frames = [pl.DataFrame(schema={"email": pl.String, "customer_id": pl.String})]
    for other in others:
        rows = ledger.read_table(blobs, other, columns)
        theirs = pl.col("customer_id").is_in(ids.implode())
        frames.append(rows.filter(theirs, _is_held()).select("email", "customer_id"))
    return pl.concat(frames)


def _is_held() -> "pl.Expr":
    """Return whether an export holds a contact of its ledger."""
    import polars as pl

    held = (pl.col("flags") & int(Flag.ACCEPTED | Flag.UNCERTAIN)) != 0
    # Who refuses is not held by the export that they refused; who is due has left it.
    none = Flag.ARCHIVED | Flag.REFUSED | Flag.UNSUBSCRIBED | Flag.DUE
    return held & ((pl.col("flags") & int(none)) == 0)
