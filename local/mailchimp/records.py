"""What the control client hands out: accounts, contacts, calls and totals."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Account:
    """A Mailchimp account with its first key; more come from `Simulator.add_key`."""

    account_id: str
    api_key: str
    key_id: str
    name: str
    dc: str


@dataclass(frozen=True, slots=True)
class ContactState:
    """One contact as it is: `tags` are names, times ISO 8601 or blank.

    `compliance` is `unsubscribed` (by the person), `cleaned`, `review` or blank.
    """

    email: str
    status: str
    compliance: str
    merge_fields: dict[str, Any]
    tags: frozenset[str]
    timestamp_opt: str
    timestamp_signup: str
    last_changed: str
    contact_id: str
    source: str
    language: str = ""
    ip_opt: str = ""
    ip_signup: str = ""
    # By their ids.
    interests: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()

    @property
    def essence(self) -> tuple[str, dict[str, Any], frozenset[str]]:
        """What two runs must agree on: status, values that are not blank, tags."""
        values = {tag: value for tag, value in self.merge_fields.items() if value != ""}
        return self.status, values, self.tags


@dataclass(frozen=True, slots=True)
class AudienceSummary:
    """Counts of an audience and a digest of all but its times."""

    digest: str
    contacts: int
    by_status: dict[str, int]
    by_tag: dict[str, int]
    forgotten: int


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call the simulator saw; see `local.mailchimp.calls.Call`."""

    number: int
    method: str
    path: str
    query: str
    started: float
    key_id: str
    account_id: str
    members: int
    status: int
    ended: float
    fault: str
    worked: bool
    disconnected: bool
    in_flight: int
    address_in_url: bool
    body: Any

    @property
    def writes(self) -> bool:
        """Whether the call was meant to change anything."""
        return self.method != "GET"


@dataclass(frozen=True, slots=True)
class AccountStats:
    """Open calls of an account: the most at once, those now, and those refused with 429."""

    max_in_flight: int
    in_flight: int
    refused: int


@dataclass(frozen=True, slots=True)
class Stats:
    """What all calls since the last reset add up to."""

    calls: int
    by_status: dict[str, int]
    by_route: dict[str, int]
    faults: dict[str, int]
    members: int
    addresses_in_urls: int
    accounts: dict[str, AccountStats]

    @property
    def max_in_flight(self) -> int:
        """The most open calls that any one account had."""
        return max((one.max_in_flight for one in self.accounts.values()), default=0)

    @property
    def refused(self) -> int:
        """Calls refused with 429 because of the connection limit."""
        return sum(one.refused for one in self.accounts.values())
