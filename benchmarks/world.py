"""What every benchmark begins with: the services, profiles in storage, a connection, an export."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from benchmarks.storage import CountedAzurite
from local.sample_data import write_export
from local.stack import ROOT, SEGMENT_CONTAINER, Stack

FOLDER = "CustomerInsights_5d3c1a52-6a35-4f3e-9c41-0c7d6f1e2b90/BlobExport"
# As in production, but for the wait until a snapshot counts as whole.
SETTINGS = {
    "EXPORT_TICK": "0 */5 * * * *",
    "MAILCHIMP_TIMEOUT_SECONDS": "130",
    "MAILCHIMP_COOLDOWN_SECONDS": "60",
    "SNAPSHOT_QUIET_SECONDS": "0",
}
# Merge fields that a marketer would map, of several types.
FIELDS = {
    "FNAME": "FirstName",
    "LNAME": "LastName",
    "CITY": "City",
    "BIRTH": "DateOfBirth",
    "TIER": "LoyaltyTier",
    "POINTS": "LoyaltyPoints",
    "VALUE": "LifetimeValue",
    "LASTBUY": "LastPurchaseOn",
    "LANG": "PreferredLanguage",
    "STORE": "PreferredStore",
}
CONNECTION = "newsletter"


@dataclass
class World:
    """A stack with one Mailchimp account, connected."""

    stack: Stack
    azurite: CountedAzurite
    account_id: str
    audiences: dict[str, str] = field(default_factory=dict)

    def write(
        self, segments: dict[str, pl.DataFrame], *, folder: str = FOLDER, stamp: datetime
    ) -> None:
        """Write a snapshot of each segment in files of about 100,000 rows."""
        container = self.stack.segment_container(SEGMENT_CONTAINER)
        for name, rows in segments.items():
            partitions = max(1, round(rows.height / 100_000))
            write_export(
                container, folder, {name: rows}, partitions=partitions, stamp=stamp, model=None
            )

    def save_export(
        self,
        name: str,
        segments: Sequence[str],
        *,
        folder: str = FOLDER,
        fields: dict[str, str] | None = None,
        audience: str = "",
    ) -> dict[str, Any]:
        """Save an export with an audience of its own."""
        mailchimp = self.stack.mailchimp
        audience = audience or mailchimp.add_list(self.account_id, f"Audience of {name}")
        self.audiences[name] = audience
        document = {
            "name": name,
            "display_name": name,
            "connection": CONNECTION,
            "audience_id": audience,
            "source": {"container": SEGMENT_CONTAINER, "folder": folder},
            "segments": [{"name": segment, "tag": f"{name} {segment}"} for segment in segments],
            "email_field": "Email",
            "merge_fields": FIELDS if fields is None else fields,
            "create_merge_fields": True,
            "schedule": {"active": False, "kind": "none"},
        }
        return dict(self.stack.ask("PUT", f"exports/{name}", document))

    def start_run(self, export: str, **options: Any) -> str:
        """Start a run and return its id."""
        return str(self.stack.ask("POST", f"exports/{export}/runs", options or None)["id"])

    def heavy(self, what: str, run: str) -> dict[str, Any]:
        """Plan or finish a run in a process of its own; return what was seen of it."""
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.heavy", what, run],
            cwd=ROOT,
            env={**os.environ, **self.stack.settings},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return dict(json.loads(done.stdout)) if what != "answer" else {}


@contextmanager
def world(*, functions: Sequence[str] | None = None, **settings: str) -> Iterator[World]:
    """Start everything; `functions` limits what the host runs besides HTTP."""
    with CountedAzurite.start() as azurite:
        storage = dict.fromkeys(
            ("AzureWebJobsStorage", "SegmentStorage"), azurite.connection_string
        )
        with Stack.start(
            hosts=0,
            settings={**SETTINGS, **storage, **settings},
            time_scale=1.0,
            environment={**os.environ, **storage},
        ) as stack:
            stack.add_segment_containers()
            stack.add_host(functions=functions)
            account = stack.mailchimp.add_account("Contoso Marketing")
            terms = stack.ask("GET", "terms")["version"]
            connection = {
                "name": CONNECTION,
                "display_name": "Newsletter account",
                "shared_with": "contributors",
                "consent": {"accepted": True, "terms_version": terms},
            }
            stack.ask("PUT", f"connections/{CONNECTION}", connection)
            token = {"api_key": account.api_key}
            stack.ask("PUT", f"connections/{CONNECTION}/token", token)
            # What an account does with a status is found out once; nothing here measures that.
            trials = stack.mailchimp.add_list(account, "Trials")
            stack.ask("POST", f"connections/{CONNECTION}/verify", {"audience_id": trials})
            stack.mailchimp.reset_log()
            yield World(stack, azurite, account.account_id)
