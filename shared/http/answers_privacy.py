"""What the routes of privacy answer."""

from typing import Literal

from shared.exports.processing import Until, What
from shared.http.answers import Answer, StoredConsent


class CategoryOfData(Answer):
    """A column of profiles, the members of the export that read it, and whether it is sent."""

    column: str
    members: list[str]
    sent: bool


class ProcessingView(Answer):
    """What one export does; `purpose` and `legal_basis` are `not_stated` where nobody said them."""

    export: str
    display_name: str
    purpose: str
    legal_basis: str
    categories: list[CategoryOfData]
    segments: list[str]
    tags: list[str]
    source: str
    connection: str | None
    audience_id: str
    audience_name: str | None


class RecipientView(Answer):
    """An account that is sent to; null where Mailchimp has not been asked yet."""

    recipient: Literal["Mailchimp"]
    connection: str
    account_id: str | None
    account_name: str | None
    data_center: str | None


class ConsentOfConnection(StoredConsent):
    """Who agreed, for a connection, to send to its account, and who took it back."""

    connection: str


class KeptView(Answer):
    """How long something is kept: some days, or until something happens."""

    what: What
    days: float | None
    until: Until | None


class RecordOfProcessing(Answer):
    """The record of processing; `controller` and `contact` are `not_stated` without settings."""

    controller: str
    contact: str
    processing: list[ProcessingView]
    recipients: list[RecipientView]
    consents: list[ConsentOfConnection]
    retention: list[KeptView]
    unreadable: list[str]
