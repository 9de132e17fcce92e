"""What a live check tells: a row for each question, and the reasons for those without an answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

type Result = Literal["as_assumed", "other", "not_shown"]
type Reason = Literal[
    "app_not_reachable",
    "audience_without_double_optin",
    "depends_on_another",
    "domain_is_ascii",
    "mailchimp_refused",
    "mailchimp_unavailable",
    "needs_a_person",
    "needs_another_key",
    "not_used",
    "takes_too_long",
    "too_many_calls",
    "would_do_harm",
]

# What this product assumes where it has to, or is made for as the worse case; by question, in the
# order in which they are asked: first those on which it depends that nobody is subscribed again.
ASSUMED: Mapping[str, str] = {
    "status_if_new": "honoured",
    "answer_status": "current",
    "omitted_status": "keep",
    "status_of_known": "written",
    "archived_answer": "updated",
    "times_on_return": "moved",
    "archived_for_status_if_new": "known",
    "archived_for_create_only": "known",
    "archived_for_no_status": "known",
    "compliance_of_cleaned": "enforced",
    "compliance_sentence": "recognised",
    "contact_id_on_new_address": "kept",
    "api_source": "API - Generic",
    "idn_stored": "as_sent",
    "inline_tags": "applied",
    "other_tags": "kept",
    "unknown_in_segment": "ignored",
    "repeated_tag_answer": "listed",
    "segment_names": "apart",
    "bad_merge_values": "error",
    "long_text": "error",
    "birthday_input": "month_first",
    "answer_casing": "stored",
    "language": "taken",
    "duplicates": "item_error",
    "more_than_500": "refused",
    "filter_post_answers": "whole",
    "double_optin": "bypassed",
    "webhook_signing": "signed",
}
# What no live check can show, and why. Within two minutes, a hundred calls and one key, doing no
# harm, there is no way to find these out.
UNSHOWABLE: Mapping[str, Reason] = {
    "unsubscribed_while_archived": "needs_a_person",
    "source_on_return": "needs_a_person",
    "compliance_after_archiving": "needs_a_person",
    "marketing_permission_ids": "needs_a_person",
    "connection_limit": "would_do_harm",
    "throttled_answers": "would_do_harm",
    "plan_limit": "would_do_harm",
    "limit_per_user": "needs_another_key",
    "seconds_per_500": "too_many_calls",
    "tags_listed": "too_many_calls",
    "merge_field_limit": "too_many_calls",
    "pages_of_1000": "too_many_calls",
    "connection_after_timeout": "takes_too_long",
    "work_after_timeout": "takes_too_long",
    "batches_at_once": "takes_too_long",
    "batch_retention": "takes_too_long",
    "webhook_repeats": "takes_too_long",
    "account_export": "takes_too_long",
    "pending_in_bill": "takes_too_long",
    "stale_counts": "takes_too_long",
    "activity_feed": "not_used",
    "scheduled_campaigns": "not_used",
    "advanced_segments": "not_used",
    "audience_contacts": "not_used",
}
CODES = (*ASSUMED, *UNSHOWABLE)


@dataclass(frozen=True)
class NotShown:
    """There is no answer, and why."""

    reason: Reason


type Seen = str | NotShown


@dataclass(frozen=True)
class Row:
    """One question with what came of it.

    params: `seen` and `assumed` of one that was answered, `reason` of one that was not.
    """

    code: str
    result: Result
    params: dict[str, str] = field(default_factory=dict)


def row_of(code: str, seen: Seen) -> Row:
    """Return the row of a question for what was seen."""
    if isinstance(seen, NotShown):
        return Row(code, "not_shown", {"reason": seen.reason})
    assumed = ASSUMED[code]
    result: Result = "as_assumed" if seen == assumed else "other"
    return Row(code, result, {"seen": seen, "assumed": assumed})


def unshowable() -> tuple[Row, ...]:
    """Return the rows that are the same in every live check."""
    return tuple(row_of(code, NotShown(reason)) for code, reason in UNSHOWABLE.items())
