"""A test's own corner of the running product: account, audience, segment folder and exports."""

import csv
import io
import itertools
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from local.mailchimp.control import Account, CallRecord, ContactState, Simulator
from local.sample_data import WrittenExport, write_export
from local.stack import Stack
from tests.support.described import check_described

type Row = dict[str, str]
type Document = dict[str, Any]

_LONG_AGO = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
COLUMNS = ("CustomerId", "Email", "FirstName")
# What a stack of such places runs with.
QUICK = {
    # Messages are found sooner than in production, where a second makes no difference.
    "AzureFunctionsJobHost__extensions__queues__maxPollingInterval": "00:00:00.3",
    # A tick every few seconds would take a seventh of a processor from the tests; those that
    # wait for what one starts have it fired (`Place.ticked`).
    "EXPORT_TICK": "*/20 * * * * *",
}


@dataclass
class Place:
    """What one test works on; no other test knows its account, audience or folder."""

    stack: Stack
    name: str
    account: Account
    audience: str
    folder: str
    _snapshots: "itertools.count[int]" = field(default_factory=itertools.count)
    _exports: set[str] = field(default_factory=set)

    @property
    def mailchimp(self) -> Simulator:
        """The simulator."""
        return self.stack.mailchimp

    # Segments

    def write(
        self, segments: Mapping[str, Sequence[Mapping[str, object]]], **more: Any
    ) -> WrittenExport:
        """Write a newer snapshot of each segment; rows are as `person` makes them."""
        stamp = _LONG_AGO + timedelta(hours=next(self._snapshots))
        tables: dict[str, Any] = {
            name: list(rows) if rows else {column: [] for column in COLUMNS}
            for name, rows in segments.items()
        }
        more.setdefault("stamp", stamp)
        return write_export(self.stack.segment_container(), self.folder, tables, **more)

    # Exports and runs

    def document(self, segments: Iterable[object], **changes: Any) -> Document:
        """An export as a marketer would save it."""
        return {
            "connection": self.name,
            "audience_id": self.audience,
            "source": {"folder": self.folder},
            "segments": list(segments),
            "email_field": "Email",
            "merge_fields": {"FNAME": "FirstName"},
            "schedule": {"active": False, "kind": "none"},
            # Of a test's few people nearly all may leave.
            "removal_limit_percent": 100,
            **changes,
        }

    def save(
        self,
        segments: Iterable[object],
        *,
        export: str = "",
        without: Iterable[str] = (),
        **changes: Any,
    ) -> Document:
        """Save the test's export, or another one by a suffix; the stored document."""
        name = f"{self.name}{export}"
        left_out = set(without)
        written = self.document(segments, **changes)
        document = {key: value for key, value in written.items() if key not in left_out}
        stored: Document = self.stack.ask("PUT", f"exports/{name}", document)
        self._exports.add(name)
        return stored

    def leave(self) -> None:
        """Remove the test's exports: the app looks at all that there are, again and again."""
        for name in self._exports:
            self.stack.api("DELETE", f"exports/{name}")

    def start(self, *, export: str = "", **options: bool) -> Document:
        """Ask for a run."""
        path = f"exports/{self.name}{export}/runs"
        run: Document = self.stack.ask("POST", path, options or None)
        return run

    def run(self, *, export: str = "", **options: bool) -> Document:
        """Run the export and wait for its end."""
        return self.ended(self.start(export=export, **options))

    def ended(self, run: Document, *, timeout: float = 90) -> Document:
        """Wait for a run's end and for its outcomes: a stopped run shows its status before."""
        path = f"runs/{run['id']}"

        def is_over() -> bool:
            return self.stack.api("GET", f"{path}/outcomes").ok

        until(is_over, timeout=timeout, pause=0.25, what="the run's end")
        answer = self.stack.api("GET", path)
        check_described(answer)
        found: Document = answer.json()
        return found

    def ticked(self, condition: Callable[[], Any], *, what: str) -> Any:
        """Have the app look for what is due until a call returns something true."""

        def seen() -> Any:
            self.stack.hosts[0].fire_timer("tick")
            return condition()

        return until(seen, pause=0.5, what=what)

    def runs(self, *, export: str = "") -> list[Document]:
        """The export's runs, newest first."""
        found: list[Document] = self.stack.ask("GET", f"exports/{self.name}{export}/runs")["items"]
        return found

    def outcomes(self, run: Document, code: str | None = None) -> list[Row]:
        """The rows of a run's outcomes."""
        params = {"code": code} if code else {}
        answer = self.stack.api("GET", f"runs/{run['id']}/outcomes", params=params)
        assert answer.ok, answer.text
        return list(csv.DictReader(io.StringIO(answer.content.decode())))

    def codes(self, run: Document) -> dict[str, str]:
        """Which code each address got; for runs without two rows of one address."""
        rows = self.outcomes(run)
        found = {row["email"]: row["code"] for row in rows}
        assert len(found) == len(rows)
        return found

    # The audience

    def put(self, *contacts: Mapping[str, Any]) -> None:
        """Put contacts into the audience, past the API."""
        self.mailchimp.put_contacts(self.audience, (dict(contact) for contact in contacts))

    def contacts(self) -> dict[str, ContactState]:
        """The audience as it is, by address in lower case, archived ones too."""
        return self.mailchimp.contacts(self.audience)

    def tags_of(self) -> dict[str, set[str]]:
        """Each contact's tags."""
        return {email: set(contact.tags) for email, contact in self.contacts().items()}

    def statuses(self) -> dict[str, str]:
        """Each contact's status."""
        return {email: contact.status for email, contact in self.contacts().items()}

    def calls(self) -> list[CallRecord]:
        """Every call on this account since the last `forget_calls`, in order of arrival."""
        return [c for c in self.mailchimp.calls() if c.account_id == self.account.account_id]

    def forget_calls(self) -> None:
        """Begin to count calls anew."""
        self.mailchimp.reset_log()

    def writes(self) -> Counter[tuple[str, int]]:
        """How often each write was made: `METHOD what` and its number of contacts."""
        return Counter((self._what(call), call.members) for call in self.calls() if call.writes)

    def reads(self) -> list[CallRecord]:
        """The calls that only read."""
        return [call for call in self.calls() if not call.writes]

    def _what(self, call: CallRecord) -> str:
        """A route without its ids: `POST list`, `POST tag`, `POST new tag`, `DELETE contact`."""
        parts = call.path.strip("/").split("/")[2:]
        match parts:
            case []:
                what = "list"
            case ["segments", tag]:
                names = {str(id_): name for name, id_ in self.mailchimp.tags(self.audience).items()}
                what = f"tag {names.get(tag, tag)}"
            case ["segments"]:
                what = "new tag"
            case ["merge-fields"]:
                what = "new merge field"
            case ["members", _]:
                what = "contact"
            case _:
                what = "/".join(parts)
        return f"{call.method} {what}"


def person(number: int, **changes: object) -> dict[str, object]:
    """A profile; its address has capitals, as real ones do."""
    return {
        "CustomerId": f"c{number:04d}",
        "Email": f"Person{number}@contoso.com",
        "FirstName": f"First{number}",
        **changes,
    }


def people(numbers: Iterable[int], **changes: object) -> list[dict[str, object]]:
    """Some profiles."""
    return [person(number, **changes) for number in numbers]


def email(number: int) -> str:
    """A person's address as outcomes show it."""
    return f"person{number}@contoso.com"


def emails(numbers: Iterable[int]) -> set[str]:
    """Several of them."""
    return {email(number) for number in numbers}


def until(condition: Any, *, timeout: float = 60, pause: float = 0.1, what: str = "it") -> Any:
    """Wait until a call returns something true, and return that."""
    deadline = time.monotonic() + timeout
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what} did not happen within {timeout:.0f} s"
        time.sleep(pause)
    return found


def make_place(stack: Stack, *, trial: bool = True) -> Place:
    """Make a corner of the product, with a connection that is ready.

    `trial`: what the account does with a status is found out in an audience that no test looks at.
    """
    name = f"t-{uuid.uuid4().hex[:8]}"
    account = stack.mailchimp.add_account(name)
    audience = stack.mailchimp.add_list(account, "News")
    connection = {"name": name, "consent": {"accepted": True}}
    stack.ask("PUT", f"connections/{name}", connection)
    stack.ask("PUT", f"connections/{name}/token", {"api_key": account.api_key})
    if trial:
        trials = stack.mailchimp.add_list(account, "Trials")
        stack.ask("POST", f"connections/{name}/verify", {"audience_id": trials})
        stack.mailchimp.reset_log()
    return Place(stack, name, account, audience, f"CustomerInsights_{name}/BlobExport")
