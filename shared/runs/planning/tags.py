"""The tags of an export's segments: which one each gives, and their bits in the ledger.

A tag is its id. People may rename it in Mailchimp: it stays the segment's, under its new name.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shared.audiences.owned_tags import ids_of, own_tag, owned_tags
from shared.drift.items import Seen
from shared.exports.models import Export
from shared.mailchimp import audience as mailchimp_audience
from shared.mailchimp.answers import Tag
from shared.mailchimp.audience import AudienceState, TagChoice, WantedTag, is_alike
from shared.mailchimp.errors import RefusedError
from shared.mailchimp.protocols import AudienceCalls
from shared.notice import Notice
from shared.runs.ledger import MAX_TAGS, Ledger, LedgerTag
from shared.runs.ledger import others as ledgers_of
from shared.runs.neighbours import tags_of_others
from shared.runs.planning.attempt import PlanningAttempt
from shared.runs.planning.waiting import SOON, RetryLaterError
from shared.runs.record import RunFailedError

# Of a tag that is yet to be created.
_NO_ID = 0


@dataclass(frozen=True)
class Chosen:
    """What was decided on the segments' tags.

    alone: the tags that this product made and no other export uses. holders: uids of the other
    exports that have given a tag. put_back: those that are to have the export's name again.
    """

    choices: list[TagChoice]
    alone: frozenset[int] = frozenset()
    holders: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    put_back: frozenset[int] = frozenset()


def choose(
    attempt: PlanningAttempt,
    state: AudienceState,
    clock_offset: float,
    wanted_back: Collection[int],
) -> Chosen:
    """Decide on every segment's tag; raises RunFailedError for one that is somebody else's.

    wanted_back: tags of which people want the name put back that they had changed.
    """
    export, old = attempt.export, attempt.old
    owned = owned_tags(attempt.app.blobs, old.account, old.audience)
    made = ids_of(owned, state.tags, clock_offset)
    ledgers = ledgers_of(attempt.app.blobs, old, [other.uid for other in attempt.others])
    shared = _shared_ids(attempt, state, ledgers)
    choices = mailchimp_audience.choose_tags(
        [_wanted(export, old, number) for number in range(len(export.segments))],
        state.tags,
        made=made,
        given={tag.id for tag in old.tags if tag is not None},
        shared=shared,
    )
    foreign = sorted({choice.name for choice in choices if choice.action == "conflict"})
    if foreign:
        raise RunFailedError(
            "internal_error",
            f"The audience has tags of the same name that this product did not make: "
            f"{', '.join(foreign)}. Choose another name, or adopt them.",
        )
    alone = frozenset(made - shared)
    back = {
        choice.id
        for choice in choices
        if choice.id in alone
        and choice.id in wanted_back
        and _may_be_put_back(choice, choices, state)
    }
    return Chosen(
        [
            replace(one, name=one.given, action="rename") if one.id in back else one
            for one in choices
        ],
        alone,
        _holders(ledgers),
        frozenset(id_ for id_ in back if id_ is not None),
    )


def _may_be_put_back(choice: TagChoice, choices: Sequence[TagChoice], state: AudienceState) -> bool:
    """Return whether a renamed tag may have the export's name again: nothing else has it."""
    names = {one.given.casefold() for one in choices if one.id == choice.id}
    taken = any(is_alike(tag.name, choice.given) for tag in state.tags if tag.id != choice.id)
    return choice.is_renamed_by_people and len(names) == 1 and not taken


def _holders(ledgers: Iterable[Ledger]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for one in ledgers:
        for tag in one.tags:
            if tag is not None and tag.segments:
                found[tag.id] = (*found.get(tag.id, ()), one.uid)
    return found


def renamed_by_people(chosen: Chosen) -> list[Seen]:
    """Return the tags that people have renamed in Mailchimp, and that are not renamed back now."""
    return [
        Seen(
            code="tag_renamed",
            subject=str(choice.id),
            params={"given": choice.given, "found": choice.name},
            holders=chosen.holders.get(choice.id or _NO_ID, ()),
            may_put_back=choice.id in chosen.alone,
        )
        for choice in once(chosen.choices)
        if choice.is_renamed_by_people
    ]


def _wanted(export: Export, ledger: Ledger, number: int) -> WantedTag:
    """Return what a segment asks for.

    The tag that it has had is its own as long as the export names it as before, or all of that
    tag's segments agree on the new name.
    """
    segment = export.segments[number]
    names = {item.name: item.tag for item in export.segments}
    for tag in ledger.tags:
        if tag is not None and segment.name in tag.segments:
            agreed = {names[other] for other in tag.segments if other in names}
            if len(agreed) == 1 or is_alike(segment.tag, tag.name):
                return WantedTag(segment.name, segment.tag, segment.adopt, tag.id, tag.name)
    return WantedTag(segment.name, segment.tag, segment.adopt)


def _shared_ids(
    attempt: PlanningAttempt, state: AudienceState, ledgers: Sequence[Ledger]
) -> set[int]:
    """Return the tags that other exports use, by what they hold and by what they are set up for."""
    ids, names = tags_of_others(attempt.others, ledgers)
    return ids | {tag.id for tag in state.tags if tag.name.casefold() in names}


def once(choices: Sequence[TagChoice]) -> list[TagChoice]:
    """Return one choice per tag."""
    return list({(choice.id, choice.name): choice for choice in reversed(choices)}.values())


def renamed_warnings(choices: Sequence[TagChoice]) -> list[Notice]:
    """Return the warning `tag_renamed` for each tag that people have renamed in Mailchimp."""
    return [
        Notice(
            "tag_renamed",
            f"The tag {choice.given} was renamed in Mailchimp: it is {choice.name} there now, and "
            "goes on under that name. Give it that name in the export, too, or rename it back.",
            {"given": choice.given, "found": choice.name},
        )
        for choice in once(choices)
        if choice.is_renamed_by_people
    ]


def apply(attempt: PlanningAttempt, client: AudienceCalls, choice: TagChoice) -> int:
    """Create or rename a tag; return its id.

    Raises MailchimpError, and RetryLaterError where somebody has made one of the same name since
    the audience was read: whose it is has to be looked at.
    """
    old = attempt.old
    # Written first: when the answer is lost, the tag is known as ours all the same.
    _own(attempt, choice.name, choice.id)
    try:
        id_ = mailchimp_audience.apply_choice(client, old.audience, choice)
    except RefusedError:
        if any(is_alike(tag.name, choice.name) for tag in client.tags(old.audience)):
            raise RetryLaterError(SOON) from None
        raise
    _own(attempt, choice.name, id_)
    return id_


def _own(attempt: PlanningAttempt, name: str, id_: int | None) -> None:
    old, export = attempt.old, attempt.export.name
    own_tag(attempt.app.blobs, old.account, old.audience, name=name, id_=id_, export=export)


def with_tags(
    ledger: Ledger, existing: Sequence[Tag], choices: Sequence[TagChoice]
) -> tuple[Ledger, int]:
    """Give every chosen tag a bit; return the ledger and the mask of tags that are gone.

    The ledger has tags under the names that the export gives them.
    """
    there = {tag.id for tag in existing}
    tags: list[LedgerTag | None] = []
    dead = 0
    for bit, tag in enumerate(ledger.tags):
        if tag is not None and tag.id not in there:
            dead |= 1 << bit
            tag = None
        tags.append(tag and replace(tag, segments=()))
    for choice in choices:
        id_ = _NO_ID if choice.action == "create" else choice.id or _NO_ID
        bit = _bit_of(tags, choice.given, id_, dead)
        before = tags[bit]
        segments = (*(before.segments if before else ()), choice.segment)
        tags[bit] = LedgerTag(_name_of(ledger, bit, choices, choice), id_, segments)
    return replace(ledger, tags=tuple(tags)), dead


def _name_of(ledger: Ledger, bit: int, choices: Sequence[TagChoice], choice: TagChoice) -> str:
    """Return by which name a tag is remembered: one of which several segments give has several."""
    given = [one.given for one in choices if (one.id, one.name) == (choice.id, choice.name)]
    before = ledger.tags[bit] if bit < len(ledger.tags) else None
    known = [name for name in given if before and is_alike(name, before.name)]
    return (known or given)[0]


def with_ids(ledger: Ledger, ids: Mapping[str, int]) -> Ledger:
    """Return the ledger with the ids of created tags by name, without those that have none."""
    tags = [
        tag and replace(tag, id=ids.get(tag.name, _NO_ID) if tag.id == _NO_ID else tag.id)
        for tag in ledger.tags
    ]
    return replace(ledger, tags=tuple(tag if tag and tag.id != _NO_ID else None for tag in tags))


def as_given(new: Ledger, old: Ledger) -> Ledger:
    """Return a ledger whose tags are those of the segments that gave them so far."""
    given = {tag.id: tag.segments for tag in old.tags if tag is not None}
    tags = [tag and replace(tag, segments=given.get(tag.id, ())) for tag in new.tags]
    return replace(new, tags=tuple(tags))


def bits_of_segments(ledger: Ledger) -> dict[str, int]:
    """Return the bit of each segment's tag."""
    return {
        segment: bit
        for bit, tag in enumerate(ledger.tags)
        if tag is not None
        for segment in tag.segments
    }


def replaced(old: Ledger, new: Ledger, dead: int) -> dict[int, int]:
    """Return the bits of tags that segments gave so far, and the masks of those in their place."""
    now = bits_of_segments(new)
    found: dict[int, int] = {}
    for segment, bit in bits_of_segments(old).items():
        if segment in now and now[segment] != bit and not dead >> bit & 1:
            found[bit] = found.get(bit, 0) | 1 << now[segment]
    return found


def _bit_of(tags: list[LedgerTag | None], name: str, id_: int, dead: int) -> int:
    for bit, tag in enumerate(tags):
        if tag is not None and tag.id == id_ and (id_ != _NO_ID or tag.name == name):
            return bit
    for bit, tag in enumerate(tags):
        # The bit of a tag that has just gone is still in the ledger's rows.
        if tag is None and not dead >> bit & 1:
            return bit
    if len(tags) >= MAX_TAGS:
        raise RunFailedError(
            "internal_error",
            f"An export can give at most {MAX_TAGS} tags, those included that it still has to "
            "take away. Run it once without the new segments, then add them.",
        )
    tags.append(None)
    return len(tags) - 1
