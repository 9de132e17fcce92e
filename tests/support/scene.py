"""An audience in the simulator, its table in Azurite, and the parts between them."""

import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qs

import polars

from local.mailchimp.control import Account, Simulator
from shared.accounts.slots import Slot
from shared.app import App
from shared.bootstrap import build_app
from shared.mailchimp.client import MailchimpClient
from shared.mailchimp.suppressions import (
    OVERLAP,
    RefreshResult,
    erase,
    load_suppressions,
    refresh,
    tables,
)
from shared.mailchimp.suppressions.table import State, Table
from shared.mailchimp.tokens import parse_token
from shared.platform.settings import Settings, StorageAccount

HOUR = 3600


def app_on(connection_string: str) -> App:
    """Return the app on a storage emulator; dead holders' slots and leases are free soon."""
    storage = StorageAccount(connection_string=connection_string)
    return build_app(
        Settings(
            app_storage=storage,
            segment_storage=storage,
            key_vault_url="https://127.0.0.1:1",
            mailchimp_timeout=2,
            mailchimp_cooldown=0,
        )
    )


@dataclass
class Scene:
    """One audience and its table."""

    app: App
    simulator: Simulator
    account: Account
    audience: str
    client_url: str = ""

    def client(self) -> MailchimpClient:
        """Return a client as the app makes them."""
        url = self.client_url or self.simulator.api_url_template
        return MailchimpClient(url, parse_token(self.account.api_key), 10)

    def slot(self) -> AbstractContextManager[Slot]:
        """Wait for a slot, but not long."""
        return self.app.slots.hold(self.account.account_id, 0.2)

    def refresh(
        self,
        *,
        app: App | None = None,
        budget: float = 60,
        workers: int = 4,
        max_age: float = 0,
        additions_only: bool = False,
        overlap: timedelta = OVERLAP,
        slots: Callable[[], AbstractContextManager[Slot | None]] | None = None,
    ) -> RefreshResult:
        """Refresh the table for at most `budget` seconds."""
        return refresh(
            app or self.app,
            self.account.account_id,
            self.audience,
            self.client,
            budget_seconds=budget,
            slots=slots or self.slot,
            workers=workers,
            max_age_seconds=max_age,
            additions_only=additions_only,
            overlap=overlap,
        )

    def refreshed(self, **options: object) -> State:
        """Refresh to the end and return the state."""
        result = self.refresh(**options)  # type: ignore[arg-type]  # the options of refresh
        assert result.finished
        assert result.state is not None
        return result.state

    def erase(self, email: str) -> int:
        """Take an address out of every table; in how many of them it was."""
        found = list(tables(self.app))
        return sum(erase(self.app, account, audience, [email]) for account, audience in found)

    def loaded(self) -> dict[str, str]:
        """Return the table as a plan gets it."""
        frame, _ = load_suppressions(self.app, self.account.account_id, self.audience)
        assert frame.schema == {"email": polars.String, "status": polars.String}
        emails = frame["email"].to_list()
        assert len(emails) == len(set(emails))
        return dict(zip(emails, frame["status"].to_list(), strict=True))

    def expected(self) -> dict[str, str]:
        """Return whom the audience holds that is not plainly subscribed."""
        contacts = self.simulator.contacts(self.audience)
        return {e: c.status for e, c in contacts.items() if c.status != "subscribed"}

    def state(self) -> State:
        """Return the stored state."""
        found = self.table().state()
        assert found is not None
        return found

    def table(self) -> Table:
        """Return the table's blobs."""
        return Table(self.app.blobs, self.account.account_id, self.audience)

    def put(
        self, status: str, count: int, *, email: str = "{status}{n}@contoso.com", age: float = HOUR
    ) -> list[str]:
        """Put contacts into the audience that last changed `age` seconds ago."""
        emails = [email.format(status=status, n=n) for n in range(count)]
        self.put_emails(status, emails, age=age)
        return emails

    def put_emails(self, status: str, emails: Iterable[str], *, age: float = HOUR) -> None:
        """Put these contacts into the audience."""
        changed = int(time.time() - age)
        self.simulator.put_contacts(
            self.audience,
            ({"email": email, "status": status, "last_changed": changed} for email in emails),
        )

    def listings(self) -> list[tuple[str, int]]:
        """Return status and offset of every call so far that listed contacts unsorted."""
        return [(s, o) for s, o, sort in self.reads() if not sort]

    def reads(self) -> list[tuple[str, int, str]]:
        """Return status, offset and sorting of every call that listed contacts."""
        path = f"/lists/{self.audience}/members"
        found = []
        for call in self.simulator.calls():
            if call.path == path:
                query = {name: values[0] for name, values in parse_qs(call.query).items()}
                where = int(query.get("offset", 0))
                found.append((query.get("status", ""), where, query.get("sort_field", "")))
        return found
