"""What a plan settles with the audience: merge fields and tags.

First it only reads. What is missing is created once the plan is known to send somebody, so that a
run that ends without leaves nothing behind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shared.accounts.updates import UNKNOWN, Updates
from shared.audiences.owned_tags import own_tag, owned_tags
from shared.audiences.warnings import audience_warnings
from shared.exports.models import Export
from shared.mailchimp import audience as mailchimp_audience
from shared.mailchimp.audience import AudienceState, TagChoice, WantedTag
from shared.mailchimp.errors import RefusedError
from shared.mailchimp.merge_fields import FieldPlan, Resolution, resolve_mapping
from shared.mailchimp.protocols import AudienceCalls
from shared.notice import Notice
from shared.platform.clock import utc_now
from shared.runs.ledger import MAX_FIELDS, MAX_TAGS, Ledger, LedgerTag
from shared.runs.ledger import others as ledgers_of
from shared.runs.neighbours import tags_of_others
from shared.runs.planning.attempt import PlanningAttempt
from shared.runs.planning.waiting import SOON, RetryLaterError
from shared.runs.record import RunFailedError

_NO_ID = 0


@dataclass(frozen=True)
class Setup:
    """What a run needs to know of its audience.

    ledger: the version to be written, with its tags and merge fields; tags that are yet to be
    created have no id there. segment_tags: segment position to tag bit. dead_tags: mask of ledger
    tags that Mailchimp no longer has. choices: what is to be done for the segments' tags, once per
    tag. fields_missing: merge fields are to be created. updates: how contacts that exist are
    updated.
    """

    state: AudienceState
    plans: tuple[FieldPlan, ...]
    ledger: Ledger
    segment_tags: dict[int, int]
    dead_tags: int
    clock_offset: int
    warnings: list[Notice]
    choices: tuple[TagChoice, ...] = ()
    fields_missing: bool = False
    updates: Updates = UNKNOWN

    @property
    def is_settled(self) -> bool:
        """Whether the audience has all that the run needs."""
        return not self.fields_missing and all(choice.action == "use" for choice in self.choices)


def prepare(attempt: PlanningAttempt, client: AudienceCalls) -> Setup:
    """Read the audience and decide what the run needs there; changes nothing.

    `client` makes its calls under a slot. Raises RunFailedError, MailchimpError.
    """
    old, export = attempt.old, attempt.export
    state = mailchimp_audience.read_audience(client, old.audience)
    offset = round((state.audience.date - utc_now()).total_seconds())
    resolved = _merge_fields(attempt, state)
    choices = _choices(attempt, state)
    new, dead = _with_tags(old, state, {c.segment: (c.name, _known(c)) for c in choices})
    new = replace(new, fields=_with_fields(old, resolved.plans))
    bits = {
        segment: bit
        for bit, tag in enumerate(new.tags)
        if tag is not None
        for segment in tag.segments
    }
    segment_tags = {i: bits[segment.name] for i, segment in enumerate(export.segments)}
    warnings = audience_warnings(export, state.audience, resolved.required_unmapped)
    return Setup(
        state,
        resolved.plans,
        new,
        segment_tags,
        dead,
        offset,
        warnings,
        tuple(_once(choices)),
        bool(resolved.missing),
    )


def settle(attempt: PlanningAttempt, client: AudienceCalls, setup: Setup, *, create: bool) -> Setup:
    """Rename in the audience what the export names anew and, with `create`, create what it lacks.

    Without it tags that nobody is given yet are left out of the ledger. Raises RunFailedError,
    MailchimpError, and RetryLaterError where others have made a merge field of another type.
    """
    if create and setup.fields_missing:
        _create_fields(attempt, client, setup)
    ids = {
        choice.name: _apply(attempt, client, choice)
        for choice in setup.choices
        if create or choice.action != "create"
    }
    tags = tuple(
        replace(tag, id=ids[tag.name]) if tag and tag.id == _NO_ID and tag.name in ids else tag
        for tag in setup.ledger.tags
    )
    tags = tuple(tag if tag and tag.id != _NO_ID else None for tag in tags)
    return replace(setup, ledger=replace(setup.ledger, tags=tags))


def _create_fields(attempt: PlanningAttempt, client: AudienceCalls, setup: Setup) -> None:
    export, types = attempt.export, attempt.found.types
    created = mailchimp_audience.create_missing_fields(
        client,
        attempt.old.audience,
        export.merge_fields,
        setup.state.merge_fields,
        types,
        _samples(attempt),
    )

    def kinds(plans: Sequence[FieldPlan]) -> list[tuple[str, str]]:
        return [(plan.tag, plan.type) for plan in plans]

    if kinds(created.plans) != kinds(setup.plans):
        raise RetryLaterError(SOON)


def _merge_fields(attempt: PlanningAttempt, state: AudienceState) -> Resolution:
    """Match the mapping with the audience's merge fields."""
    export, types = attempt.export, attempt.found.types
    resolved = resolve_mapping(export.merge_fields, state.merge_fields, types)
    if resolved.missing:
        names = ", ".join(missing.tag for missing in resolved.missing)
        if not export.create_merge_fields:
            raise RunFailedError("internal_error", f"The audience has no merge field {names}.")
        found = _samples(attempt)
        resolved = resolve_mapping(export.merge_fields, state.merge_fields, types, found)
    if resolved.problems:
        text = "; ".join(f"{key} {message}" for key, message in resolved.problems)
        raise RunFailedError("internal_error", f"The mapping can't be used: {text}.")
    return resolved


def _samples(attempt: PlanningAttempt) -> Mapping[str, Sequence[str | None]]:
    # Polars and PyArrow are loaded only where values have to be looked at.
    from shared.runs.planning.reading import samples

    return samples(attempt.export, attempt.found)


def _choices(attempt: PlanningAttempt, state: AudienceState) -> list[TagChoice]:
    """Decide on every segment's tag; raises RunFailedError for one that is somebody else's."""
    export, old = attempt.export, attempt.old
    wanted = [
        WantedTag(segment.name, segment.tag, segment.adopt, _known_id(export, old, segment.name))
        for segment in export.segments
    ]
    choices = mailchimp_audience.choose_tags(
        wanted,
        state.tags,
        owned_tags(attempt.app.blobs, old.account, old.audience),
        given={tag.id for tag in old.tags if tag is not None},
        shared=_shared_ids(attempt, state),
    )
    foreign = sorted({choice.name for choice in choices if choice.action == "conflict"})
    if foreign:
        raise RunFailedError(
            "internal_error",
            f"The audience has tags of the same name that this product did not make: "
            f"{', '.join(foreign)}. Choose another name, or adopt them.",
        )
    return choices


def _shared_ids(attempt: PlanningAttempt, state: AudienceState) -> set[int]:
    """Return the tags that other exports use, by what they hold and by what they are set up for."""
    uids = [export.uid for export in attempt.others]
    found = ledgers_of(attempt.app.blobs, attempt.old, uids)
    ids, names = tags_of_others(attempt.others, found)
    return ids | {tag.id for tag in state.tags if tag.name.casefold() in names}


def _known_id(export: Export, ledger: Ledger, segment: str) -> int | None:
    """Return the tag that a segment has had, if all of its segments still agree on one name."""
    names = {item.name: item.tag for item in export.segments}
    for tag in ledger.tags:
        if tag is not None and segment in tag.segments:
            agreed = {names[other] for other in tag.segments if other in names}
            return tag.id if len(agreed) == 1 else None
    return None


def _once(choices: Sequence[TagChoice]) -> list[TagChoice]:
    """Return one choice per tag name."""
    return list({choice.name: choice for choice in reversed(choices)}.values())


def _known(choice: TagChoice) -> int:
    """Return the id of a tag that is there."""
    return _NO_ID if choice.action == "create" else choice.id or _NO_ID


def _apply(attempt: PlanningAttempt, client: AudienceCalls, choice: TagChoice) -> int:
    """Create, rename or just use a tag; return its id."""
    old = attempt.old
    if choice.action in ("create", "rename"):
        # Written first: when the answer is lost, the tag is known as ours all the same.
        _own(attempt, choice.name, choice.id)
    try:
        id_ = mailchimp_audience.apply_choice(client, old.audience, choice)
    except RefusedError:
        # Another planner may have been quicker.
        found = [tag.id for tag in client.tags(old.audience) if tag.name == choice.name]
        if choice.action != "create" or not found:
            raise
        id_ = found[0]
    if choice.action in ("create", "rename"):
        _own(attempt, choice.name, id_)
    return id_


def _own(attempt: PlanningAttempt, name: str, id_: int | None) -> None:
    old, export = attempt.old, attempt.export.name
    own_tag(attempt.app.blobs, old.account, old.audience, name=name, id_=id_, export=export)


def _with_tags(
    ledger: Ledger, state: AudienceState, wanted: Mapping[str, tuple[str, int]]
) -> tuple[Ledger, int]:
    """Give every wanted tag a bit; return the ledger and the mask of tags that are gone."""
    existing = {tag.id for tag in state.tags}
    tags: list[LedgerTag | None] = []
    dead = 0
    for bit, tag in enumerate(ledger.tags):
        if tag is not None and tag.id not in existing:
            dead |= 1 << bit
            tag = None
        tags.append(tag and replace(tag, segments=()))
    for segment, (name, id_) in wanted.items():
        bit = _bit_of(tags, name, id_, dead)
        before = tags[bit]
        segments = (before.segments if before else ()) + (segment,)
        tags[bit] = LedgerTag(name, id_, segments)
    return replace(ledger, tags=tuple(tags)), dead


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


def _with_fields(ledger: Ledger, plans: Sequence[FieldPlan]) -> tuple[str, ...]:
    fields = tuple(dict.fromkeys([*ledger.fields, *(plan.tag for plan in plans)]))
    if len(fields) > MAX_FIELDS:
        raise RunFailedError(
            "internal_error",
            f"This export has sent more than {MAX_FIELDS} different merge fields since it was "
            "made. Duplicate it, and use the new one.",
        )
    return fields
