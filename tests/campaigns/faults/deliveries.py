"""Messages that come twice, late or never, hosts that freeze, and two of everything."""

import os
import signal
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

from tests.campaigns.faults import oracle, people
from tests.campaigns.faults.lab import Case
from tests.campaigns.faults.relay import Trap
from tests.campaigns.faults.scenario import Findings, Reference, Scenario, first_run_done, verdict

_FREEZE_SECONDS = 18
_FREEZES = (
    r"write runs/\{run\}/plan.json",
    r"call POST /lists/\{id\}",
    r"append runs/\{run\}/chunks/\{n\}",
    r"call DELETE .*",
    r"write ledgers/\{uid\}/ledger.json",
)


def all_deliveries() -> list[Scenario]:
    """Return every scenario of this file."""
    return [
        Scenario("every message is delivered twice", _twice, hosts=2),
        *(
            Scenario(f"messages lost after {kind}", partial(_lost, kind))
            for kind in (
                "send segment-export-plan",
                "send segment-export-lane",
                "send segment-export-finish",
                r"append runs/\{run\}/chunks/\{n\}",
            )
        ),
        Scenario("two planners on different snapshots", _two_planners, hosts=2),
        *(
            Scenario(f"a host freezes at {kind} and comes back", partial(_frozen, kind), hosts=2)
            for kind in _FREEZES
        ),
        Scenario("plan fails until its message is poisoned", partial(_poisoned, 6)),
        Scenario("plan fails for good", _plan_never_works),
    ]


def _twice(case: Case, reference: Reference) -> Findings:
    first_run_done(case)
    trap = Trap("send .*", 1, "after", "double", times=10**6)
    case.relay.set(trap)
    problems = verdict(case, case.start(), reference.second)
    return {"message doubled": trap.struck}, problems


def _lost(kind: str, case: Case, reference: Reference) -> Findings:
    first_run_done(case)
    traps = [Trap(kind, nth, "after", act=case.clear_queues) for nth in (1, 2, 3)]
    case.relay.set(*traps)
    problems = verdict(case, case.start(), reference.second)
    return {f"messages lost after {kind}": sum(trap.struck for trap in traps)}, problems


def _two_planners(case: Case, reference: Reference) -> Findings:
    """One planner freezes before its plan counts; another plans on a newer snapshot.

    The first then comes back and must send what the other has planned.
    """
    case.set_up()
    case.run()
    case.write_snapshot(people.first_snapshot(case.size))
    frozen: list[int] = []

    def freeze() -> None:
        holder = _holder(case)
        frozen.append(holder)
        os.killpg(holder, signal.SIGSTOP)

    def wait_for_another() -> None:
        case.write_snapshot(people.second_snapshot(case.size))
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not _has_plan(case):
            time.sleep(0.2)
        os.killpg(frozen[0], signal.SIGCONT)

    trap = Trap(r"write runs/\{run\}/plan.json", 1, "before", at_once=freeze, act=wait_for_another)
    case.relay.set(trap)
    problems = verdict(case, case.start(), reference.second)
    return {"two planners": trap.struck}, problems


def _frozen(kind: str, case: Case, reference: Reference) -> Findings:
    """All that a host holds runs out while it does not notice; then it goes on."""
    first_run_done(case)

    def freeze() -> None:
        holder = _holder(case)
        os.killpg(holder, signal.SIGSTOP)
        case.lab.later(_FREEZE_SECONDS, partial(_thaw, holder))

    trap = Trap(kind, 1, "before", at_once=freeze)
    case.relay.set(trap)
    problems = verdict(case, case.start(), reference.second)
    return {f"host frozen at {kind}": trap.struck}, problems


def _thaw(pid: int) -> None:
    os.killpg(pid, signal.SIGCONT)


def _holder(case: Case) -> int:
    """Return the process group of the host whose worker's request has sprung the trap."""
    wanted = f":{case.relay.struck_by:04X} "
    lines = Path("/proc/net/tcp").read_text("ascii").splitlines()
    # Columns: number, local address, remote address, …, inode.
    inodes = [line.split()[9] for line in lines if wanted in f"{line.split()[1]} "]
    for host in case.stack.hosts:
        for handle in Path(f"/proc/{host.worker_pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                if str(handle.readlink()) in [f"socket:[{inode}]" for inode in inodes]:
                    return host.pid
    raise LookupError("no host has this connection")


def _has_plan(case: Case) -> bool:
    return any(blob.name.endswith("/plan.json") for blob in case.blobs.list(f"runs/{case.name}/"))


def _poisoned(times: int, case: Case, reference: Reference) -> Findings:
    first_run_done(case)
    trap = Trap(r"write runs/\{run\}/plans/.*/table.parquet", 1, "before", "refuse", times=times)
    case.relay.set(trap)
    problems = verdict(case, case.start(), reference.second)
    return {"plan attempt failed": trap.struck}, problems


def _plan_never_works(case: Case, reference: Reference) -> Findings:
    """The run ends as failed by itself, and the next one, when it works again, does it all."""
    first_run_done(case)
    trap = Trap(r"write runs/\{run\}/plans/.*/table.parquet", 1, "before", "refuse", times=10**6)
    case.relay.set(trap)
    # Twenty attempts ten seconds apart and three pauses of half a minute, beside other scenarios.
    record = case.await_end(case.start(), timeout=600)
    code = (record["error"] or {}).get("code")
    problems = []
    if (record["status"], code) != ("failed", "internal_error"):
        problems.append(f"the run is {record['status']} because of {code}")
    problems += oracle.left_behind(case)
    case.relay.set()
    problems += verdict(case, case.start(), reference.second)
    return {"plan attempt failed": trap.struck}, problems
