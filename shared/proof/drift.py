"""What a verification shows of changes that people made by hand. No input, no output.

What may be otherwise than it looks isn't named: a contact under another address has our tags, too,
and a tag that nobody has may have been deleted.
"""

from collections.abc import Iterable, Iterator, Mapping

import polars as pl

from shared.drift.items import Code, Look, Seen
from shared.proof.compare import Compared
from shared.runs.ledger import Ledger

_OF_STATUS: Mapping[str, Code] = {
    "archived": "contacts_archived",
    "unsubscribed": "contacts_unsubscribed",
}


def look_of(
    found: Compared, own: Ledger, others: Iterable[Ledger], *, retyped: bool = False
) -> Look:
    """Return what was seen; others: the other exports' ledgers on the audience.

    retyped: a merge field is of another type by now, and Mailchimp may show its values otherwise.
    """
    others = list(others)
    return Look(
        seen=(
            *_of_tags(found, own, others),
            *(() if retyped else _of_values(found, own.uid)),
            *_of_presence(found, own.uid),
        )
    )


def _of_tags(found: Compared, own: Ledger, others: list[Ledger]) -> Iterator[Seen]:
    taken, given = _counts(found, "tag_missing"), _counts(found, "tag_extra")
    moved = _is_moving(found)
    strangers = {} if moved else _counts(found, "tag_extra", "foreign")
    for tag in own.tags:
        if tag is None:
            continue
        subject, params = str(tag.id), {"tag": tag.name}
        holders = _holders(tag.id, others)
        count, again = taken.get(tag.name, (0, False))
        if count and tag.name in found.worn:
            yield Seen(
                code="tags_taken",
                subject=subject,
                params=params,
                count=count,
                holders=holders,
                may_put_back=again,
            )
        count = given.get(tag.name, (0, False))[0] + strangers.get(tag.name, (0, False))[0]
        if count:
            yield Seen(
                code="tags_given",
                subject=subject,
                params=params,
                count=count,
                exact=not moved,
                holders=holders,
            )


def _of_values(found: Compared, uid: str) -> Iterator[Seen]:
    """Not those of a merge field that is gone, which is told as that."""
    count, again = _counts(found, "value").get(None, (0, False))
    if count:
        yield Seen(code="values_edited", subject=uid, count=count, may_put_back=again)


def _of_presence(found: Compared, uid: str) -> Iterator[Seen]:
    for status, code in _OF_STATUS.items():
        if count := found.away.get(status, 0):
            yield Seen(code=code, subject=uid, count=count, exact=status != "archived")
    missing = _people(found, "missing", "by_hand")
    # Each of the strangers may be one of them, under another address.
    strangers = _people(found, "tag_extra", "foreign")
    if missing > strangers:
        count = missing - strangers
        yield Seen(code="contacts_deleted", subject=uid, count=count, exact=not strangers)


def _counts(
    found: Compared, what: str, code: str = "by_hand"
) -> dict[str | None, tuple[int, bool]]:
    """Return by tag or field how many rows there are, and whether a run can repair any."""
    rows = found.rows.filter(pl.col("what") == what, pl.col("code") == code)
    counts = rows.group_by("field").agg(pl.len(), pl.col("repairable").any())
    return {name: (count, again) for name, count, again in counts.iter_rows()}


def _people(found: Compared, what: str, code: str) -> int:
    rows = found.rows.filter(pl.col("what") == what, pl.col("code") == code)
    return rows["email"].n_unique()


def _is_moving(found: Compared) -> bool:
    """Return whether somebody may be there under another address."""
    return bool(found.away.get("archived", 0) or _people(found, "missing", "by_hand"))


def _holders(tag: int, others: list[Ledger]) -> tuple[str, ...]:
    return tuple(
        other.uid
        for other in others
        if any(one is not None and one.id == tag and one.segments for one in other.tags)
    )
