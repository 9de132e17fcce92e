"""The tags that this product made in an audience: `ledgers/{account}/{audience}/tags.json`.

A tag is its id; the name is the one by which this product called it last.
"""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta

from shared.audiences.names import audience_folder
from shared.mailchimp.answers import Tag
from shared.platform.blobs import Blobs, Document
from shared.platform.clock import from_text, to_text, utc_now

# A tag whose creation was begun and never answered is known by its name and by when it came: not
# before, as far as clocks agree, and not long after.
_BEFORE, _AFTER = timedelta(seconds=5), timedelta(minutes=10)


@dataclass(frozen=True)
class OwnedTag:
    """A tag that an export made; `id` is None where its creation was begun and not answered.

    created_at: our clock's time at which that was begun.
    """

    name: str
    id: int | None
    export: str
    created_at: str


def owned_tags(blobs: Blobs, account: str, audience: str) -> list[OwnedTag]:
    """Return the tags that this product made."""
    found = blobs.read_document(_name(account, audience))
    return [OwnedTag(**tag) for tag in found[0]["tags"]] if found else []


def own_tag(
    blobs: Blobs, account: str, audience: str, *, name: str, id_: int | None, export: str
) -> None:
    """Remember a tag that an export makes or renames; its id follows once Mailchimp has said it."""
    blob = _name(account, audience)

    def owned(document: Document) -> Document:
        known = [OwnedTag(**tag) for tag in document["tags"]]
        same = [one for one in known if _is_same(one, name, id_)]
        begun_at = same[0].created_at if same else to_text(utc_now())
        kept = [one for one in known if one not in same]
        new = OwnedTag(name, id_, export, begun_at)
        return {**document, "tags": [asdict(one) for one in [*kept, new]]}

    blobs.create_document(blob, {"tags": []})
    blobs.update_document(blob, owned)


def ids_of(owned: Iterable[OwnedTag], existing: Collection[Tag], clock_offset: float) -> set[int]:
    """Return which of an audience's tags are ours.

    clock_offset: Mailchimp's clock less ours, in seconds.
    """
    offset = timedelta(seconds=clock_offset)
    found = set()
    for one in owned:
        if one.id is not None:
            found.add(one.id)
            continue
        begun = from_text(one.created_at) + offset
        found |= {
            tag.id
            for tag in existing
            if tag.name == one.name
            and tag.created_at is not None
            and begun - _BEFORE <= tag.created_at <= begun + _AFTER
        }
    return found


def by_id(document: Document, version: int) -> Document:
    """Return the document as it is written now; 0.1.0 kept tags by name, each former one too."""
    del version
    tags = document["tags"]
    if not isinstance(tags, dict):
        return document
    listed = [OwnedTag(name=name, **tag) for name, tag in tags.items()]
    # Of several names of one tag the last one counts.
    last = {one.id: one for one in sorted(listed, key=lambda one: one.created_at)}
    kept = [one for one in listed if one.id is None or last[one.id] is one]
    return {**document, "tags": [asdict(one) for one in kept]}


def _is_same(one: OwnedTag, name: str, id_: int | None) -> bool:
    begun = one.id is None and one.name == name
    return begun if id_ is None else begun or one.id == id_


def _name(account: str, audience: str) -> str:
    return f"{audience_folder(account, audience)}tags.json"
