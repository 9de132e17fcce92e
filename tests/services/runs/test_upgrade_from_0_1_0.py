"""Two exports of 0.1.0 on one audience, a detached one and an open run, gone on with by this code.

What 0.1.0 left is tests/fixtures/store_0_1_0/shared.zip. It is played once; each test is about what
became of some people.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.mailchimp.control import CallRecord, ContactState
from local.sample_data import write_export
from local.services import Services
from local.stack import SEGMENT_CONTAINER
from shared.exports import store as exports
from shared.runs.marker import active_id
from shared.runs.upkeep.retention import drop_orphaned_ledgers
from tests.support.steps import Steps, app_of
from tests.support.store_0_1_0 import SETTINGS, StoreOf010
from tests.support.trials import without_trials

_WAITS = {"MAILCHIMP_TIMEOUT_SECONDS": "1"}
_AFTERWARDS = datetime(2026, 11, 20, 6, tzinfo=UTC)
# 0.1.0 was told to erase the one of the first spelling, whom nobody had exported.
SPELLINGS = ("Erased@BÜCHER.example", "erased@xn--bcher-kva.example")
ERASED = 39


@dataclass
class Club:
    """Its exports, and what each step of the upgrade came to."""

    old: StoreOf010
    exports: dict[str, Steps]
    written: dict[str, list[CallRecord]] = field(default_factory=dict)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    outcomes: dict[str, dict[str, str]] = field(default_factory=dict)
    contacts: dict[str, dict[str, ContactState]] = field(default_factory=dict)
    hours: int = 0

    @classmethod
    def of(cls, services: Services, old: StoreOf010) -> "Club":
        old.load(services)
        app = app_of(services, SETTINGS | _WAITS)
        (account,) = old.accounts
        steps = {
            one["name"]: Steps(services, app, "club", account, one["audience_id"], one["name"])
            for one in old.answers["exports"]
        }
        return cls(old, steps)

    def run(self, step: str, export: str) -> None:
        """Make a run and keep what it did."""
        steps = self.exports[export]
        self.keep(step, export, str(steps.run()["id"]))

    def keep(self, step: str, export: str, run: str) -> None:
        """Keep what a run did, as that of a step."""
        steps = self.exports[export]
        self.outcomes[step] = {row["email"]: row["code"] for row in steps.outcomes(run)}
        self.records[step] = steps.record(run)
        calls = without_trials(steps.mailchimp.calls())
        self.written[step] = [call for call in calls if call.writes]
        self.contacts[step] = steps.mailchimp.contacts(steps.audience)
        steps.mailchimp.reset_log()

    def refresh(self, **segments: Iterable[dict[str, str]]) -> None:
        """Write newer snapshots of all segments; those that are not given stay as they are."""
        self.hours += 1
        steps = self.exports["members"]
        rows = {name: self.old.rows(name) for name in ("Members", "Donors")}
        container = steps.services.segment_container(SEGMENT_CONTAINER)
        tables = {name: list(table) for name, table in (rows | segments).items()}
        stamp = _AFTERWARDS + timedelta(hours=self.hours)
        write_export(container, self.old.folder, tables, stamp=stamp)

    def without(self, segment: str, *numbers: int) -> list[dict[str, str]]:
        """The rows of a segment, but for some people."""
        gone = {f"c{number:05d}" for number in numbers}
        return [row for row in self.old.rows(segment) if row["CustomerId"] not in gone]

    def status(self, step: str, number: int) -> str:
        return self.contacts[step][email(number)].status


def email(number: int) -> str:
    return f"person{number}@contoso.com"


def sent(calls: Iterable[CallRecord]) -> Counter[str]:
    """How often each address was in a call that creates contacts, or updates many."""
    return Counter(
        member["email_address"] for call in calls for member in (call.body or {}).get("members", ())
    )


def go_on(club: Club) -> None:
    """Let the run that was sending go on, with the slot of the host that was killed."""
    donors = club.exports["donors"]
    run = active_id(donors.app.blobs, "donors")
    assert run is not None
    donors.lane(3)
    donors.lane()
    donors.finish(run)
    club.keep("open run", "donors", run)


def play(club: Club) -> None:
    """The upgrade, and some days of the exports after it."""
    go_on(club)
    for name in ("members", "donors"):
        club.run(f"{name} again", name)
    members, donors = club.without("Members", 2), club.without("Donors", 58)
    guests = [row | {"CustomerId": f"c{n:05d}", "Email": email(n)} for n, row in like(members)]
    club.refresh(Members=[*members, *guests, *erased_rows(club)], Donors=donors)
    for name in ("members", "donors"):
        club.run(f"{name} let go", name)
    club.refresh(Members=[*members, guests[0]], Donors=donors)
    for name in ("donors", "members"):
        club.run(f"{name} beside a hold", name)
    exports.delete_export(club.exports["gala"].app.blobs, "gala")
    drop_orphaned_ledgers(club.exports["gala"].app)
    club.refresh(Members=members, Donors=donors)
    for name in ("donors", "members"):
        club.run(f"{name} alone", name)


def like(rows: list[dict[str, str]]) -> Iterable[tuple[int, dict[str, str]]]:
    """Two whom the detached export holds, with rows to be filled with them."""
    return zip((305, 306), rows, strict=False)


def erased_rows(club: Club) -> list[dict[str, str]]:
    """Whoever was erased, under other CustomerIds and spellings than those that were given."""
    row = club.old.rows("Members")[0]
    addresses = (*SPELLINGS, email(ERASED))
    return [row | {"CustomerId": f"e{n}", "Email": one} for n, one in enumerate(addresses)]


@pytest.fixture(scope="module")
def club() -> Iterator[Club]:
    services = Services.start(environment={})
    assert services.mailchimp is not None
    services.mailchimp.set(record_bodies=True)
    try:
        club = Club.of(services, StoreOf010("shared"))
        play(club)
        yield club
    finally:
        services.stop()


def test_the_run_that_was_sending_sends_nobody_twice_but_who_has_no_answer(club: Club) -> None:
    told = set(club.old.answers["told"])
    again = sent(club.written["open run"])
    assert again
    assert set(again.values()) == {1}
    assert not again.keys() & told
    assert club.records["open run"]["status"] == "succeeded"
    numbers = [*range(32, 39), *range(40, 59), *range(1000, 1800)]
    assert {"subscribed"} == {club.status("open run", number) for number in numbers}


def test_whoever_has_not_changed_is_not_sent_by_the_first_runs_after_it(club: Club) -> None:
    for step in ("members again", "donors again"):
        assert not club.written[step]
        assert set(club.outcomes[step].values()) == {"unchanged", "skipped_erased"}


def test_nobody_is_removed_whom_0_1_0_let_go_or_another_export_has(club: Club) -> None:
    for number in (0, 1, 30, 31):
        assert club.status("members alone", number) == "subscribed"


def test_who_had_left_in_the_open_run_waits_for_the_other_export_and_is_unsubscribed(
    club: Club,
) -> None:
    assert club.records["donors again"]["due"] == 1
    assert club.status("donors again", 59) == "subscribed"
    assert [club.status("donors let go", number) for number in (58, 59)] == ["unsubscribed"] * 2


def test_whom_the_other_export_created_under_0_1_0_is_removed_by_the_last_that_lets_go(
    club: Club,
) -> None:
    assert club.outcomes["members let go"][email(2)] == "untagged"
    assert club.outcomes["donors let go"][email(2)] == "unsubscribed"


def test_whom_a_detached_export_holds_stays_until_it_is_gone_and_is_known_as_ours(
    club: Club,
) -> None:
    assert club.outcomes["members beside a hold"][email(306)] == "untagged"
    assert club.outcomes["members alone"][email(305)] == "archived"
    assert club.status("members alone", 306) == "subscribed"


def test_the_erased_stay_erased_in_every_spelling(club: Club) -> None:
    for step in ("members let go", "donors let go"):
        rows = club.records[step]["outcomes"]
        assert rows["skipped_erased"] >= 3
        addresses = {address.casefold() for address in sent(club.written[step])}
        assert not addresses & {email(ERASED), *(one.casefold() for one in SPELLINGS)}
    assert not any("example" in address for address in club.contacts["members alone"])
