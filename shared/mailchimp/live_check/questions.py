"""All questions of a live check in their order, and what is told of those that fail."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shared.mailchimp.errors import RefusedError, RetryError
from shared.mailchimp.live_check import archived, calls, contacts, statuses, tags, values
from shared.mailchimp.live_check.probe import NotShownError, Probe
from shared.mailchimp.live_check.rows import NotShown, Row, Seen, row_of, unshowable


@dataclass(frozen=True)
class Question:
    """One thing to find out; `codes` are the rows that it answers."""

    ask: Callable[[Probe], Mapping[str, Seen]]
    codes: tuple[str, ...]


QUESTIONS = (
    Question(statuses.status_if_new, ("status_if_new", "answer_status")),
    Question(statuses.omitted_status, ("omitted_status",)),
    Question(statuses.status_of_known, ("status_of_known",)),
    Question(archived.on_return, ("archived_answer", "times_on_return")),
    Question(archived.for_status_if_new, ("archived_for_status_if_new",)),
    Question(archived.for_create_only, ("archived_for_create_only",)),
    Question(archived.for_no_status, ("archived_for_no_status",)),
    Question(statuses.compliance, ("compliance_of_cleaned", "compliance_sentence")),
    Question(contacts.new_address, ("contact_id_on_new_address", "api_source")),
    Question(contacts.idn_stored, ("idn_stored",)),
    Question(tags.inline_tags, ("inline_tags", "other_tags")),
    Question(tags.bulk_tagging, ("unknown_in_segment", "repeated_tag_answer")),
    Question(tags.segment_names, ("segment_names",)),
    Question(values.unusable_values, ("bad_merge_values", "long_text", "birthday_input")),
    Question(calls.answer_casing, ("answer_casing", "language")),
    Question(calls.duplicates, ("duplicates",)),
    Question(calls.more_than_500, ("more_than_500",)),
    Question(calls.filter_post_answers, ("filter_post_answers",)),
    Question(contacts.double_optin, ("double_optin",)),
    Question(contacts.webhook_signing, ("webhook_signing",)),
)


def ask_all(probe: Probe, before_each: Callable[[], None] = lambda: None) -> tuple[Row, ...]:
    """Ask everything; return a row for each question.

    A question that Mailchimp does not answer is not shown, and the others go on. before_each: is
    called before each question and may raise. Raises StopError.
    """
    for question in QUESTIONS:
        before_each()
        probe.seen.update(_answers(question, probe))
    asked = (row_of(code, probe.seen[code]) for one in QUESTIONS for code in one.codes)
    return (*asked, *unshowable())


def _answers(question: Question, probe: Probe) -> Mapping[str, Seen]:
    try:
        return question.ask(probe)
    except NotShownError as error:
        reason = NotShown(error.reason)
    except RefusedError:
        reason = NotShown("mailchimp_refused")
    except RetryError as error:
        probe.unsure |= error.may_be_open
        reason = NotShown("mailchimp_unavailable")
    return dict.fromkeys(question.codes, reason)
