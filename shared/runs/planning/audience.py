"""What a plan settles with the audience: merge fields and tags.

First it only reads. What is missing is created once the plan is known to send somebody, so that a
run that ends without leaves nothing behind.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property

from shared.accounts.updates import UNKNOWN, Updates
from shared.audiences.answer_ids import permission
from shared.audiences.warnings import audience_warnings
from shared.drift.items import Drift, Look, Seen
from shared.drift.store import DriftStore
from shared.mailchimp import audience as mailchimp_audience
from shared.mailchimp.audience import AudienceState, TagChoice
from shared.mailchimp.merge_fields import FieldPlan
from shared.mailchimp.protocols import AudienceCalls
from shared.notice import Notice
from shared.platform.clock import utc_now
from shared.runs.ledger import Ledger
from shared.runs.planning import fields, tags
from shared.runs.planning.attempt import PlanningAttempt
from shared.runs.planning.drift_of_names import of_deleted_tags, of_fields
from shared.runs.planning.fields import Fields


@dataclass(frozen=True)
class Setup:
    """What a run needs to know of its audience.

    ledger: the version to be written, with its tags and merge fields; tags that are yet to be
    created have no id there. segment_tags: segment position to tag bit. dead_tags: mask of ledger
    tags that Mailchimp no longer has. choices: what is to be done for the segments' tags, once per
    tag. replaced: bits of tags that the export names anew, with the masks of those in their place.
    fields: the merge fields that are filled; refilled: the mask of those that nobody's value is in
    yet. updates: how contacts that exist are updated. subscribers: how many contacts the account
    has subscribed in all its audiences, None where it doesn't say. answers: the export's
    marketing permissions and interests that there are, as they are remembered. drift: what is kept
    of changes by hand; look: what this reading shows of them.
    """

    state: AudienceState
    fields: Fields
    refilled: int
    ledger: Ledger
    segment_tags: dict[int, int]
    dead_tags: int
    clock_offset: int
    warnings: list[Notice]
    choices: tuple[TagChoice, ...] = ()
    replaced: dict[int, int] = field(default_factory=dict)
    updates: Updates = UNKNOWN
    subscribers: int | None = None
    answers: tuple[str, ...] = ()
    drift: Drift = field(default_factory=Drift)
    look: Look = field(default_factory=Look)

    @property
    def plans(self) -> tuple[FieldPlan, ...]:
        """How each merge field is filled."""
        return self.fields.resolved.plans

    @cached_property
    def called(self) -> dict[int, str]:
        """What a tag is called in Mailchimp while the run sends, by its id."""
        chosen = {choice.id: choice.name for choice in self.choices if choice.id is not None}
        return {tag.id: tag.name for tag in self.state.tags} | chosen

    @property
    def is_settled(self) -> bool:
        """Whether the audience has all that the run needs."""
        return not self.fields.resolved.missing and all(
            choice.action == "use" for choice in self.choices
        )


def prepare(attempt: PlanningAttempt, client: AudienceCalls) -> Setup:
    """Read the audience and decide what the run needs there; changes nothing.

    `client` makes its calls under a slot. Raises RunFailedError, MailchimpError.
    """
    old, export = attempt.old, attempt.export
    state = mailchimp_audience.read_audience(client, old.audience)
    offset = round((state.audience.date - utc_now()).total_seconds())
    filled = fields.resolve(attempt, state.merge_fields)
    kept = DriftStore(attempt.app.blobs, old.account, old.audience).load()
    wanted_back = [item for item in kept.wanted_back(attempt.run.uid) if item.code == "tag_renamed"]
    chosen = tags.choose(attempt, state, offset, {int(item.subject) for item in wanted_back})
    choices = chosen.choices
    new, dead = tags.with_tags(old, state.tags, choices)
    new = fields.with_fields(new, filled.resolved.plans, filled.ids, state.merge_fields)
    bits = tags.bits_of_segments(new)
    return Setup(
        state=state,
        fields=filled,
        refilled=fields.refilled(old, filled.resolved.plans, filled.ids),
        ledger=new,
        segment_tags={i: bits[segment.name] for i, segment in enumerate(export.segments)},
        dead_tags=dead,
        clock_offset=offset,
        warnings=[
            *audience_warnings(export, state.audience, filled.resolved.required_unmapped),
            *tags.renamed_warnings(choices),
            *fields.renamed_warnings(filled.called),
            *fields.left_out_warnings(filled.left_out),
        ],
        choices=tuple(tags.once(choices)),
        replaced=tags.replaced(old, new, dead),
        answers=(
            *_permissions(attempt, client, asks=state.audience.marketing_permissions),
            *_interests(attempt, client),
        ),
        drift=kept,
        look=Look(
            seen=(
                *tags.renamed_by_people(chosen),
                *_of_documents(attempt, state, filled),
            ),
            carried_out=tuple(
                item.id for item in wanted_back if int(item.subject) in chosen.put_back
            ),
        ),
    )


def _of_documents(attempt: PlanningAttempt, state: AudienceState, filled: Fields) -> list[Seen]:
    """Return what people did to tags and merge fields that were there in the run before."""
    old, there = attempt.old, {tag.id for tag in state.tags}
    used = {plan.tag for plan in filled.resolved.plans}
    return [
        *of_deleted_tags(old, there, set(attempt.export.segment_names)),
        *of_fields(old, state.merge_fields, filled.called, used),
    ]


def _interests(attempt: PlanningAttempt, client: AudienceCalls) -> tuple[str, ...]:
    wanted = attempt.export.interests
    there = client.interests(attempt.old.audience) if wanted else []
    return tuple(interest.id for interest in there if interest.id in wanted)


def _permissions(attempt: PlanningAttempt, client: AudienceCalls, *, asks: bool) -> tuple[str, ...]:
    """Return those that there are; all of the export's where no contact shows any.

    asks: whether the audience has marketing permissions at all.
    """
    wanted = attempt.export.marketing_permissions
    if not wanted or not asks:
        return ()
    there = client.marketing_permissions(attempt.old.audience)
    ids = wanted if there is None else [id_ for id_, _ in there if id_ in wanted]
    return tuple(permission(id_) for id_ in ids)


def settle(attempt: PlanningAttempt, client: AudienceCalls, setup: Setup, *, create: bool) -> Setup:
    """Rename in the audience what the export names anew and, with `create`, create what it lacks.

    Without it tags that nobody is given yet are left out of the ledger. Raises RunFailedError,
    MailchimpError, and RetryLaterError where others have made a merge field of another type.
    """
    new = setup.ledger
    if create and setup.fields.resolved.missing:
        created = fields.create(attempt, client, setup.state.merge_fields, setup.fields)
        new = fields.with_fields(new, setup.plans, created, setup.state.merge_fields)
    ids = {
        choice.given: tags.apply(attempt, client, choice)
        for choice in setup.choices
        if choice.action == "rename" or (create and choice.action == "create")
    }
    return replace(setup, ledger=tags.with_ids(new, ids))
