"""What a run needs to know of its audience, and what it creates there before it sends."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from shared.mailchimp.answers import Audience, MergeField, Tag
from shared.mailchimp.errors import RefusedError
from shared.mailchimp.merge_fields import Filling, Resolution, resolve_mapping
from shared.mailchimp.protocols import AudienceCalls


@dataclass(frozen=True)
class AudienceState:
    """An audience with all its merge fields and tags; others: those of the same account."""

    audience: Audience
    merge_fields: list[MergeField]
    tags: list[Tag]
    others: tuple[Audience, ...] = ()


@dataclass(frozen=True)
class WantedTag:
    """The tag that an export gives to a segment.

    known_id: the one that it has given so far. before: what the export called it then; "" where
    that is not known.
    """

    segment: str
    name: str
    adopt: bool = False
    known_id: int | None = None
    before: str = ""


@dataclass(frozen=True)
class TagChoice:
    """What is to be done for a segment's tag.

    name: the one that it has in Mailchimp then. given: the one that the export gives it, which
    differs where people have renamed it in Mailchimp. conflict: somebody else's tag has this name,
    and the export does not say to adopt it.
    """

    segment: str
    name: str
    action: Literal["use", "create", "rename", "conflict"]
    id: int | None = None
    given: str = ""

    @property
    def is_renamed_by_people(self) -> bool:
        """Whether the tag has a name in Mailchimp that the export does not know."""
        return self.action == "use" and not is_alike(self.name, self.given)


def read_audience(client: AudienceCalls, list_id: str) -> AudienceState:
    """Read an audience in three calls, more where it has above 1,000 tags."""
    audiences = client.audiences()
    mine = next((one for one in audiences if one.id == list_id), None)
    return AudienceState(
        # Of one that isn't there Mailchimp says so in its own words.
        mine or client.audience(list_id),
        client.merge_fields(list_id),
        client.tags(list_id),
        tuple(one for one in audiences if one.id != list_id),
    )


def create_missing_fields(
    client: AudienceCalls,
    list_id: str,
    mapping: Mapping[str, str | Filling],
    merge_fields: Sequence[MergeField],
    data_types: Mapping[str, str] | None = None,
    samples: Mapping[str, Sequence[str | None]] | None = None,
) -> Resolution:
    """Create what a mapping lacks and resolve it again; may be repeated after any failure.

    Raises MailchimpError: RefusedError with the tag in its detail, as when the plan's limit of
    merge fields is reached. Then none of those that were created before it is left.
    """
    fields = list(merge_fields)
    made: list[MergeField] = []
    for item in resolve_mapping(mapping, fields, data_types, samples).missing:
        try:
            made.append(client.create_merge_field(list_id, item.tag, item.name, item.type))
            fields.append(made[-1])
        except RefusedError as error:
            # Another run may have been quicker.
            fields = client.merge_fields(list_id)
            if not any(field.tag.upper() == item.tag for field in fields):
                for field in made:
                    client.delete_merge_field(list_id, field.merge_id)
                raise RefusedError(
                    f"merge field {item.tag}: {error.detail}",
                    status=error.status,
                    title=error.title,
                    errors=error.errors,
                ) from None
    return resolve_mapping(mapping, fields, data_types, samples)


def choose_tags(
    wanted: Sequence[WantedTag],
    existing: Sequence[Tag],
    *,
    made: Collection[int],
    given: Collection[int],
    shared: Collection[int],
) -> list[TagChoice]:
    """Decide which tags to use, create or rename, without touching anybody else's.

    `made`: ids of the tags that this product made in this audience. `given`: ids of those that
    this export has given so far, adopted ones too. `shared`: ids of those that other exports use.

    A tag that people have renamed in Mailchimp stays the segment's own until the export names it
    anew. Only a made tag that no other export or segment uses is renamed. Names that differ by case
    alone are one tag: it is used under the name that it has, also when the export changes its
    spelling.
    """
    by_id = {tag.id: tag for tag in existing}
    usable = {*made, *given}
    named_now = {want.name.casefold() for want in wanted}

    def may_rename(tag: Tag) -> bool:
        is_ours = tag.id in made and tag.id not in shared
        return is_ours and tag.name.casefold() not in named_now

    def choose(want: WantedTag) -> TagChoice:
        known = by_id.get(want.known_id) if want.known_id is not None else None
        if known and (is_alike(want.name, known.name) or is_alike(want.name, want.before)):
            return TagChoice(want.segment, known.name, "use", known.id, want.name)
        if named := _find_name(existing, want.name):
            action: Literal["use", "conflict"] = (
                "use" if named.id in usable or want.adopt else "conflict"
            )
            return TagChoice(want.segment, named.name, action, named.id, want.name)
        if known and may_rename(known):
            return TagChoice(want.segment, want.name, "rename", known.id, want.name)
        return TagChoice(want.segment, want.name, "create", given=want.name)

    return [choose(want) for want in wanted]


def is_alike(one: str, other: str) -> bool:
    """Return whether Mailchimp would take two names for one tag's."""
    return one.casefold() == other.casefold()


def apply_choice(client: AudienceCalls, list_id: str, choice: TagChoice) -> int:
    """Create or rename the tag where needed and return its id; raises MailchimpError."""
    if choice.action == "create":
        return client.create_tag(list_id, choice.name).id
    if choice.id is None or choice.action == "conflict":
        raise ValueError("a conflict is solved by a person")
    if choice.action == "rename":
        client.rename_tag(list_id, choice.id, choice.name)
    return choice.id


def _find_name(tags: Sequence[Tag], name: str) -> Tag | None:
    """Find a tag by name; one that differs by case alone would be confused with it."""
    alike = [tag for tag in tags if is_alike(tag.name, name)]
    return next((tag for tag in alike if tag.name == name), alike[0] if alike else None)
