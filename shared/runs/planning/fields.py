"""The merge fields of an export: which ones it fills, and which have become others since.

A merge field is its merge id. People may rename its tag in Mailchimp: it is filled under the new
one. Another id under a tag is another field, that nobody's value is in yet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shared.mailchimp import audience as mailchimp_audience
from shared.mailchimp.answers import MergeField
from shared.mailchimp.merge_fields import FieldPlan, Resolution, resolve_mapping
from shared.mailchimp.protocols import AudienceCalls
from shared.notice import Notice
from shared.runs.ledger import MAX_FIELDS, Ledger
from shared.runs.planning.attempt import PlanningAttempt
from shared.runs.planning.waiting import SOON, RetryLaterError
from shared.runs.record import RunFailedError

# Of a merge field that is not known, or yet to be created.
_NO_ID = 0


@dataclass(frozen=True)
class Fields:
    """What an export fills.

    resolved: with the tags that the export gives. called: Mailchimp's tags for those, where they
    differ. ids: merge ids by the export's tags. left_out: the export's names for those that are not
    there, and that it may not create.
    """

    resolved: Resolution
    called: dict[str, str]
    ids: dict[str, int]
    left_out: tuple[str, ...] = ()


def resolve(attempt: PlanningAttempt, there: Sequence[MergeField]) -> Fields:
    """Match the mapping with the audience's merge fields; raises RunFailedError."""
    export, types = attempt.export, attempt.found.types
    resolved = resolve_mapping(export.mapping, there, types)
    lacking = {missing.tag for missing in resolved.missing}
    called = {tag: now for tag, now in _renamed(attempt.old, there).items() if tag in lacking}
    known = _under_given_tags(there, called)
    if called:
        resolved = resolve_mapping(export.mapping, known, types)
    left_out: tuple[str, ...] = ()
    if resolved.missing and export.create_merge_fields:
        resolved = resolve_mapping(export.mapping, known, types, _samples(attempt))
    elif resolved.missing:
        # They were there when the export was saved.
        left_out = tuple(missing.key for missing in resolved.missing)
        there_yet = {key: one for key, one in export.mapping.items() if key not in left_out}
        resolved = resolve_mapping(there_yet, known, types)
    if resolved.problems:
        text = "; ".join(f"{key} {message}" for key, message in resolved.problems)
        raise RunFailedError("internal_error", f"The mapping can't be used: {text}.")
    used = {plan.tag for plan in resolved.plans}
    ids = {field.tag: field.merge_id for field in known if field.tag in used}
    return Fields(resolved, called, ids, left_out)


def create(
    attempt: PlanningAttempt, client: AudienceCalls, there: Sequence[MergeField], fields: Fields
) -> dict[str, int]:
    """Create the merge fields that are missing; return the ids of all, by the export's tags.

    Raises MailchimpError, and RetryLaterError where others have made one of another type.
    """
    old, export = attempt.old, attempt.export
    created = mailchimp_audience.create_missing_fields(
        client,
        old.audience,
        export.mapping,
        _under_given_tags(there, fields.called),
        attempt.found.types,
        _samples(attempt),
    )
    if _kinds(created.plans) != _kinds(fields.resolved.plans):
        raise RetryLaterError(SOON)
    now = _under_given_tags(client.merge_fields(old.audience), fields.called)
    used = {plan.tag for plan in created.plans}
    return {field.tag: field.merge_id for field in now if field.tag in used}


def with_fields(
    ledger: Ledger,
    plans: Sequence[FieldPlan],
    ids: Mapping[str, int],
    there: Sequence[MergeField],
) -> Ledger:
    """Return the ledger with all merge fields that are or were filled, their ids and types."""
    tags = tuple(dict.fromkeys([*ledger.fields, *(plan.tag for plan in plans)]))
    if len(tags) > MAX_FIELDS:
        raise RunFailedError(
            "internal_error",
            f"This export has sent more than {MAX_FIELDS} different merge fields since it was "
            "made. Duplicate it, and use the new one.",
        )
    now = ledger.known_fields | dict(ids)
    types = {field.merge_id: field.type for field in there}
    all_ids = tuple(now.get(tag, _NO_ID) for tag in tags)
    return replace(
        ledger,
        fields=tags,
        field_ids=all_ids,
        field_types=tuple(types.get(id_, "") for id_ in all_ids),
    )


def refilled(old: Ledger, plans: Sequence[FieldPlan], ids: Mapping[str, int]) -> int:
    """Return the mask of merge fields that are others than those that were filled before."""
    known, used = old.known_fields, {plan.tag for plan in plans}
    mask = 0
    for bit, tag in enumerate(old.fields):
        if tag in used and tag in known and ids.get(tag, _NO_ID) != known[tag]:
            mask |= 1 << bit
    return mask


def renamed_warnings(called: Mapping[str, str]) -> list[Notice]:
    """Return the warning `merge_field_renamed` for each tag that people have changed."""
    return [
        Notice(
            "merge_field_renamed",
            f"The merge field {given} was renamed in Mailchimp: its tag is {found} there now, and "
            "it is filled under that. Map that tag in the export, too, or rename it back.",
            {"given": given, "found": found},
        )
        for given, found in called.items()
    ]


def left_out_warnings(left_out: Sequence[str]) -> list[Notice]:
    """Return the warning `merge_field_missing` for each field that the audience lacks."""
    return [
        Notice(
            "merge_field_missing",
            f"The audience has no merge field {tag} any more: it was left out. Map another one, "
            "or let missing ones be created.",
            {"tag": tag},
        )
        for tag in left_out
    ]


def _renamed(old: Ledger, there: Sequence[MergeField]) -> dict[str, str]:
    """Return the tags that fields have now whose former ones nobody has."""
    by_id = {field.merge_id: field for field in there}
    taken = {field.tag.upper() for field in there}
    return {
        tag: by_id[id_].tag
        for tag, id_ in old.known_fields.items()
        if id_ in by_id and tag.upper() not in taken
    }


def _under_given_tags(there: Sequence[MergeField], called: Mapping[str, str]) -> list[MergeField]:
    given = {now: tag for tag, now in called.items()}
    return [replace(field, tag=given.get(field.tag, field.tag)) for field in there]


def _kinds(plans: Sequence[FieldPlan]) -> list[tuple[str, str]]:
    return [(plan.tag, plan.type) for plan in plans]


def _samples(attempt: PlanningAttempt) -> Mapping[str, Sequence[str | None]]:
    # Polars and PyArrow are loaded only where values have to be looked at.
    from shared.runs.planning.reading import samples

    return samples(attempt.export, attempt.found)
