"""What a plan settles with the audience: merge fields and tags.

First it only reads. What is missing is created once the plan is known to send somebody, so that a
run that ends without leaves nothing behind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from shared.accounts.updates import UNKNOWN, Updates
from shared.audiences.warnings import audience_warnings
from shared.mailchimp import audience as mailchimp_audience
from shared.mailchimp.audience import AudienceState, TagChoice
from shared.mailchimp.merge_fields import FieldPlan, Resolution, resolve_mapping
from shared.mailchimp.protocols import AudienceCalls
from shared.notice import Notice
from shared.platform.clock import utc_now
from shared.runs.ledger import MAX_FIELDS, Ledger
from shared.runs.planning import tags
from shared.runs.planning.attempt import PlanningAttempt
from shared.runs.planning.waiting import SOON, RetryLaterError
from shared.runs.record import RunFailedError


@dataclass(frozen=True)
class Setup:
    """What a run needs to know of its audience.

    ledger: the version to be written, with its tags and merge fields; tags that are yet to be
    created have no id there. segment_tags: segment position to tag bit. dead_tags: mask of ledger
    tags that Mailchimp no longer has. choices: what is to be done for the segments' tags, once per
    tag. replaced: bits of tags that the export names anew, with the masks of those in their place.
    fields_missing: merge fields are to be created. updates: how contacts that exist are updated.
    """

    state: AudienceState
    plans: tuple[FieldPlan, ...]
    ledger: Ledger
    segment_tags: dict[int, int]
    dead_tags: int
    clock_offset: int
    warnings: list[Notice]
    choices: tuple[TagChoice, ...] = ()
    replaced: dict[int, int] = field(default_factory=dict)
    fields_missing: bool = False
    updates: Updates = UNKNOWN

    @cached_property
    def called(self) -> dict[int, str]:
        """What a tag is called in Mailchimp while the run sends, by its id."""
        chosen = {choice.id: choice.name for choice in self.choices if choice.id is not None}
        return {tag.id: tag.name for tag in self.state.tags} | chosen

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
    choices = tags.choose(attempt, state, offset)
    new, dead = tags.with_tags(old, state.tags, choices)
    new = replace(new, fields=_with_fields(old, resolved.plans))
    bits = tags.bits_of_segments(new)
    return Setup(
        state=state,
        plans=resolved.plans,
        ledger=new,
        segment_tags={i: bits[segment.name] for i, segment in enumerate(export.segments)},
        dead_tags=dead,
        clock_offset=offset,
        warnings=[
            *audience_warnings(export, state.audience, resolved.required_unmapped),
            *tags.renamed_warnings(choices),
        ],
        choices=tuple(tags.once(choices)),
        replaced=tags.replaced(old, new, dead),
        fields_missing=bool(resolved.missing),
    )


def settle(attempt: PlanningAttempt, client: AudienceCalls, setup: Setup, *, create: bool) -> Setup:
    """Rename in the audience what the export names anew and, with `create`, create what it lacks.

    Without it tags that nobody is given yet are left out of the ledger. Raises RunFailedError,
    MailchimpError, and RetryLaterError where others have made a merge field of another type.
    """
    if create and setup.fields_missing:
        _create_fields(attempt, client, setup)
    ids = {
        choice.given: tags.apply(attempt, client, choice)
        for choice in setup.choices
        if choice.action == "rename" or (create and choice.action == "create")
    }
    return replace(setup, ledger=tags.with_ids(setup.ledger, ids))


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


def _with_fields(ledger: Ledger, plans: Sequence[FieldPlan]) -> tuple[str, ...]:
    fields = tuple(dict.fromkeys([*ledger.fields, *(plan.tag for plan in plans)]))
    if len(fields) > MAX_FIELDS:
        raise RunFailedError(
            "internal_error",
            f"This export has sent more than {MAX_FIELDS} different merge fields since it was "
            "made. Duplicate it, and use the new one.",
        )
    return fields
