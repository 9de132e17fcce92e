"""How hosts end in Azure: killed, told to stop, or outlived by their workers.

What a dead host was working on stays hidden for ten minutes there, and so it does here: only the
tick can go on earlier, and it does, when the dead holders' leases have run out.
"""

from collections.abc import Mapping, Sequence
from functools import partial

from tests.campaigns.faults.lab import Case
from tests.campaigns.faults.relay import Trap
from tests.campaigns.faults.scenario import Findings, Reference, Scenario, first_run_done, verdict

_STEPS = {
    "planning": r"write runs/\{run\}/plans/.*/table.parquet",
    "sending": r"append runs/\{run\}/chunks/\{n\}",
    "finishing": r"write ledgers/\{uid\}/ledger.json",
}
_HIDDEN_SECONDS = 600
_AS_IN_AZURE = ("--hidden", str(_HIDDEN_SECONDS))
# Between SIGTERM and the end of what runs: short, so that it is cut and does not end in time.
_CUT = ("--grace", "0.5", "--http-grace", "0.5")
# How long a request is held: until its host is gone, or until its message has come to another.
_UNTIL_CUT_SECONDS, _UNTIL_DOUBLED_SECONDS = 2.0, 20.0


_EVERYWHERE = tuple(_STEPS)
# Long enough to see what becomes of messages that come back.
_TO_SEE_THEM_COME = 1.5 * _HIDDEN_SECONDS


def all_ends() -> list[Scenario]:
    """Return every scenario of this file but the short one, which is part of the first."""
    steps = " and ".join(_EVERYWHERE)
    return [
        Scenario(
            f"killed while {steps}, messages hidden for ten minutes",
            partial(_killed, _EVERYWHERE, _TO_SEE_THEM_COME),
            options=_AS_IN_AZURE,
        ),
        Scenario(
            f"told to stop while {steps}, messages hidden for ten minutes",
            _told_to_stop,
            options=(*_AS_IN_AZURE, *_CUT),
        ),
        Scenario(f"outlived by its worker while {steps}", _outlived),
    ]


def short_end() -> Scenario:
    """Return what every test run plays: it does not wait for the messages to come back."""
    return Scenario(
        "killed while sending, messages hidden for ten minutes",
        partial(_killed, ("sending",), None),
        options=_AS_IN_AZURE,
    )


def _killed(
    steps: Sequence[str], left_wait: float | None, case: Case, reference: Reference
) -> Findings:
    first_run_done(case)
    traps = {f"killed while {step}": Trap(_STEPS[step], at_once=case.kill) for step in steps}
    return _ended_by_the_tick(traps, left_wait, case, reference)


def _told_to_stop(case: Case, reference: Reference) -> Findings:
    """What the host does at that moment is held until its time is over, and never happens."""
    first_run_done(case)
    traps = {
        f"told to stop while {step}": Trap(
            kind, harm="reset", delay=_UNTIL_CUT_SECONDS, at_once=case.tell_to_stop
        )
        for step, kind in _STEPS.items()
    }
    return _ended_by_the_tick(traps, _TO_SEE_THEM_COME, case, reference)


def _ended_by_the_tick(
    traps: Mapping[str, Trap], left_wait: float | None, case: Case, reference: Reference
) -> Findings:
    """The run ends before a message of a dead host can come back; then they find nothing to do.

    left_wait: seconds to see them come back, None where nobody waits for them.
    """
    case.relay.set(*traps.values())
    run = case.start()
    case.await_end(run, timeout=_HIDDEN_SECONDS / 2)
    hidden = case.waiting_messages()
    problems = verdict(case, run, reference.second, left_wait=left_wait)
    reached = {fault: trap.struck for fault, trap in traps.items()}
    return reached | {"run over, messages of dead hosts still hidden": hidden}, problems


def _outlived(case: Case, reference: Reference) -> Findings:
    """The worker finishes; its message comes to another host while it is still at work."""
    first_run_done(case)
    traps = {
        step: Trap(kind, delay=_UNTIL_DOUBLED_SECONDS, at_once=case.kill_without_workers)
        for step, kind in _STEPS.items()
    }
    case.relay.set(*traps.values())
    problems = verdict(case, case.start(), reference.second)
    return {f"outlived while {step}": trap.struck for step, trap in traps.items()}, problems
