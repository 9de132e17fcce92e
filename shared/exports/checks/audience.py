"""Checks an export against its audience, as Mailchimp shows it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.audiences.warnings import audience_warnings
from shared.exports.checks.findings import Findings
from shared.exports.models import Export, StoredExport
from shared.mailchimp.answers import Account, Audience, MergeField, Tag, may_not_write
from shared.mailchimp.merge_fields import MERGE_FIELD_LIMIT, Resolution, resolve_mapping


@dataclass(frozen=True)
class AudienceView:
    """What Mailchimp says of an audience, and the tags on it that this product made."""

    audience: Audience
    merge_fields: Sequence[MergeField]
    tags: Sequence[Tag]
    own_tags: frozenset[str]
    # Names of segments that somebody has made of conditions.
    saved_segments: Sequence[str] = ()
    # Ids; read where the export names some.
    interests: frozenset[str] = frozenset()
    # Ids; None where there are some, and no contact shows them.
    permissions: frozenset[str] | None = frozenset()
    # Of the user behind the token.
    account: Account | None = None


def check_audience(export: Export, view: AudienceView, found: Findings) -> None:
    """Merge fields can be filled, tags are ours or adopted, and what may surprise is said."""
    mapping = resolve_mapping(export.mapping, view.merge_fields)
    for key, message in mapping.problems:
        found.problem(f"merge_fields.{key}", message, "merge_field_unusable", tag=key)
    for key, declared, there in mapping.differing:
        found.problem(
            f"merge_fields.{key}.type",
            f"the audience's merge field is of the type {there}, which is never changed",
            "merge_field_type_differs",
            tag=key,
            declared=declared,
            found=there,
        )
    if not export.create_merge_fields and found.has_read("create_merge_fields"):
        for missing in mapping.missing:
            found.problem(
                f"merge_fields.{missing.key}",
                "the audience has no such merge field; set create_merge_fields to create it",
                "merge_field_missing",
                tag=missing.key,
            )
    for interest in export.interests:
        if interest not in view.interests:
            found.problem(
                f"interests.{interest}",
                "the audience has no such interest",
                "interest_unknown",
                interest=interest,
            )
    _check_permissions(export, view, found)
    _check_tags(export, view, found)
    found.warnings += audience_warnings(export, view.audience, mapping.required_unmapped)
    _check_room(len(view.merge_fields), mapping, found)
    if view.account is not None and not view.account.may_write:
        role = view.account.role
        found.warn("role_may_not_write", may_not_write(role), role=role)


def _check_permissions(export: Export, view: AudienceView, found: Findings) -> None:
    if view.permissions is None:
        if export.marketing_permissions:
            found.warn(
                "marketing_permissions_unchecked",
                "Mailchimp shows the ids of marketing permissions of contacts alone, and the "
                "audience has none yet: whether these exist is seen in the first run.",
            )
        return
    for permission in export.marketing_permissions:
        if permission not in view.permissions:
            found.problem(
                f"marketing_permissions.{permission}",
                "the audience has no such marketing permission",
                "permission_unknown",
                permission=permission,
            )


def _check_room(existing: int, mapping: Resolution, found: Findings) -> None:
    """Warn where the fields that are to be created may not all find room."""
    wanted = len(mapping.missing)
    if wanted and existing + wanted > MERGE_FIELD_LIMIT:
        found.warn(
            "merge_fields_above_limit",
            f"The audience has {existing} merge fields and is to get {wanted} more. Most Mailchimp "
            f"plans have room for {MERGE_FIELD_LIMIT}: where there is none, runs fail and create "
            "none of them.",
            existing=existing,
            wanted=wanted,
            limit=MERGE_FIELD_LIMIT,
        )


def check_untended(
    export: Export, view: AudienceView, there: Iterable[StoredExport], found: Findings
) -> None:
    """Say how many contacts have a tag of ours that no export has given since an earlier one went.

    `there`: the audience's stored exports, this one among them. A detached one goes on holding its
    contacts, so it counts. Whoever left the segment before this export was made keeps the tag: the
    export doesn't hold them, so it takes nothing from them.
    """
    given = {tag.casefold() for other in there for tag in other.tags}
    own = {name.casefold() for name in view.own_tags}
    holders = {tag.name.casefold(): tag.member_count for tag in view.tags}
    for name in export.tags:
        tag = name.casefold()
        if tag in own and tag not in given and (count := holders.get(tag, 0)):
            found.warn(
                "tag_holders_without_export",
                f"{count} subscribed contacts have the tag {name} from an export that is gone. Who "
                "has left the segment keeps it until somebody takes it away in Mailchimp.",
                tag=name,
                count=count,
            )


def _check_tags(export: Export, view: AudienceView, found: Findings) -> None:
    existing = {tag.name.casefold() for tag in view.tags}
    own = {name.casefold() for name in view.own_tags}
    saved = {name.casefold() for name in view.saved_segments}
    for number, segment in enumerate(export.segments):
        tag = segment.tag.casefold()
        if tag in existing and tag not in own and not segment.adopt:
            found.problem(
                f"segments.{number}.tag",
                "the audience has a tag of this name that this product did not make; set adopt "
                "to use it, or choose another tag",
                "tag_not_ours",
                tag=segment.tag,
            )
        if tag in saved and tag not in existing:
            found.problem(
                f"segments.{number}.tag",
                "the audience has a saved segment of this name, which Mailchimp may keep from "
                "tags; choose another tag",
                "tag_name_taken",
                tag=segment.tag,
            )
