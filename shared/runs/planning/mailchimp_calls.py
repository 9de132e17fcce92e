"""The calls to Mailchimp that a plan makes, and what it means for the plan when one fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from shared.app import App
from shared.exports.accounts import Guard, check_account, learn_account, remember_account
from shared.exports.connections import usable_connection
from shared.exports.errors import ConnectionUnusableError
from shared.exports.models import Export
from shared.mailchimp import board, suppressions
from shared.mailchimp.client import MailchimpClient
from shared.mailchimp.errors import MailchimpError
from shared.mailchimp.slots import NoSlotError, hold_slot
from shared.runs.connect import new_client, token_of
from shared.runs.planning.waiting import SOON, NotYetError, as_failure
from shared.runs.records import Record

# How long a planner waits for a slot, and works at the suppression table, before it lets its
# message come back: well below the ten minutes that a platform update leaves it.
_SLOT_SECONDS = 30.0
_SUPPRESSIONS_SECONDS = 180.0


def connection_of(app: App, export: Export, guard: Guard) -> dict[str, Any]:
    """Return the export's connection, which is ready and knows its account."""
    try:
        connection = learn_account(app, usable_connection(app, export.connection), guard)
    except (ConnectionUnusableError, MailchimpError, NoSlotError) as error:
        raise as_failure(error) from None
    return connection


@contextmanager
def reach(app: App, export: Export, account: str, guard: Guard) -> Iterator[MailchimpClient]:
    """Give a client whose calls are made under a slot."""
    try:
        with (
            hold_slot(app, account, _SLOT_SECONDS, guard) as slot,
            new_client(app, token_of(app, export.connection or "", account)) as client,
        ):
            yield client.under(slot.call)
    except (ConnectionUnusableError, MailchimpError, NoSlotError) as error:
        raise as_failure(error) from None


def check_same_account(
    app: App, record: Record, connection: dict[str, Any], client: MailchimpClient
) -> None:
    """Begin again when the connection's secret now leads to another account."""
    account = check_account(client.account())
    if account.account_id != connection["account_id"]:
        remember_account(app, connection, account)
        audience_id = record["configuration"]["audience_id"]
        board.remove_run(app, connection["account_id"], audience_id, record["id"])
        raise NotYetError(SOON)


def refresh_suppressions(app: App, export: Export, account: str, guard: Guard) -> None:
    """Bring the table of protected contacts up to date; it is resumed where time runs out."""
    try:
        token = token_of(app, export.connection or "", account)
        result = suppressions.refresh(
            app,
            account,
            export.audience_id,
            lambda: new_client(app, token),
            budget_seconds=_SUPPRESSIONS_SECONDS,
            slots=lambda: hold_slot(app, account, _SLOT_SECONDS, guard),
        )
    except (ConnectionUnusableError, MailchimpError, NoSlotError) as error:
        raise as_failure(error) from None
    if not result.finished:
        raise NotYetError(SOON)
