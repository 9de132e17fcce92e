"""What a look at an audience does to what is kept of its drift. No input, no output."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shared.drift.items import Choice, Code, Drift, Item, Left, Look, Seen

# What the calls of a run show anyway, and what a verification does.
OF_RUNS: frozenset[Code] = frozenset(
    {
        "tag_renamed",
        "tag_deleted",
        "merge_field_renamed",
        "merge_field_deleted",
        "merge_field_type_changed",
        "contacts_archived",
        "contacts_unsubscribed",
    }
)
OF_VERIFICATIONS: frozenset[Code] = frozenset(
    {
        "tags_taken",
        "tags_given",
        "values_edited",
        "contacts_archived",
        "contacts_unsubscribed",
        "contacts_deleted",
    }
)
# Seen once, by the run that makes them anew.
_MADE_ANEW: frozenset[Code] = frozenset({"tag_deleted", "merge_field_deleted"})
# Seen once: what it was before isn't known any more afterwards.
_SEEN_ONCE: frozenset[Code] = _MADE_ANEW | {"merge_field_type_changed"}
# So many that are done are kept to be looked at.
_KEPT = 50


@dataclass(frozen=True)
class Looked:
    """What is kept after a look; found: how many items it has added, or found to be more."""

    drift: Drift
    found: int


def looked(drift: Drift, uid: str, look: Look, kinds: frozenset[Code], now: str) -> Looked:
    """Take in what an export has seen; kinds: what a look of its sort would have shown."""
    left, seen = _beyond_left(drift.left, look.seen)
    items, found = [], 0
    news = dict(seen)
    for item in drift.items:
        one = news.pop(item.key, None) if item.is_open else None
        if one is None:
            items.append(_not_seen(item, uid, look, kinds, now))
        elif item.params != one.params and item.choice is not None:
            # Changed again since somebody chose: that is another change.
            items.append(replace(item, done_at=now))
            news[item.key] = one
        else:
            found += one.count > item.count and item.choice is None
            items.append(_seen_again(item, uid, one))
    numbered = drift.numbered
    for one in news.values():
        numbered += 1
        found += 1
        items.append(_new(f"{one.code}-{numbered}", uid, one, now))
    kept = _kept([item for item in items if item is not None])
    return Looked(Drift(items=kept, left=left, numbered=numbered), found)


def made_anew(drift: Drift, uid: str, now: str) -> Drift:
    """Say of what was deleted that a run of the export has made it anew."""
    return replace(
        drift,
        items=tuple(
            replace(item, done_at=now, choices=())
            if item.is_open and item.code in _MADE_ANEW and uid in item.seen_by
            else item
            for item in drift.items
        ),
    )


def _beyond_left(
    left: Sequence[Left], seen: Sequence[Seen]
) -> tuple[tuple[Left, ...], Mapping[tuple[Code, str], Seen]]:
    """Return what is seen beyond what people want as it is, and what of that is still there."""
    still = {(one.code, one.subject): one for one in left}
    beyond = {}
    for one in seen:
        key = (one.code, one.subject)
        known = still.get(key)
        if known is None or known.params != one.params:
            beyond[key] = one
            continue
        still[key] = replace(known, count=min(known.count, one.count))
        if one.count > known.count:
            beyond[key] = replace(one, count=one.count - known.count)
    return tuple(still.values()), beyond


def _new(id_: str, uid: str, one: Seen, now: str) -> Item:
    return Item(
        id=id_,
        code=one.code,
        subject=one.subject,
        params=one.params,
        count=one.count,
        exact=one.exact,
        first_seen_at=now,
        choices=_choices(one),
        exports=_with(one.holders, uid),
        seen_by=(uid,),
    )


def _seen_again(item: Item, uid: str, one: Seen) -> Item:
    return replace(
        item,
        params=one.params,
        count=one.count,
        exact=one.exact,
        choices=_choices(one),
        exports=_with((*item.exports, *one.holders), uid),
        seen_by=_with(item.seen_by, uid),
    )


def _choices(one: Seen) -> tuple[Choice, ...]:
    """Return what may be done: never to put back what a run can't, or what it does anyway."""
    if one.code in _MADE_ANEW:
        return ("note",)
    return ("put_back", "leave", "note") if one.may_put_back else ("leave", "note")


def _not_seen(item: Item, uid: str, look: Look, kinds: frozenset[Code], now: str) -> Item | None:
    """Return an item that this look has not shown: put back, or gone by itself, or unlooked for."""
    if not item.is_open or uid not in item.seen_by:
        return item
    back = item.id in look.carried_out
    if not back and (item.code not in kinds or item.code in _SEEN_ONCE or item.choice == "note"):
        return item
    others = tuple(one for one in item.seen_by if one != uid)
    if item.choice == "put_back":
        return replace(item, seen_by=others, done_at=None if others else now)
    if not others:
        return None
    return replace(item, seen_by=others, exports=tuple(one for one in item.exports if one != uid))


def _kept(items: Sequence[Item]) -> tuple[Item, ...]:
    """Return items without those that were done before the newest that are kept."""
    done = sorted(one.done_at for one in items if one.done_at is not None)
    oldest = done[-_KEPT] if len(done) > _KEPT else ""
    return tuple(one for one in items if one.done_at is None or one.done_at >= oldest)


def _with(uids: tuple[str, ...], uid: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*uids, uid)))
