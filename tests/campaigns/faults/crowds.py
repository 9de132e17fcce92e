"""Two exports on one Mailchimp account, two hosts, calls that outlive those who made them."""

import time
from typing import Any

from tests.campaigns.faults import oracle, people
from tests.campaigns.faults.lab import Case, kill_at_once
from tests.campaigns.faults.relay import Trap
from tests.campaigns.faults.scenario import Findings, Reference, Scenario

# Enough calls for all connections, each long enough that all of them are open at once.
_SIZE = people.Size(people=6000, later=600, changed=3000)
_CALL = {"bulk_seconds": 1.5}


def all_crowds() -> list[Scenario]:
    """Return every scenario of this file."""
    return [
        Scenario("two exports on one account", _two_exports, 2, size=_SIZE, lab=_CALL),
        Scenario(
            "a host is killed with all calls open, beside another",
            _killed,
            2,
            size=_SIZE,
            lab=_CALL,
        ),
        Scenario("both hosts are killed with all calls open", _both, 2, size=_SIZE, lab=_CALL),
        Scenario(
            "a late call of a cancelled run",
            _late,
            lab={"timeout_work": "late", "timeout_hold_seconds": 1.2},
        ),
    ]


def _start_both(case: Case) -> list[str]:
    """Have two exports by two connections to one account, and start both."""
    case.set_up("north", "south", leavers="untag")
    return [case.start("north"), case.start("south")]


def _all_right(case: Case, runs: list[str]) -> list[str]:
    """Await both runs; every contact has the tags of both exports, no connection was too many."""
    records = [case.await_end(run) for run in runs]
    problems = [f"{r['id']} is {r['status']}" for r in records if r["status"] != "succeeded"]
    contacts = case.mailchimp.contacts(case.audience)
    protected = {
        people.address(number)
        for numbers in (
            people.audience(case.size).unsubscribed,
            people.audience(case.size).cleaned,
        )
        for number in numbers
    }
    wrong = 0
    for name, rows in people.first_snapshot(case.size).items():
        tags = {f"{people.SEGMENTS[name]} ({export})" for export in ("north", "south")}
        for email in rows["Email"]:
            contact = contacts.get(email)
            if email in protected:
                wrong += contact is None or contact.status == "subscribed" or bool(contact.tags)
            else:
                wrong += contact is None or not tags <= contact.tags
    if wrong:
        problems.append(f"{wrong} contacts are wrong")
    for record in records:
        told = oracle.outcomes(case, record["id"])
        if len({(email, who) for email, who, _ in told}) != len(told):
            problems.append("a profile has two outcomes")
    problems += oracle.left_behind(case) + oracle.connections(case)
    return problems + [p for name in ("north", "south") for p in oracle.repeated(case, name)]


def _most_open(case: Case) -> int:
    return case.mailchimp.stats().accounts[case.account.account_id].max_in_flight


def _two_exports(case: Case, reference: Reference) -> Findings:
    del reference
    problems = _all_right(case, _start_both(case))
    return {"calls open at once": _most_open(case)}, problems


def _killed(case: Case, reference: Reference) -> Findings:
    del reference
    runs = _start_with_trap(case, lambda: kill_at_once(case.stack.hosts[0]))
    return {"calls open at once": _most_open(case)}, _all_right(case, runs)


def _both(case: Case, reference: Reference) -> Findings:
    del reference
    runs = _start_with_trap(case, case.kill)
    return {"calls open at once": _most_open(case)}, _all_right(case, runs)


def _start_with_trap(case: Case, kill: Any) -> list[str]:
    """Start both exports; kill when the eighth call goes out, before any answer has come."""
    case.set_up("north", "south", leavers="untag")
    case.relay.set(Trap(r"call POST /lists/\{id\}", 8, "before", at_once=kill))
    return [case.start("north"), case.start("south")]


def _late(case: Case, reference: Reference) -> Findings:
    """Calls time out and are worked on later, when their run has been cancelled.

    What they write must not land on what the next run writes, which has newer values.
    """
    case.set_up()
    case.mailchimp.fail_next(f"lists/{case.audience}$", "timeout", times=3, after_work=True)
    run = case.start()

    def timing_out() -> bool:
        return any(c.fault and c.path.endswith(case.audience) for c in case.mailchimp.calls())

    case.wait_for(timing_out, "a call that times out")
    case.stack.ask("POST", f"runs/{run}/cancel")
    case.write_snapshot(people.second_snapshot(case.size))
    case.await_end(run)
    problems = oracle.differences(
        _without_leavers(oracle.picture(case, case.run(allow_removals=True))),
        _without_leavers(reference.second),
    )
    time.sleep(2)
    return {"late call": 1}, problems + oracle.left_behind(case) + oracle.repeated(case)


def _without_leavers(seen: oracle.Picture) -> oracle.Picture:
    """Keep of a picture whom no run may have missed; who was never sent can't be archived."""
    left = {people.address(number) for number in people.LEAVERS}
    audience = {email: essence for email, essence in seen.audience.items() if email not in left}
    return oracle.Picture("", audience, [], {})
