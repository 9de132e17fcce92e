"""Deleting a person permanently in Mailchimp: in every audience that an export has a ledger on."""

from collections.abc import Iterable
from dataclasses import dataclass

from shared.accounts.slots import NoSlotError
from shared.app import App
from shared.erasure.person import Person
from shared.exports import store
from shared.exports.accounts import open_account
from shared.exports.connections import usable_connection
from shared.exports.errors import ConnectionUnusableError
from shared.exports.models import StoredConnection
from shared.mailchimp.errors import MailchimpError

_NO_CONNECTION = "No connection to this audience's account is ready."
_BUSY = "All connections to Mailchimp stayed busy."


@dataclass(frozen=True)
class Deletion:
    """What became of a person in one audience: `deleted`, `not_found` or `failed` with why."""

    audience_id: str
    connection: str | None
    result: str
    detail: str = ""


def delete_permanently(
    app: App, person: Person, audiences: Iterable[tuple[str, str]]
) -> list[Deletion]:
    """Delete a person's addresses, in every spelling, in every audience (account, audience)."""
    connections = list(store.list_connections(app.blobs))
    return [
        _delete(app, person, audience, [c for c in connections if c.account_id == account])
        for account, audience in audiences
        if person.spellings
    ]


def _delete(
    app: App, person: Person, audience: str, connections: list[StoredConnection]
) -> Deletion:
    """Delete over the first connection that is ready; what fails is told, not raised."""
    name, why = None, _NO_CONNECTION
    for found in connections:
        try:
            connection = usable_connection(app, found.name)
        except ConnectionUnusableError as error:
            why = error.detail
            continue
        name = connection.name
        try:
            with open_account(app, connection, for_people=False) as mailchimp:
                gone = [
                    mailchimp.client.delete_permanently(audience, address)
                    for address in sorted(person.spellings)
                ]
            return Deletion(audience, name, "deleted" if any(gone) else "not_found")
        except NoSlotError:
            why = _BUSY
        except ConnectionUnusableError as error:
            why = error.detail
        except MailchimpError as error:
            why = f"{error}."
    return Deletion(audience, name, "failed", why)
