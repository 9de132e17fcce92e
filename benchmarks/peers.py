"""Other ways to bring the same contacts to Mailchimp, on the same simulator, extrapolated."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import md5
from typing import Any

import mailchimp_marketing
import requests
from mailchimp_marketing.api_client import ApiClientError

from benchmarks.results import Result, Table, load
from local.mailchimp.control import Account, Simulator
from local.sample_data import people

NAME = "peers"
_FIELDS = {"FNAME": "FirstName", "LNAME": "LastName"}
# What a call about one contact takes; a bulk call's time is that of the sending benchmark.
_SINGLE_SECONDS = 0.3
_THIS_APP = "this app, planning and finishing included"


def run(*, quick: bool) -> Result:
    """Let each work for about a minute."""
    seconds = 3.0 if quick else 60.0
    result = Result(NAME, size=int(seconds))
    rows: list[tuple[str, ...]] = []
    with Simulator.start(bulk_seconds=1.0, work_at="before", base_seconds=_SINGLE_SECONDS) as it:
        for what, work in (
            ("500 per call, one connection, one call after the other", _sequential),
            ("500 per call, ten threads of Mailchimp's own client", _threads),
            ("one call per contact, one connection", _single),
        ):
            account = it.add_account(what)
            audience = it.add_list(account, what)
            it.reset_log()
            begun = time.monotonic()
            work(it, account, audience, begun + seconds)
            elapsed = time.monotonic() - begun
            stats = it.stats()
            done = it.summary(audience).contacts
            rows.append(_row(what, done, elapsed, stats.calls, stats.refused, 1e6 * elapsed / done))
    header = ("how", "contacts", "s", "calls", "429", "minutes per million")
    table = Table("The same contacts, brought in other ways", header, rows)
    result.tables.append(with_this_app(table))
    return result


def with_this_app(table: Table) -> Table:
    """Return the table with a row of this app, from the last result of the sending benchmark."""
    rows = [row for row in table.rows if row[0] != _THIS_APP]
    ours = load("sending")
    if ours is not None:
        done, elapsed = ours.values["contacts"], ours.values["seconds"]
        calls = ours.values["calls"]
        rows.append(_row(_THIS_APP, done, elapsed, calls, 0, 1e6 * elapsed / done))
    return Table(table.title, table.header, rows)


def _row(
    what: str, done: int, elapsed: float, calls: int, refused: int, million: float
) -> tuple[str, ...]:
    return (what, f"{done:,}", f"{elapsed:.0f}", f"{calls:,}", str(refused), f"{million / 60:.1f}")


def _members(start: int, count: int) -> list[dict[str, Any]]:
    rows = people(count, seed=start + 5, blank=0, invalid=0, duplicate=0, padded=0)
    return [
        {
            "email_address": row["Email"].lower().replace("@", f".{start}@"),
            "status": "subscribed",
            "merge_fields": {tag: row[column] for tag, column in _FIELDS.items()},
            "tags": ["Peers"],
        }
        for row in rows.iter_rows(named=True)
    ]


def _batches(end: float, first: int = 0, step: int = 1) -> Iterator[list[dict[str, Any]]]:
    number = first
    while time.monotonic() < end:
        yield _members(number, 500)
        number += step


def _session(account: Account) -> requests.Session:
    session = requests.Session()
    session.auth = ("any", account.api_key)
    return session


def _sequential(it: Simulator, account: Account, audience: str, end: float) -> None:
    with _session(account) as session:
        for members in _batches(end):
            url = f"{it.url}/{account.dc}/3.0/lists/{audience}"
            body = {"members": members, "update_existing": True}
            session.post(url, json=body, timeout=130).raise_for_status()


def _threads(it: Simulator, account: Account, audience: str, end: float) -> None:
    def work(number: int) -> None:
        client: Any = mailchimp_marketing.Client({"api_key": account.api_key})
        client.api_client.host = f"{it.url}/{account.dc}/3.0"
        for members in _batches(end, number, 10):
            body = {"members": members, "update_existing": True}
            _patiently(partial(client.lists.batch_list_members, audience, body))

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(work, range(10)))


def _patiently(call: Callable[[], object]) -> None:
    """Try again where Mailchimp refuses for the number of connections."""
    while True:
        try:
            call()
            return
        except ApiClientError as error:
            if getattr(error, "status_code", None) != 429:
                raise
            time.sleep(1)


def _single(it: Simulator, account: Account, audience: str, end: float) -> None:
    with _session(account) as session:
        for members in _batches(end):
            for member in members:
                if time.monotonic() > end:
                    return
                name = md5(member["email_address"].encode(), usedforsecurity=False).hexdigest()
                url = f"{it.url}/{account.dc}/3.0/lists/{audience}/members/{name}"
                body = {**member, "status_if_new": "subscribed"}
                session.put(url, json=body, timeout=130).raise_for_status()
