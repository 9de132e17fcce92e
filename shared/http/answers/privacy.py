"""What the routes of privacy answer."""

from typing import Literal

from pydantic import Field

from shared.exports.processing import Until, What
from shared.http.answers.common import Answer, Moment
from shared.http.answers.connections import StoredConsent
from shared.http.answers.people import LeftOut


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


class NamesOfPerson(Answer):
    """Under which names the app knows the person."""

    addresses: list[str]
    customer_ids: list[str]


class HeldPartView(Answer):
    """Something that is held; `until` is a time, or the code of what must happen."""

    where: str
    what: Literal["contact", "outcome", "memory", "protected_contact"]
    since: Moment | None
    until: str


class OriginView(Answer):
    """A segment that has the person, and the columns that the export reads of it."""

    export: str
    segment: str
    snapshot: str | None
    source: str
    columns: list[str]


class SentToView(Answer):
    """An audience that the person was sent to; `values` are what it holds of that now."""

    export: str
    connection: str | None
    account: str | None
    audience_id: str
    purpose: str
    legal_basis: str
    first: Moment | None
    last: Moment | None
    status: str | None
    tags: list[str]
    values: dict[str, str]


class ConsentOfPerson(Answer):
    """What a profile says in the column that an export asks for consent."""

    export: str
    segment: str
    column: str
    answer: Literal["given", "refused", "blank"]


class ErasureOfPerson(Answer):
    """Whether the person was erased and is kept out; nothing that names them is left then."""

    erased: bool


class PersonReport(Answer):
    """One person's file, as far as ten seconds are enough; `next` is sent back for the rest."""

    person: NamesOfPerson
    held: list[HeldPartView]
    origins: list[OriginView] = Field(alias="from")
    sent_to: list[SentToView]
    consents: list[ConsentOfPerson]
    erasure: ErasureOfPerson
    left_out: list[LeftOut]
    complete: bool
    next: str | None
