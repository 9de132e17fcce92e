"""What a plan settles with the audience: merge fields, tags, and whom it may not touch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shared.app import App
from shared.exports.models import Export
from shared.mailchimp import audience as mailchimp_audience
from shared.mailchimp.answers import Audience
from shared.mailchimp.audience import AudienceState, TagChoice, WantedTag
from shared.mailchimp.client import MailchimpClient
from shared.mailchimp.errors import RefusedError
from shared.mailchimp.merge_fields import FieldPlan, Resolution, resolve_mapping
from shared.platform.blobs import Document
from shared.platform.clock import to_text, utc_now
from shared.runs.ledger import MOST_FIELDS, MOST_TAGS, Ledger, LedgerTag, audience_folder
from shared.runs.ledger import others as ledgers_of
from shared.runs.neighbours import tags_of_others
from shared.runs.records import RunFailure

Samples = Callable[[], Mapping[str, Sequence[str | None]]]
_NO_ID = 0


@dataclass(frozen=True)
class Setup:
    """An audience made ready for a run.

    ledger: the version to be written, with its tags and merge fields. segment_tags: segment
    position to tag bit. dead_tags: mask of ledger tags that Mailchimp no longer has.
    """

    state: AudienceState
    plans: tuple[FieldPlan, ...]
    ledger: Ledger
    segment_tags: dict[int, int]
    dead_tags: int
    clock_offset: int
    warnings: list[dict[str, str]] = field(default_factory=list)


def prepare(
    app: App,
    client: MailchimpClient,
    export: Export,
    ledger: Ledger,
    types: Mapping[str, str],
    samples: Samples,
    others: Sequence[Document],
    *,
    preview: bool,
) -> Setup:
    """Read the audience; create what is missing, except for a preview.

    `client` makes its calls under a slot. `others`: the other exports on the audience. Raises
    RunFailure, MailchimpError.
    """
    state = mailchimp_audience.read_audience(client, ledger.audience)
    offset = round((state.audience.date - utc_now()).total_seconds())
    resolved = _merge_fields(client, export, ledger, state, types, samples, preview=preview)
    choices = _choices(app, export, ledger, state, others)
    ids = {
        choice.segment: _NO_ID
        if preview and choice.action == "create"
        else _apply(app, client, export, ledger, choice, preview=preview)
        for choice in _once(choices)
    }
    by_name = {c.name: ids[c.segment] for c in _once(choices)}
    new, dead = _with_tags(ledger, state, {c.segment: (c.name, by_name[c.name]) for c in choices})
    new = replace(new, fields=_with_fields(ledger, resolved.plans))
    bits = {
        segment: bit
        for bit, tag in enumerate(new.tags)
        if tag is not None
        for segment in tag.segments
    }
    segment_tags = {i: bits[segment.name] for i, segment in enumerate(export.segments)}
    warnings = warnings_of(export, state.audience, resolved.required_unmapped)
    return Setup(state, resolved.plans, new, segment_tags, dead, offset, warnings)


def _merge_fields(
    client: MailchimpClient,
    export: Export,
    ledger: Ledger,
    state: AudienceState,
    types: Mapping[str, str],
    samples: Samples,
    *,
    preview: bool,
) -> Resolution:
    resolved = resolve_mapping(export.merge_fields, state.merge_fields, types)
    if resolved.missing:
        names = ", ".join(missing.tag for missing in resolved.missing)
        if not export.create_merge_fields:
            raise RunFailure("internal_error", f"The audience has no merge field {names}.")
        found = samples()
        resolved = (
            resolve_mapping(export.merge_fields, state.merge_fields, types, found)
            if preview
            else mailchimp_audience.create_missing_fields(
                client,
                ledger.audience,
                export.merge_fields,
                state.merge_fields,
                types,
                found,
            )
        )
    if resolved.problems:
        text = "; ".join(f"{key} {message}" for key, message in resolved.problems)
        raise RunFailure("internal_error", f"The mapping can't be used: {text}.")
    return resolved


def _choices(
    app: App, export: Export, ledger: Ledger, state: AudienceState, others: Sequence[Document]
) -> list[TagChoice]:
    """Decide on every segment's tag; raises RunFailure for one that is somebody else's."""
    wanted = [
        WantedTag(segment.name, segment.tag, segment.adopt, _known_id(export, ledger, segment.name))
        for segment in export.segments
    ]
    choices = mailchimp_audience.choose_tags(
        wanted,
        state.tags,
        owned_tags(app, ledger.account, ledger.audience),
        given={tag.id for tag in ledger.tags if tag is not None},
        shared=_shared_ids(app, ledger, state, others),
    )
    foreign = sorted({choice.name for choice in choices if choice.action == "conflict"})
    if foreign:
        raise RunFailure(
            "internal_error",
            f"The audience has tags of the same name that this product did not make: "
            f"{', '.join(foreign)}. Choose another name, or adopt them.",
        )
    return choices


def _shared_ids(
    app: App, ledger: Ledger, state: AudienceState, others: Sequence[Document]
) -> set[int]:
    """Return the tags that other exports use, by what they hold and by what they are set up for."""
    found = ledgers_of(app.blobs, ledger, [export["uid"] for export in others])
    ids, names = tags_of_others(others, found)
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


def owned_tags(app: App, account: str, audience: str) -> dict[str, int | None]:
    """Return name and id of the tags that this product made in an audience.

    The id is None where the creation was begun and its answer is not known.
    """
    found = app.blobs.read_document(_tags_name(account, audience))
    tags = found[0]["tags"] if found else {}
    return {name: tag["id"] for name, tag in tags.items()}


def _apply(
    app: App,
    client: MailchimpClient,
    export: Export,
    ledger: Ledger,
    choice: TagChoice,
    *,
    preview: bool,
) -> int:
    if preview:
        return choice.id or _NO_ID
    if choice.action in ("create", "rename"):
        # Written first: when the answer is lost, the tag is known as ours all the same.
        _own(app, ledger, export, choice.name, choice.id)
    try:
        id_ = mailchimp_audience.apply_choice(client, ledger.audience, choice)
    except RefusedError:
        # Another planner may have been quicker.
        found = [tag.id for tag in client.tags(ledger.audience) if tag.name == choice.name]
        if choice.action != "create" or not found:
            raise
        id_ = found[0]
    if choice.action in ("create", "rename"):
        _own(app, ledger, export, choice.name, id_)
    return id_


def _own(app: App, ledger: Ledger, export: Export, name: str, id_: int | None) -> None:
    entry = {"id": id_, "export": export.name, "created_at": to_text(utc_now())}
    blob = _tags_name(ledger.account, ledger.audience)
    app.blobs.create_document(blob, {"tags": {}})
    app.blobs.update_document(blob, lambda d: {**d, "tags": {**d["tags"], name: entry}})


def _tags_name(account: str, audience: str) -> str:
    return f"{audience_folder(account, audience)}tags.json"


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
    if len(tags) >= MOST_TAGS:
        raise RunFailure(
            "internal_error",
            f"An export can give at most {MOST_TAGS} tags, those included that it still has to "
            "take away. Run it once without the new segments, then add them.",
        )
    tags.append(None)
    return len(tags) - 1


def _with_fields(ledger: Ledger, plans: Sequence[FieldPlan]) -> tuple[str, ...]:
    fields = tuple(dict.fromkeys([*ledger.fields, *(plan.tag for plan in plans)]))
    if len(fields) > MOST_FIELDS:
        raise RunFailure(
            "internal_error",
            f"This export has sent more than {MOST_FIELDS} different merge fields since it was "
            "made. Duplicate it, and use the new one.",
        )
    return fields


def warnings_of(
    export: Export, audience: Audience, required_unmapped: Sequence[str]
) -> list[dict[str, str]]:
    """Return what may surprise about an audience; required_unmapped: see Resolution."""
    found = []
    if audience.double_optin and export.status_for_new == "subscribed":
        text = (
            "The audience asks for double opt-in; new contacts are subscribed without it. Set "
            "status_for_new to pending in the export to keep it."
        )
        found.append({"code": "double_optin_bypassed", "detail": text})
    if audience.marketing_permissions:
        text = (
            "The audience has marketing permissions (GDPR fields); contacts arrive without any. "
            "Mailchimp may leave them out of campaigns that ask for one."
        )
        found.append({"code": "marketing_permissions_unset", "detail": text})
    if required_unmapped:
        names = ", ".join(required_unmapped)
        text = (
            f"The audience requires merge fields that the export does not map: {names}. They stay "
            "blank; map a column to each, or make them optional in Mailchimp."
        )
        found.append({"code": "merge_field_required", "detail": text})
    return found
