"""From what is known of a person to one verdict, and what would change it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, get_args

from shared.people.facts import Facts
from shared.platform.clock import to_text

# The worst first.
VerdictCode = Literal[
    "unknown_person",
    "erased",
    "never_run",
    "not_in_segments",
    "no_email",
    "invalid_email",
    "filtered",
    "no_consent",
    "consent_withdrawn",
    "duplicate",
    "unsubscribed",
    "cleaned",
    "pending",
    "transactional",
    "archived_by_others",
    "forgotten",
    "compliance",
    "fake",
    "too_many_signups",
    "value_refused",
    "refused_otherwise",
    "failed",
    "addition_withheld",
    "removal_withheld",
    "removal_due",
    "left",
    "archived_as_leaver",
    "unsubscribed_as_leaver",
    "removed_by_hand",
    "address_changed",
    "waiting_for_run",
    "delivered",
]
# Things to do, each in its place.
StepCode = Literal[
    "add_to_segment",
    "correct_address",
    "give_own_address",
    "match_filter",
    "give_consent",
    "correct_value",
    "refresh_segments",
    "subscribe_by_themselves",
    "confirm_subscription",
    "restore_in_mailchimp",
    "allow_additions",
    "allow_removals",
    "wait_until",
    "run_export",
    "run_in_full",
    "ask_new_address",
]
ORDER: tuple[VerdictCode, ...] = get_args(VerdictCode)
Params = dict[str, str | int | None]

_REFUSED: Mapping[str, VerdictCode] = {
    "rejected_compliance": "compliance",
    "rejected_forgotten": "forgotten",
    "rejected_fake": "fake",
    "rejected_too_many_signups": "too_many_signups",
    "rejected_merge_field": "value_refused",
    "rejected_other": "refused_otherwise",
    "failed": "failed",
    "skipped_growth_limit": "addition_withheld",
}
_PROTECTED: Mapping[str, VerdictCode] = {
    "unsubscribed": "unsubscribed",
    "cleaned": "cleaned",
    "pending": "pending",
    "transactional": "transactional",
    "archived": "archived_by_others",
}
_KEPT_OUT: Mapping[str, VerdictCode] = {
    "skipped_no_email": "no_email",
    "skipped_invalid_email": "invalid_email",
    "skipped_filtered": "filtered",
    "skipped_no_consent": "no_consent",
    "skipped_duplicate": "duplicate",
}


@dataclass(frozen=True)
class Verdict:
    """A code with what it is about; no person in it."""

    code: VerdictCode
    params: Params = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """Something that would change a verdict."""

    code: StepCode
    params: Params = field(default_factory=dict)


def judge(facts: Facts) -> Verdict:
    """Return the verdict on a person in one export: the first that any rule gives."""
    code = next(code for rule in _RULES if (code := rule(facts)) is not None)
    return Verdict(code, _params(code, facts))


def worst(judged: Iterable[tuple[Facts, Verdict]]) -> Verdict:
    """Return the verdict on a person across exports: that of the one where most is wrong.

    Exports that know nothing of the person decide it only where there is no other.
    """
    judged = list(judged)
    if not any(facts.known or facts.erased or _seen(facts) for facts, _ in judged):
        return Verdict("unknown_person")
    counting = [verdict for facts, verdict in judged if facts.known]
    verdicts = counting or [verdict for _, verdict in judged]
    return min(verdicts, key=lambda verdict: ORDER.index(verdict.code))


def steps_of(verdict: Verdict, facts: Facts) -> tuple[Step, ...]:
    """Return what would change a verdict, in the order in which it is to be done."""
    if (facts.snapshot_newer or facts.changed) and verdict.code in _OF_THE_INPUT:
        # What has come since may have changed it already: looking costs nothing.
        return (Step("run_export"), *_STEPS[verdict.code](facts))
    return _STEPS[verdict.code](facts)


def _seen(facts: Facts) -> bool:
    return bool(facts.told) or facts.status not in ("unknown", "missing")


def _of_everybody(facts: Facts) -> VerdictCode | None:
    if facts.erased:
        return "erased"
    return None if facts.looked else "never_run"


def _of_who_is_in_no_segment(facts: Facts) -> VerdictCode | None:
    if facts.member:
        return None
    last, held = facts.last, facts.held
    if facts.elsewhere:
        return "address_changed"
    if last is not None and last.reason == "removal_withheld":
        return "removal_withheld"
    if held is not None and held.due:
        return "removal_due"
    if last is not None and last.leaver:
        return _LEFT.get(last.code, "left")
    if held is not None and held.accepted:
        # Under `keep` nothing is told of leavers.
        return "waiting_for_run" if facts.ahead else "left"
    return "not_in_segments"


_LEFT: Mapping[str, VerdictCode] = {
    "archived": "archived_as_leaver",
    "unsubscribed": "unsubscribed_as_leaver",
}


def _of_the_profile(facts: Facts) -> VerdictCode | None:
    code = _KEPT_OUT.get(facts.judged or "")
    if code == "no_consent" and facts.refused and _had_consented(facts):
        return "consent_withdrawn"
    return code


def _had_consented(facts: Facts) -> bool:
    told = any(one.reason == "consent_withdrawn" for one in facts.told)
    return told or (facts.held is not None and facts.held.consented)


def _of_the_audience(facts: Facts) -> VerdictCode | None:
    """Judge by the contact's state: Mailchimp's now, or where it can't be asked as last told."""
    state = facts.status
    last = facts.last
    if state == "unknown" and last is not None:
        state = last.code.removeprefix("skipped_")
    code = _PROTECTED.get(state)
    if code == "unsubscribed" and _left_by(facts, "unsubscribed"):
        return "unsubscribed_as_leaver"
    if code == "archived_by_others" and (_left_by(facts, "archived") or _archived_by_us(facts)):
        # Back in a segment: the next run asks them back.
        return "waiting_for_run"
    return code


def _left_by(facts: Facts, code: str) -> bool:
    """Return whether this export did it, when the person had left."""
    done = next((one for one in facts.told if one.leaver), None)
    return done is not None and done.code == code


def _archived_by_us(facts: Facts) -> bool:
    last = facts.last
    was_foreign = last is not None and last.code == "skipped_archived"
    return facts.held is not None and facts.held.archived and not was_foreign


def _of_the_last_run(facts: Facts) -> VerdictCode | None:
    last, held = facts.last, facts.held
    if last is not None:
        return _REFUSED.get(last.code)
    refusal = held.refusal if held is not None else None
    return _REFUSED.get(refusal or "")


def _of_what_is_missing(facts: Facts) -> VerdictCode | None:
    """Judge by what the audience lacks that a run had given."""
    held, last = facts.held, facts.last
    sent = held is not None and held.accepted and (last is None or not last.leaver)
    if not sent or held is None:
        return None
    lacks = facts.tag_ids is not None and not held.tag_ids <= facts.tag_ids
    return "removed_by_hand" if facts.status == "missing" or lacks else None


def _of_the_rest(facts: Facts) -> VerdictCode:
    last = facts.last
    held = facts.held is not None and facts.held.accepted
    was_sent = (last is not None and last.code in _DELIVERED and not last.leaver) or (
        last is None and held
    )
    return "delivered" if was_sent else "waiting_for_run"


_DELIVERED = frozenset({"created", "updated", "tagged", "untagged", "unchanged"})
_RULES: tuple[Callable[[Facts], VerdictCode | None], ...] = (
    _of_everybody,
    _of_who_is_in_no_segment,
    _of_the_profile,
    _of_the_audience,
    _of_the_last_run,
    _of_what_is_missing,
    _of_the_rest,
)


def _params(code: VerdictCode, facts: Facts) -> Params:
    last = facts.last
    match code:
        case "no_email" | "invalid_email" | "fake":
            return {"column": facts.columns.get("email")}
        case "no_consent" | "consent_withdrawn":
            return {"column": facts.columns.get("consent")}
        case "removed_by_hand":
            return {"what": "contact" if facts.status == "missing" else "tag"}
        case (
            "failed"
            | "value_refused"
            | "refused_otherwise"
            | "compliance"
            | "forgotten"
            | "too_many_signups"
            | "addition_withheld"
            | "removal_withheld"
            | "left"
            | "archived_as_leaver"
            | "unsubscribed_as_leaver"
        ):
            return {"run": last.run if last else None}
        case _:
            return {}


_RENEW = (Step("refresh_segments"), Step("run_export"))
# What the snapshots decide.
_OF_THE_INPUT: frozenset[VerdictCode] = frozenset(
    {
        "not_in_segments",
        "no_email",
        "invalid_email",
        "filtered",
        "no_consent",
        "consent_withdrawn",
        "duplicate",
        "left",
    }
)


def _change(code: StepCode, column: str | None = None) -> Callable[[Facts], tuple[Step, ...]]:
    """Something to be changed at the source, written anew and sent."""

    def steps(facts: Facts) -> tuple[Step, ...]:
        params: Params = {"column": facts.columns.get(column)} if column else {}
        return (Step(code, params), *_RENEW)

    return steps


def _do(*codes: StepCode) -> Callable[[Facts], tuple[Step, ...]]:
    return lambda _: tuple(map(Step, codes))


def _try_again(facts: Facts) -> tuple[Step, ...]:
    retry_at = facts.held.retry_at if facts.held is not None else 0
    wait: tuple[Step, ...] = ()
    if retry_at > 0:
        wait = (Step("wait_until", {"at": to_text(datetime.fromtimestamp(retry_at, UTC))}),)
    return (*wait, Step("run_export"))


_BACK_IN = _change("add_to_segment")
_STEPS: Mapping[VerdictCode, Callable[[Facts], tuple[Step, ...]]] = {
    "unknown_person": _BACK_IN,
    "erased": _do(),
    "never_run": _do("run_export"),
    "not_in_segments": _BACK_IN,
    "no_email": _change("correct_address", "email"),
    "invalid_email": _change("correct_address", "email"),
    "filtered": _change("match_filter"),
    "no_consent": _change("give_consent", "consent"),
    "consent_withdrawn": _change("give_consent", "consent"),
    "duplicate": _change("give_own_address", "email"),
    "unsubscribed": _do("subscribe_by_themselves"),
    "cleaned": _change("correct_address", "email"),
    "pending": _do("confirm_subscription"),
    "transactional": _do("subscribe_by_themselves"),
    "archived_by_others": _do("restore_in_mailchimp", "run_export"),
    "forgotten": _do("subscribe_by_themselves"),
    "compliance": _do("subscribe_by_themselves"),
    "fake": _change("correct_address", "email"),
    "too_many_signups": _try_again,
    "value_refused": _change("correct_value"),
    "refused_otherwise": _try_again,
    "failed": _do("run_export"),
    "addition_withheld": _do("allow_additions"),
    "removal_withheld": _do("allow_removals"),
    "removal_due": _do("refresh_segments", "run_export"),
    "left": _BACK_IN,
    "archived_as_leaver": _BACK_IN,
    "unsubscribed_as_leaver": _do("subscribe_by_themselves"),
    "removed_by_hand": _do("run_in_full"),
    "address_changed": _do("ask_new_address"),
    "waiting_for_run": _do("run_export"),
    "delivered": _do(),
}
