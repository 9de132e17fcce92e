"""Mailchimp, storage and vault that misbehave while a run is at work."""

import random
from functools import partial

from tests.campaigns.faults import people
from tests.campaigns.faults.lab import Case
from tests.campaigns.faults.relay import Harm, Trap
from tests.campaigns.faults.scenario import Findings, Reference, Scenario, first_run_done, verdict

# Faults of the simulator; those with `after_work` also with the work done.
_STATUSES = ("429", "429_bodyless", "403_bodyless", "403_html", "404_bodyless", "500", "503")
# After these the slot waits until Mailchimp can't be working on the call any more.
_LOST = ("502_html", "504_html", "reset_before", "reset_after_work", "truncated_answer", "timeout")
_DONE_ALL_THE_SAME = ("500", "502_html", "503", "504_html", "timeout")
_STORM = 40
_OUTAGE_SECONDS = 20
# So many requests to storage make a run.
_REQUESTS = 350


def all_outages() -> list[Scenario]:
    """Return every scenario of this file."""
    calls = [(kind, False) for kind in (*_STATUSES, *_LOST, "garbled_answer")]
    calls += [(kind, True) for kind in _DONE_ALL_THE_SAME]
    harms: tuple[tuple[Harm, str], ...] = (
        ("reset", "before"),
        ("reset", "after"),
        ("cut", "after"),
        ("fail", "before"),
        ("fail", "after"),
    )
    return [
        *(
            Scenario(_call_name(kind, done), partial(_calls_fail, kind, done))
            for kind, done in calls
        ),
        Scenario("Mailchimp answers 429 for a while", _throttled),
        Scenario("calls with more than 120 contacts always time out", _too_large),
        *(
            Scenario(f"storage: {harm} {when} now and then", partial(_storage_fails, harm, when, n))
            for n, (harm, when) in enumerate(harms)
        ),
        *(
            Scenario(f"storage gone for {_OUTAGE_SECONDS} s at {kind}", partial(_outage, kind))
            for kind in (
                r"write runs/\{run\}/plan.json",
                r"call POST /lists/\{id\}",
                r"call DELETE .*",
                r"write ledgers/\{uid\}/table",
            )
        ),
        Scenario("Mailchimp gone for a while", _unreachable),
        Scenario(
            "storage stopped and started while sending", _restarted, lab={"keep_storage": True}
        ),
        Scenario("the vault is silent for a while", _silent_vault, lab={}),
        Scenario("the vault refuses the token", _no_token),
        Scenario("a segment is rewritten while it is read", _rewritten),
    ]


def _call_name(kind: str, done: bool) -> str:
    return f"calls fail now and then: {kind}" + (", the work done" if done else "")


def _calls_fail(kind: str, done: bool, case: Case, reference: Reference) -> Findings:
    """Of the calls of a run a third fail, with a limit where each takes seconds."""
    first_run_done(case)
    slow = kind in _LOST
    case.mailchimp.fail_next(
        f"lists/{case.audience}",
        kind,
        times=8 if slow else _STORM,
        probability=0.34,
        seed=len(kind),
        after_work=done,
    )
    problems = verdict(case, case.start(), reference.second)
    return _struck(case, kind), problems


def _throttled(case: Case, reference: Reference) -> Findings:
    """The plan is refused a few times, and then the lanes."""
    first_run_done(case)
    case.mailchimp.fail_next(f"lists/{case.audience}", "429", times=4)
    # Few chunks: one lane gets many of them, and waits twice as long after each.
    case.mailchimp.fail_next(f"lists/{case.audience}", "429", times=12, min_members=1)
    problems = verdict(case, case.start(), reference.second)
    return _struck(case, "429"), problems


def _too_large(case: Case, reference: Reference) -> Findings:
    first_run_done(case)
    case.mailchimp.fail_next(f"lists/{case.audience}", "timeout", times=None, min_members=121)
    problems = verdict(case, case.start(), reference.second)
    return _struck(case, "timeout"), problems


def _struck(case: Case, kind: str) -> dict[str, int]:
    calls = [c for c in case.mailchimp.calls() if c.account_id == case.account.account_id]
    return {f"call: {kind}": sum(call.fault == kind for call in calls)}


def _storage_fails(harm: Harm, when: str, seed: int, case: Case, reference: Reference) -> Findings:
    """Some requests of a run, by lot, are lost on their way or have their answers lost."""
    first_run_done(case)
    dice = random.Random(seed)  # noqa: S311 - repeatable, not secret
    # What goes wrong for the host itself is the host's business.
    wrong = [
        Trap(
            r"(write|append|create|delete|metadata|acquire|release|renew|send|read|list) .*",
            nth,
            "before" if when == "before" else "after",
            harm,
        )
        for nth in sorted(dice.sample(range(3, _REQUESTS), 6))
    ]
    case.relay.set(*wrong)
    problems = verdict(case, case.start(), reference.second)
    return {f"storage: {harm} {when}": sum(trap.struck for trap in wrong)}, problems


def _outage(kind: str, case: Case, reference: Reference) -> Findings:
    """Storage answers nobody from one step on, for longer than a lease lasts."""
    first_run_done(case)

    def begin() -> None:
        case.relay.down |= {"blob", "queue"}
        case.lab.later(_OUTAGE_SECONDS, case.relay.down.clear)

    trap = Trap(kind, 1, "before", at_once=begin)
    case.relay.set(trap)
    problems = verdict(case, case.start(), reference.second)
    return {f"storage gone at {kind}": trap.struck}, problems


def _unreachable(case: Case, reference: Reference) -> Findings:
    first_run_done(case)

    def begin() -> None:
        case.relay.down.add("mailchimp")
        case.lab.later(5, case.relay.down.clear)

    trap = Trap(r"call POST /lists/\{id\}", 1, "before", at_once=begin)
    case.relay.set(trap)
    problems = verdict(case, case.start(), reference.second)
    return {"Mailchimp gone": trap.struck}, problems


def _restarted(case: Case, reference: Reference) -> Findings:
    """The storage service itself ends and comes back with what it had."""
    first_run_done(case)

    trap = Trap(r"call POST /lists/\{id\}", 1, "after", act=case.lab.restart_storage)
    case.relay.set(trap)
    problems = verdict(case, case.start(), reference.second)
    return {"storage restarted": trap.struck}, problems


def _silent_vault(case: Case, reference: Reference) -> Findings:
    """Nobody can read the token for a while, neither the plan nor the lanes: the run waits."""
    first_run_done(case)
    _forget_token(case)
    case.stack.vault.pause()
    run = case.start()
    case.lab.later(_OUTAGE_SECONDS / 2, case.stack.vault.resume)
    problems = verdict(case, run, reference.second)
    return {"vault silent": 1}, problems


def _no_token(case: Case, reference: Reference) -> Findings:
    """The vault says no: the run ends with that reason, the next one does all its work."""
    first_run_done(case)
    _forget_token(case)
    vault = case.stack.vault
    secret = f"mailchimp-{case.name}"
    vault.deny(secret)
    record = case.run()
    vault.allow(secret)
    problems = []
    if record["status"] != "failed" or not record["error"]:
        problems.append(f"the run is {record['status']}")
    problems += verdict(case, case.start(), reference.second)
    return {"token refused": sum(status == 403 for *_, status in vault.requests)}, problems


def _forget_token(case: Case) -> None:
    """Have a process that has not read the token yet."""
    case.stack.kill_host()
    case.start_hosts()


def _rewritten(case: Case, reference: Reference) -> Findings:
    """Customer Insights writes the blobs anew, with other rows, after the first was read."""
    case.set_up()
    case.run()
    case.write_snapshot(people.first_snapshot(case.size))

    def rewrite() -> None:
        case.write_snapshot(people.second_snapshot(case.size), again=True)

    trap = Trap("source GET", 5, "before", act=rewrite)
    case.relay.set(trap)
    problems = verdict(case, case.start(), reference.second)
    return {"segment rewritten while read": trap.struck}, problems
