"""What the demo and `make run` begin with: a Mailchimp audience and an export's two segments."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from local.sample_data import overlapping_segments, people, write_export
from local.stack import SEGMENT_CONTAINER, Stack

FOLDER = "CustomerInsights_5d3c1a52-6a35-4f3e-9c41-0c7d6f1e2b90/BlobExport"
TAGS = {"HighValueSegment": "High value", "NewsletterReaders": "Newsletter readers"}
CONNECTION, EXPORT, SIMPLEST = "newsletter", "weekly-news", "first-look"


@dataclass(frozen=True)
class Scenario:
    """The people, and where in Mailchimp they are to go."""

    segments: dict[str, pl.DataFrame]
    audience_id: str
    empty_audience_id: str
    api_key: str
    unsubscribed: str
    own: str

    @property
    def profiles(self) -> int:
        """Distinct profiles over all segments."""
        return pl.concat(self.segments.values())["CustomerId"].n_unique()


def furnish(stack: Stack, *, profiles: int = 10_000, seconds_per_call: float = 0.0) -> Scenario:
    """Write the sample export and make the audience, in which some of the people are already.

    Some of those must not be touched: people who unsubscribed, or whose mail came back.
    """
    everyone = people(profiles)
    high_value, readers = TAGS
    segments = overlapping_segments(everyone, (high_value, readers))
    write_export(stack.segment_container(SEGMENT_CONTAINER), FOLDER, segments, partitions=2)
    mailchimp = stack.mailchimp
    mailchimp.set(bulk_seconds=seconds_per_call)
    account = mailchimp.add_account("Contoso Marketing")
    audience = mailchimp.add_list(account, "Contoso News")
    empty = mailchimp.add_list(account, "Contoso Trial")
    known = [str(email).strip() for email in everyone["Email"].drop_nulls() if _is_plain(email)]
    gone, bounced, here = known[40:70], known[70:90], known[90:140]
    mailchimp.put_contacts(audience, ({"email": email} for email in [*gone, *bounced, *here]))
    mailchimp.unsubscribe_by_self(audience, gone)
    mailchimp.bounce(audience, bounced)
    own = "press.office@contoso.com"
    mailchimp.put_contacts(audience, [{"email": own, "tags": ["Press"]}])
    return Scenario(segments, audience, empty, account.api_key, gone[0], own)


def set_up(stack: Stack, scenario: Scenario, *, schedule: str = "none") -> None:
    """Connect the account and save the export, as a person would over the HTTP API."""
    connect(stack, scenario)
    stack.ask("PUT", f"exports/{EXPORT}", export_document(scenario, schedule))


def connect(stack: Stack, scenario: Scenario) -> None:
    """Agree to the terms and give the account's API key."""
    connection = {
        "name": CONNECTION,
        "display_name": "Newsletter account",
        "shared_with": "contributors",
        "consent": {"accepted": True, "terms_version": stack.ask("GET", "terms")["version"]},
    }
    stack.ask("PUT", f"connections/{CONNECTION}", connection)
    stack.ask("PUT", f"connections/{CONNECTION}/token", {"api_key": scenario.api_key})


def simplest_document(scenario: Scenario) -> dict[str, Any]:
    """An export with nothing but what it must have: addresses, and a tag for the segment."""
    return {
        "connection": CONNECTION,
        "audience_id": scenario.empty_audience_id,
        "source": {"folder": FOLDER},
        "segments": list(TAGS)[:1],
        "email_field": "Email",
    }


def export_document(scenario: Scenario, schedule: str) -> dict[str, Any]:
    """The export as it is sent to the app."""
    return {
        "name": EXPORT,
        "display_name": "Weekly news",
        "connection": CONNECTION,
        "audience_id": scenario.audience_id,
        "source": {"container": SEGMENT_CONTAINER, "folder": FOLDER},
        "segments": [{"name": name, "tag": tag} for name, tag in TAGS.items()],
        "email_field": "Email",
        "merge_fields": {"FNAME": "FirstName", "LNAME": "LastName"},
        "consent": {"field": "NewsletterConsent", "values": ["true"]},
        "schedule": {"active": schedule != "none", "kind": schedule},
    }


def _is_plain(email: str) -> bool:
    return email.islower() and email.count("@") == 1 and " " not in email and ".." not in email
