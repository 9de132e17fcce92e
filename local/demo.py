"""`make demo`: 10,000 profiles reach a Mailchimp audience, all on this machine."""

import signal
import sys
import time
from typing import Any

from local.mailchimp.control import ContactState
from local.process import StartError
from local.scenario import (
    EXPORT,
    SIMPLEST,
    TAGS,
    Scenario,
    furnish,
    set_up,
    simplest_document,
)
from local.stack import AppError, Stack
from local.terminal import ProgressLine, bar, children_ignore_interrupts, step, table

# A call with 500 contacts takes Mailchimp about this long; without it there were nothing to see.
SECONDS_PER_CALL = 1.0
# Far above the seconds it takes: an app that never ends a run must not hold a terminal for ever.
_PATIENCE_SECONDS = 300
_ENDED = frozenset({"succeeded", "partial", "failed", "skipped", "cancelled"})
_MEANING = {
    "created": "new in the audience",
    "updated": "were there already: values and tags brought up to date",
    "tagged": "only tags added",
    "unchanged": "as exported before: not sent",
    "skipped_no_email": "no address",
    "skipped_invalid_email": "not a valid address",
    "skipped_duplicate": "another profile has the address",
    "skipped_no_consent": "no consent to newsletters",
    "skipped_unsubscribed": "unsubscribed: stays so",
    "skipped_cleaned": "mail to it bounced: stays out",
}


def main() -> int:
    """Run the demo; returns 0 when both runs ended well."""
    # Whoever stops this process politely gets the same orderly end as Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        starting = step("Starting storage, vault, Mailchimp simulator and the app")
        with starting, children_ignore_interrupts():
            stack = Stack.start(environment={})
        with stack:
            try:
                return _show(stack)
            except AppError as error:
                print(error, *stack.errors()[-1:], sep="\n", file=sys.stderr)
                return 1
    except StartError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.")
        return 130


def _show(stack: Stack) -> int:
    with step("Writing a Customer Insights export"):
        scenario = furnish(stack, seconds_per_call=SECONDS_PER_CALL)
    sizes = ", ".join(f"{name} {frame.height:,}" for name, frame in scenario.segments.items())
    print(f"  {scenario.profiles:,} profiles in two overlapping segments: {sizes}")
    with step("Connecting the Mailchimp account and saving the export over the HTTP API"):
        set_up(stack, scenario)

    print("\nThe simplest export: the addresses of one segment, into an empty audience")
    stack.ask("PUT", f"exports/{SIMPLEST}", simplest_document(scenario))
    simplest = _run(stack, SIMPLEST)
    _print_outcomes(simplest)

    print("\nFirst run of an export of both segments, with names and consent")
    stack.mailchimp.reset_log()
    first = _run(stack, EXPORT)
    _print_outcomes(first)
    _print_audience(stack, scenario)

    print("\nSecond run, with nothing changed")
    stack.mailchimp.reset_log()
    second = _run(stack, EXPORT)
    _print_outcomes(second)
    print("\nIn a browser: `make run` starts the same, stays, and prints the console's address.")
    return 0 if {run["status"] for run in (simplest, first, second)} == {"succeeded"} else 1


def _run(stack: Stack, export: str) -> dict[str, Any]:
    """Start a run, show how it goes, and return it when it has ended."""
    started = time.monotonic()
    answer = stack.api("POST", f"exports/{export}/runs")
    # Its schedule may have been quicker.
    run: dict[str, Any] = answer.json()["run"] if answer.status_code == 409 else answer.json()
    line = ProgressLine()
    while run["status"] not in _ENDED:
        line.show(_describe(run))
        time.sleep(0.25)
        run = stack.ask("GET", f"runs/{run['id']}")
        if time.monotonic() - started > _PATIENCE_SECONDS:
            raise AppError(f"the run is still {run['status']} after {_PATIENCE_SECONDS} s")
    line.end()
    calls = stack.mailchimp.calls()
    print(
        f"  {run['status']} after {time.monotonic() - started:.1f} s: {len(calls)} calls to "
        f"Mailchimp, {sum(call.writes for call in calls)} of them writes, "
        f"{stack.mailchimp.stats().max_in_flight} at once"
    )
    if run["error"]:
        print(f"  {run['error']['code']}: {run['error']['detail']}")
    return run


def _describe(run: dict[str, Any]) -> str:
    progress = run["progress"]
    total, done = progress["batches_total"], progress["batches_done"]
    if run["status"] != "running" or not total:
        return str(run["status"])
    if done == total:
        return f"sending {bar(1)} {done} of {total} batches, adding up"
    rate = f"{progress['contacts_per_second']:,.0f} contacts a second"
    return f"sending {bar(done / total)} {done} of {total} batches, {rate}"


def _print_outcomes(run: dict[str, Any]) -> None:
    counted = sorted(run["outcomes"].items(), key=lambda item: -item[1])
    if counted:
        print(table([(n, code, _MEANING.get(code, "")) for code, n in counted if n]))


def _print_audience(stack: Stack, scenario: Scenario) -> None:
    """A few contacts as the audience holds them now: of each segment, of both, of neither."""
    contacts = stack.mailchimp.contacts(scenario.audience_id)
    shown = [(_example(contacts, {tag}), f"in {segment}") for segment, tag in TAGS.items()]
    shown += [
        (_example(contacts, set(TAGS.values())), "in both"),
        (contacts[scenario.unsubscribed], "had unsubscribed: untouched"),
        (contacts[scenario.own], "in no segment: untouched"),
    ]
    print(f"\nThe audience now has {len(contacts):,} contacts, among them")
    print(table([_row(contact, remark) for contact, remark in shown if contact is not None]))


def _example(contacts: dict[str, ContactState], tags: set[str]) -> ContactState | None:
    """A contact with exactly these tags, if possible with a name that is not plain ASCII."""
    fitting = [contact for contact in contacts.values() if contact.tags == tags]
    fitting.sort(key=lambda contact: str(contact.merge_fields.get("LNAME", "")).isascii())
    return fitting[0] if fitting else None


def _row(contact: ContactState, remark: str) -> tuple[str, ...]:
    name = f"{contact.merge_fields.get('FNAME', '')} {contact.merge_fields.get('LNAME', '')}"
    tags = ", ".join(sorted(contact.tags)) or "-"
    return name.strip() or "-", contact.email, contact.status, tags, remark


if __name__ == "__main__":
    sys.exit(main())
