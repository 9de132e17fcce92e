"""People who act while a run is at work: they cancel, withdraw consent, rotate tokens."""

import time
from functools import partial
from typing import Any

from tests.campaigns.faults import oracle, people
from tests.campaigns.faults.lab import Case
from tests.campaigns.faults.oracle import Picture
from tests.campaigns.faults.relay import Trap, When
from tests.campaigns.faults.scenario import Findings, Reference, Scenario, first_run_done, verdict

# Where a run is when somebody cancels it.
_STAGES: tuple[tuple[str, int, When], ...] = (
    ("write runs/{run}/run.json", 1, "after"),
    ("send segment-export-plan", 1, "after"),
    ("call GET /lists/{id}", 1, "before"),
    ("write runs/{run}/plan.json", 1, "before"),
    ("write runs/{run}/plan.json", 1, "after"),
    ("send segment-export-lane", 1, "before"),
    ("call POST /lists/{id}", 1, "before"),
    ("call POST /lists/{id}", 2, "after"),
    ("append runs/{run}/chunks/{n}", 1, "before"),
    ("call DELETE /lists/{id}/members/{hash}", 5, "before"),
    ("call DELETE /lists/{id}/members/{hash}", 40, "after"),
    ("write ledgers/{uid}/table", 1, "before"),
)
# No call may start later than this after the answer to a cancellation.
_CALM_AFTER_SECONDS = 5


def all_acts() -> list[Scenario]:
    """Return every scenario of this file."""
    return [
        *(Scenario(f"cancelled {w} {k} #{n}", partial(_cancelled, k, n, w)) for k, n, w in _STAGES),
        Scenario("cancelled for good after half of the first run", _half),
        Scenario("consent withdrawn while sending", _withdrawn),
        Scenario("token rotated while sending", _rotated),
        Scenario("token revoked while sending", _revoked),
        Scenario("a person unsubscribes before the run", _unsubscribed),
    ]


def _cancelled(kind: str, nth: int, when: When, case: Case, reference: Reference) -> Findings:
    """Cancel at a step; the run after it leaves what an undisturbed one would have."""
    first_run_done(case)
    answered: list[float] = []

    def cancel() -> None:
        run = case.blobs.read_document(f"runs/_active/{case.name}")
        if run is not None:
            answer = case.stack.api("POST", f"runs/{run[0]['id']}/cancel")
            if answer.ok:
                answered.append(time.monotonic())

    trap = Trap(_plain(kind), nth, when, act=lambda: case.lab.later(0, cancel))
    case.relay.set(trap)
    run = case.start()
    record = case.await_end(run)
    problems = _late_calls(case, answered)
    problems += oracle.left_behind(case)
    if answered and record["status"] != "cancelled":
        problems.append(f"cancelled, but the run is {record['status']}")
    if answered:
        problems += _next_run(case, reference.second)
    return {f"cancel {when} {kind}": trap.struck}, problems


def _late_calls(case: Case, answered: list[float]) -> list[str]:
    if not answered:
        return []
    late = [
        f"{call.method} {call.path} {call.started - answered[0]:.1f} s after the answer"
        for call in case.mailchimp.calls()
        if call.account_id == case.account.account_id
        and call.started > answered[0] + _CALM_AFTER_SECONDS
    ]
    return late[:3]


def _next_run(case: Case, wanted: Picture) -> list[str]:
    """Run again: audience and ledger become what they should be, whatever was done before."""
    case.relay.set()
    record = case.run()
    seen = oracle.picture(case, record)
    # What was done before the cancellation is told as unchanged now.
    problems = oracle.differences(
        Picture(seen.status, seen.audience, [], seen.ledger),
        Picture(wanted.status, wanted.audience, [], wanted.ledger),
    )
    rows = [(email, who) for email, who, _ in seen.outcomes]
    if len(set(rows)) != len(rows):
        problems.append("a profile has two outcomes")
    return problems + oracle.connections(case) + oracle.repeated(case)


def _half(case: Case, reference: Reference) -> Findings:
    """The first run ends for good in the middle; then the segments change.

    Whoever it had sent and has left since has to leave the audience, although no run that
    succeeded ever knew of them.
    """
    case.set_up()
    reached: dict[str, int] = {}

    def cancel() -> None:
        run = (case.blobs.read_document(f"runs/_active/{case.name}") or [{}])[0]
        reached["cancel in the middle"] = case.stack.api("POST", f"runs/{run['id']}/cancel").ok

    case.relay.set(
        Trap(r"call POST /lists/\{id\}", 2, "after", at_once=case.kill),
        Trap("host GET queue", 20, "before", act=lambda: case.lab.later(0, cancel)),
    )
    case.await_end(case.start())
    case.relay.set()
    case.write_snapshot(people.second_snapshot(case.size))
    seen = oracle.picture(case, case.run(allow_removals=True))
    problems = []
    for number in people.LEAVERS:
        contact = seen.audience.get(people.address(number))
        if contact is not None and contact[0] != "archived":
            problems.append(f"a leaver is {contact[0]}")
    left = {people.address(number) for number in people.LEAVERS}
    problems += oracle.differences(
        Picture("", {k: v for k, v in seen.audience.items() if k not in left}, [], {}),
        Picture("", {k: v for k, v in reference.second.audience.items() if k not in left}, [], {}),
    )
    return reached, problems + oracle.left_behind(case) + oracle.repeated(case)


def _withdrawn(case: Case, reference: Reference) -> Findings:
    first_run_done(case)
    answered: list[float] = []

    def withdraw() -> None:
        document = {"name": case.name, "consent": {"accepted": False}}
        if case.stack.api("PUT", f"connections/{case.name}", document).ok:
            answered.append(time.monotonic())

    trap = Trap(r"call POST /lists/\{id\}", 1, "after", act=lambda: case.lab.later(0, withdraw))
    case.relay.set(trap)
    record = case.await_end(case.start())
    problems = _late_calls(case, answered)
    code = (record["error"] or {}).get("code")
    if answered and (record["status"], code) != ("cancelled", "consent_withdrawn"):
        problems.append(f"the run is {record['status']} because of {code}")
    without = case.run()
    if without["status"] != "skipped":
        problems.append(f"the run without consent is {without['status']}")
    case.connect(case.name)
    problems += _next_run(case, reference.second)
    return {"consent withdrawn": trap.struck}, problems


def _rotated(case: Case, reference: Reference) -> Findings:
    """The new token is stored before the old one is revoked, as people do it."""
    first_run_done(case)

    def rotate() -> None:
        new = case.mailchimp.add_key(case.account)
        body = {"api_key": new}
        case.stack.ask("PUT", f"connections/{case.name}/token", body)
        case.mailchimp.revoke_key(case.account.api_key)

    trap = Trap(r"call POST /lists/\{id\}", 1, "before", act=rotate)
    case.relay.set(trap)
    problems = verdict(case, case.start(), reference.second)
    return {"token rotated": trap.struck}, problems


def _revoked(case: Case, reference: Reference) -> Findings:
    """No token is left: the run ends as failed, and the next one with a new token mends all."""
    first_run_done(case)
    trap = Trap(
        r"call POST /lists/\{id\}",
        2,
        "before",
        act=lambda: case.mailchimp.revoke_key(case.account.api_key),
    )
    case.relay.set(trap)
    record = case.await_end(case.start())
    problems = _failed_as(record, "mailchimp_unauthorized")
    new = case.mailchimp.add_key(case.account)
    case.stack.ask("PUT", f"connections/{case.name}/token", {"api_key": new})
    problems += _next_run(case, reference.second)
    return {"token revoked": trap.struck}, problems


def _failed_as(record: dict[str, Any], code: str) -> list[str]:
    seen = (record["error"] or {}).get("code")
    if (record["status"], seen) == ("failed", code):
        return []
    return [f"the run is {record['status']} because of {seen}, not {code}"]


def _unsubscribed(case: Case, reference: Reference) -> Findings:
    """Somebody leaves by the link in a mail between two runs: nobody subscribes them again."""
    first_run_done(case)
    person = people.address(people.LEAVERS.stop + 5)
    case.mailchimp.unsubscribe_by_self(case.audience, person)
    case.await_end(case.start(full=True))
    status = case.mailchimp.contacts(case.audience)[person].status
    del reference
    return {"unsubscribed": 1}, [] if status == "unsubscribed" else [f"the person is {status}"]


def _plain(kind: str) -> str:
    import re

    return re.escape(kind)
