"""What a run leaves behind, and how it may differ from an undisturbed one: not at all.

The one exception: a contact whose call had to be repeated is told as `updated` although the first
call had created it. That this export added it must be in the ledger all the same.
"""

import csv
import io
import time
from dataclasses import dataclass
from typing import Any

import polars as pl

from shared.runs.ledger import TIMES, Flag
from tests.campaigns.faults.lab import Case
from tests.support.trials import is_of_trial, without_trials

_LEFT_WAIT_SECONDS = 40
_SAME = {"created": "sent", "updated": "sent"}
# Settings of a contact in the ledger that depend on when the run was.
_TIMES = ("retry_at", "tried", *TIMES)


@dataclass(frozen=True)
class Picture:
    """What an export is judged by. Members are compared one by one.

    status: with the error's code, where there is one. audience: address to status, values and
    tags. outcomes: rows of address, profile and code. ledger: address to its row.
    """

    status: str
    audience: dict[str, Any]
    outcomes: list[tuple[str, str, str]]
    ledger: dict[str, dict[str, Any]]


def picture(case: Case, run: dict[str, Any]) -> Picture:
    """Take the picture after a run."""
    return Picture(
        status=" ".join(filter(None, [run["status"], (run["error"] or {}).get("code")])),
        audience={
            email: contact.essence
            for email, contact in case.mailchimp.contacts(case.audience).items()
            if not is_of_trial(email)
        },
        outcomes=outcomes(case, run["id"]),
        ledger=ledger(case, run["export"]),
    )


def outcomes(case: Case, run: str) -> list[tuple[str, str, str]]:
    """Return a run's outcomes by address and profile."""
    answer = case.answer("GET", f"runs/{run}/outcomes")
    answer.raise_for_status()
    rows = csv.DictReader(io.StringIO(answer.text))
    return sorted(
        (row["email"], row["customer_id"], _SAME.get(row["code"], row["code"])) for row in rows
    )


def ledger(case: Case, export: str) -> dict[str, dict[str, Any]]:
    """Return the rows of an export's ledger by address; tags by name, flags as a number."""
    uid = (case.blobs.read_document(f"exports/{export}.json") or [{}])[0]["uid"]
    for blob in case.blobs.list("ledgers/"):
        if blob.name.endswith(f"{uid}/ledger.json"):
            document = (case.blobs.read_document(blob.name) or [{}])[0]
            rows = pl.read_parquet(io.BytesIO(case.blobs.read(document["table"]))).drop(_TIMES)
            return {row["email"]: row for row in rows.iter_rows(named=True)}
    return {}


def differences(seen: Picture, wanted: Picture) -> list[str]:
    """Say how two pictures differ; nothing where they are the same."""
    found = []
    if seen.status != wanted.status:
        found.append(f"the run is {seen.status}, not {wanted.status}")
    found += _of_maps("audience", seen.audience, wanted.audience)
    found += _of_maps("ledger", seen.ledger, wanted.ledger)
    if seen.outcomes != wanted.outcomes:
        more = sorted(set(seen.outcomes) - set(wanted.outcomes))
        less = sorted(set(wanted.outcomes) - set(seen.outcomes))
        found.append(
            f"outcomes: {len(seen.outcomes)} rows instead of {len(wanted.outcomes)};"
            f" {len(more)} wrong as {more[:2]}, {len(less)} missing as {less[:2]}"
        )
    return found


def _of_maps(name: str, seen: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    wrong = [key for key in seen.keys() | wanted.keys() if seen.get(key) != wanted.get(key)]
    if not wrong:
        return []
    key = min(wrong)
    return [f"{name}: {len(wrong)} differ, as {key}: {seen.get(key)} not {wanted.get(key)}"]


def repeated(case: Case, export: str = "") -> list[str]:
    """Run the export again on the same input: nothing is written, all is unchanged."""
    before = case.mailchimp.stats().calls
    run = case.await_end(case.start(export))
    calls = [c for c in case.mailchimp.calls(before) if c.account_id == case.account.account_id]
    # A new token is tried with a contact of its own.
    writes = [f"{call.method} {call.path}" for call in without_trials(calls) if call.writes]
    found = []
    if writes:
        found.append(f"the next run wrote: {len(writes)} calls such as {writes[0]}")
    wrong = {
        code: count
        for code, count in run["outcomes"].items()
        if code != "unchanged" and not code.startswith("skipped")
    }
    if run["status"] != "succeeded" or wrong:
        found.append(f"the next run is {run['status']} with {run['outcomes']}")
    return found


def left_behind(
    case: Case, wait: float = _LEFT_WAIT_SECONDS, *, messages: bool = True
) -> list[str]:
    """Wait until nothing is leased, marked or waited for any more; say what remains.

    messages: whether none may be left in the queues.
    """
    deadline = time.monotonic() + wait
    while (found := _remains(case, messages)) and time.monotonic() < deadline:
        time.sleep(0.5)
    return found


def _remains(case: Case, messages: bool) -> list[str]:
    found = []
    for blob in case.blobs.list("", metadata=True):
        name = blob.name
        if blob.leased:
            found.append(f"{name} is leased")
        if name.startswith("runs/_active/"):
            found.append(f"{name} is there")
        parts = name.split("/")
        if parts[0] == "slots" and len(parts) > 3 and parts[2] in ("runs", "leaving", "waiting"):
            found.append(f"{'/'.join((parts[0], *parts[2:]))} is there")
        if parts[0] == "slots" and blob.metadata.get("clean") == "0":
            found.append(f"slot {parts[-1]} is not clean")
        if parts[0] == "runs" and parts[3:4] in (["chunks"], ["plans"], ["plan.json"]):
            found.append(f"{'/'.join(parts[3:])} is there")
    if messages and not found and (count := case.waiting_messages()):
        found.append(f"{count} messages wait")
    return found


def connections(case: Case, most: int = 8) -> list[str]:
    """Say whether the account ever had more calls open than it may, or was answered 429."""
    stats = case.mailchimp.stats().accounts.get(case.account.account_id)
    if stats is None:
        return []
    found = []
    if stats.max_in_flight > most:
        found.append(f"{stats.max_in_flight} calls were open at once")
    if stats.refused:
        found.append(f"{stats.refused} calls were refused with 429")
    return found


def uncertain(rows: dict[str, dict[str, Any]]) -> int:
    """Return how many contacts of a ledger have an unknown answer."""
    return sum(bool(row["flags"] & Flag.UNCERTAIN) for row in rows.values())
