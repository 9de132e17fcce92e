"""What a plan's reading of tags and merge fields shows of changes that people made by hand."""

from collections.abc import Mapping, Sequence

from shared.drift.items import Seen
from shared.mailchimp.answers import MergeField
from shared.runs.ledger import Ledger


def of_deleted_tags(old: Ledger, there: set[int], named: set[str]) -> list[Seen]:
    """Return the tags of segments that the audience has no more; named: segments of the export."""
    return [
        Seen(code="tag_deleted", subject=str(tag.id), params={"tag": tag.name})
        for tag in old.tags
        if tag is not None and tag.id not in there and not named.isdisjoint(tag.segments)
    ]


def of_fields(
    old: Ledger, there: Sequence[MergeField], called: Mapping[str, str], used: set[str]
) -> list[Seen]:
    """Return what became of the merge fields that the export fills; called: see Fields."""
    by_id = {field.merge_id: field for field in there}
    types = old.known_types
    found = []
    for tag, id_ in old.known_fields.items():
        now, subject = by_id.get(id_), str(id_)
        if tag not in used:
            continue
        if now is None:
            found.append(Seen(code="merge_field_deleted", subject=subject, params={"field": tag}))
            continue
        if tag in called:
            names = {"given": tag, "found": called[tag]}
            found.append(Seen(code="merge_field_renamed", subject=subject, params=names))
        if tag in types and types[tag] != now.type:
            kinds = {"field": tag, "given": types[tag], "found": now.type}
            found.append(Seen(code="merge_field_type_changed", subject=subject, params=kinds))
    return found
