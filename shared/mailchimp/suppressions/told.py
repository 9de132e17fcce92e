"""Who left as Mailchimp's webhooks tell it: beside the table, until a look has had time to see it.

`told/{event}.json` below the audience's folder. It only adds to what a look has shown: looking
stays the truth, and an event that comes late, again or never changes nothing in the end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.app import App
from shared.erased import ErasureKeyError, load_erased
from shared.mailchimp.suppressions.table import OVERLAP, Table, tables
from shared.platform.blobs import BlobInfo
from shared.platform.clock import from_text, to_text, utc_now

# No lane sends with a look that is older than fourteen minutes, and Mailchimp may show a change a
# quarter of an hour late: what is older than this every look has seen.
KEPT = timedelta(hours=1)


@dataclass(frozen=True)
class Told:
    """A contact, by canonical address, and the protected state that it got into at a time."""

    email: str
    status: str
    at: datetime

    def says_more_than(self, looked_at: datetime) -> bool:
        """Return whether a look that began then may not have shown it."""
        return self.at >= looked_at - OVERLAP


def tell(app: App, account: str, audience: str, event: str, told: Told) -> bool:
    """Keep what an event tells and let lanes know; return whether it is news that is kept.

    May be repeated. Raises ErasureKeyError.
    """
    if utc_now() - told.at > KEPT:
        return False
    name = f"{Table(app.blobs, account, audience).told_folder}{event}.json"
    document = {"email": told.email, "status": told.status, "at": to_text(told.at)}
    app.blobs.create_document(name, document)
    try:
        erased = load_erased(app.blobs, app.vault).has_address(told.email)
    except ErasureKeyError:
        app.blobs.delete(name)
        raise
    if erased:
        app.blobs.delete(name)
        return False
    app.board.put_told(account, audience)
    return True


def read_told(
    app: App, account: str, audience: str, known: Mapping[str, Told]
) -> Mapping[str, Told]:
    """Return what is told of an audience by the name of its blob; `known` is not read again."""
    folder = Table(app.blobs, account, audience).told_folder
    names = [blob.name for blob in app.blobs.list(folder)]
    found = {name: known[name] for name in names if name in known}
    for name in names:
        if name not in found and (document := app.blobs.read_document(name)) is not None:
            one = document[0]
            found[name] = Told(one["email"], one["status"], from_text(one["at"]))
    return found


def drop_told(app: App) -> None:
    """Drop what every look has seen since."""
    for account, audience in tables(app):
        for blob in app.blobs.list(Table(app.blobs, account, audience).told_folder):
            if is_over(blob):
                app.blobs.delete(blob.name)


def is_over(blob: BlobInfo) -> bool:
    """Return whether what a blob tells is old enough to be dropped."""
    return utc_now() - blob.modified > KEPT
