"""Deleting a person permanently in Mailchimp: in every audience that an export has a ledger on."""

from collections.abc import Iterator, Mapping

from shared.accounts.slots import NoSlotError
from shared.app import App
from shared.erasure.search import PieceError, Search
from shared.exports import store
from shared.exports.accounts import open_account
from shared.exports.connection_models import StoredConnection
from shared.exports.connections import usable_connection
from shared.exports.errors import ConnectionUnusableError
from shared.mailchimp.errors import AudienceNotFoundError, MailchimpError, StopError
from shared.runs import ledger


def pieces(app: App) -> Iterator[str]:
    """Yield account and audience of everything that exports have sent to."""
    found = sorted({one[:2] for one in ledger.all_ledgers(app.blobs)})
    return (f"{account}/{audience}" for account, audience in found)


def erase(app: App, piece: str, search: Search) -> Mapping[str, int]:
    """Delete a person's addresses, in every spelling, in one audience.

    Over the first connection that is ready; an audience that is gone holds nobody.
    """
    account, _, audience = piece.partition("/")
    code = "connection_not_ready"
    for found in store.list_connections(app.blobs):
        if found.account_id != account:
            continue
        try:
            return {f"mailchimp/{audience}": _delete(app, found, audience, search)}
        except AudienceNotFoundError:
            return {f"mailchimp/{audience}": 0}
        except NoSlotError:
            code = "mailchimp_busy"
        except (ConnectionUnusableError, StopError) as error:
            code = error.code
        except MailchimpError:
            code = "mailchimp_failed"
    raise PieceError(code)


def _delete(app: App, found: StoredConnection, audience: str, search: Search) -> int:
    connection = usable_connection(app, found.name)
    with open_account(app, connection, for_people=False) as mailchimp:
        return sum(
            mailchimp.client.delete_permanently(audience, address)
            for address in sorted(search.person.spellings)
        )
