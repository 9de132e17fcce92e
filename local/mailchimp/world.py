"""The whole state of one simulator, and its clock."""

import asyncio
import hashlib
import time
import uuid
from collections.abc import Callable

from .accounts import Account, Login, Logins
from .audience import Audience
from .batch_queue import BatchQueue
from .calls import CallLog
from .deliveries import Deliveries, Wrong
from .faults import Faults
from .gates import Gates
from .instants import Instants
from .model import BILLABLE, MergeField
from .oauth_clients import Client
from .switches import Switches

DEFAULT_MERGE_FIELDS: tuple[dict[str, object], ...] = (
    {"tag": "FNAME", "name": "First Name", "type": "text"},
    {"tag": "LNAME", "name": "Last Name", "type": "text"},
    {"tag": "ADDRESS", "name": "Address", "type": "address"},
    {"tag": "PHONE", "name": "Phone Number", "type": "phone"},
)


class World:
    """Accounts, audiences, switches, faults and the log of calls."""

    def __init__(self, batches: BatchQueue, base_url: str = "") -> None:
        self.batches = batches
        self.base_url = base_url
        self.switches = Switches()
        self.logins = Logins()
        self.audiences: dict[str, Audience] = {}
        self.faults = Faults()
        self.instants = Instants()
        self.deliveries = Deliveries()
        self.log = CallLog()
        self.gates = Gates()
        self.oauth_clients: dict[str, Client] = {}
        self.oauth_account = ""

    def now(self) -> int:
        """Mailchimp's clock in whole seconds: its times have no fractions."""
        return int(time.time() + self.switches.clock_offset_seconds)

    def set_switches(self, values: dict[str, object]) -> None:
        """Change switches; ValueError names unknown ones."""
        self.switches = self.switches.changed(values)
        for audience in self.audiences.values():
            audience.forget_rendered_tags()

    def add_account(self, name: str, dc: str, account_id: str = "") -> Account:
        """A new account without keys; an id is made up when none is given."""
        account = Account(account_id or uuid.uuid4().hex[:25], name, dc)
        self.logins.accounts[account.id] = account
        return account

    def add_login(self, account: Account, token: str | None, user: str, role: str) -> Login:
        """A new token of an account's user; an API key is made up when none is given."""
        token = token or f"{uuid.uuid4().hex}-{account.dc}"
        key_id = hashlib.sha256(token.encode()).hexdigest()[:8]
        login = Login(key_id, token, account, user, role)
        self.logins.add(login)
        return login

    def add_audience(
        self, account: Account, name: str, list_id: str | None, fields: list[dict[str, object]]
    ) -> Audience:
        """A new audience of an account, with these merge fields in this order."""
        number = len(self.audiences) + 1
        list_id = list_id or uuid.uuid4().hex[:10]
        audience = Audience(list_id, 1000 + number, name, account.id, account.dc)
        audience.created = self.now()
        for position, given in enumerate(fields, start=1):
            values: dict[str, object] = {"name": given["tag"], "display_order": position + 1}
            audience.add_merge_field(MergeField(position, 0, **(values | given)))  # type: ignore[arg-type]  # given by tests, checked by use
        self.audiences[list_id] = audience
        account.list_ids.append(list_id)
        return audience

    def room(self, account: Account) -> float:
        """For how many more billable contacts the account's plan has room."""
        limit = self.switches.contact_limit
        if limit is None:
            return float("inf")
        counts = [self.audiences[list_id].counts for list_id in account.list_ids]
        return limit - sum(one[status] for one in counts for status in BILLABLE)

    def tell(self, audience: Audience, act: dict[str, object]) -> int:
        """Have webhooks told of an act, or of one that never happened; how many are sent."""
        emails = act.get("emails")
        named = [str(email) for email in emails] if isinstance(emails, list) else []
        wrong: Wrong = act.get("wrong") or ""  # type: ignore[assignment]  # by the client's signature
        return self.deliveries.tell(audience, str(act["kind"]), named, wrong)

    def later(self, seconds: float, work: Callable[[], None]) -> None:
        """Do something after a while, on the simulator's own loop."""
        asyncio.get_running_loop().call_later(seconds, work)
