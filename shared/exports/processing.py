"""The record of processing, written from the configuration that is live: who, what, why, whereto.

What an organisation has to say of its processing (Regulation (EU) 2016/679, article 30), as far as
the app knows it. It holds no person but those who agreed to the terms.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from shared.exports.connection_models import StoredConnection, StoredConsent
from shared.exports.field_sources import columns_named, member_of
from shared.exports.models import Export, StoredExport
from shared.platform.settings import Settings

NOT_STATED = "not_stated"

What = Literal[
    "runs",
    "contacts_held",
    "memory",
    "protected_contacts",
    "erasures",
    "erasure_hashes",
    "segments",
    "mailchimp",
]
# When what is kept for no number of days goes.
Until = Literal[
    "export_removed", "audience_unused", "never", "removed_at_source", "removed_in_mailchimp"
]


@dataclass(frozen=True)
class Category:
    """A column of profiles. members: of the export, that read it; sent: its values go out."""

    column: str
    members: tuple[str, ...]
    sent: bool


@dataclass(frozen=True)
class Processing:
    """What one export does, why, and on which legal basis."""

    export: str
    display_name: str
    purpose: str
    legal_basis: str
    categories: tuple[Category, ...]
    segments: tuple[str, ...]
    tags: tuple[str, ...]
    source: str
    connection: str | None
    audience_id: str
    audience_name: str | None


@dataclass(frozen=True)
class Recipient:
    """An account that is sent to; None: not known yet."""

    recipient: Literal["Mailchimp"]
    connection: str
    account_id: str | None
    account_name: str | None
    data_center: str | None


@dataclass(frozen=True)
class Kept:
    """How long something is kept: some days, or until something happens."""

    what: What
    days: float | None = None
    until: Until | None = None


@dataclass(frozen=True)
class Record:
    """The whole record; unreadable: exports whose stored document can't be read."""

    controller: str
    contact: str
    processing: tuple[Processing, ...]
    recipients: tuple[Recipient, ...]
    consents: Mapping[str, StoredConsent]
    retention: tuple[Kept, ...]
    unreadable: tuple[str, ...]


def record_of(
    settings: Settings,
    connections: Sequence[StoredConnection],
    exports: Iterable[StoredExport],
    unreadable: Iterable[str],
) -> Record:
    """Write the record; an export without a connection sends to nobody and is in it, too."""
    return Record(
        controller=settings.controller or NOT_STATED,
        contact=settings.privacy_contact or NOT_STATED,
        processing=tuple(_processing(export) for export in exports),
        recipients=tuple(_recipient(connection) for connection in connections),
        consents={connection.name: connection.consent for connection in connections},
        retention=_retention(settings.run_retention_days),
        unreadable=tuple(unreadable),
    )


def categories_of(export: Export) -> tuple[Category, ...]:
    """Return every column that an export reads, with what for."""
    sending = {export.email_field: ["email_field"]}
    for tag, source in export.merge_fields.items():
        for column in columns_named(source):
            sending.setdefault(column, []).append(member_of(tag, source))
    for member, column in export.more_columns.items():
        sending.setdefault(column, []).append(member)
    reading: dict[str, list[str]] = {}
    if export.consent is not None:
        reading.setdefault(export.consent.field, []).append("consent.field")
    for number, condition in enumerate(export.filter.all if export.filter else ()):
        reading.setdefault(condition.field, []).append(f"filter.all.{number}.field")
    return tuple(
        Category(
            column,
            (*sending.get(column, ()), *reading.get(column, ())),
            column in sending,
        )
        for column in export.columns
    )


def _processing(export: StoredExport) -> Processing:
    return Processing(
        export=export.name,
        display_name=export.display_name,
        purpose=export.purpose or NOT_STATED,
        legal_basis=export.legal_basis or NOT_STATED,
        categories=categories_of(export),
        segments=export.segment_names,
        tags=export.tags,
        source=f"{export.source.container}/{export.source.folder}",
        connection=export.connection,
        audience_id=export.audience_id,
        audience_name=export.audience_name,
    )


def _recipient(connection: StoredConnection) -> Recipient:
    account = connection.account
    return Recipient(
        recipient="Mailchimp",
        connection=connection.name,
        account_id=account.account_id if account else None,
        account_name=account.account_name if account else None,
        data_center=account.data_center if account else None,
    )


def _retention(days: float) -> tuple[Kept, ...]:
    """As docs/security.md says it."""
    return (
        Kept("runs", days=days),
        Kept("contacts_held", until="export_removed"),
        Kept("memory", until="audience_unused"),
        Kept("protected_contacts", until="audience_unused"),
        Kept("erasures", days=days),
        Kept("erasure_hashes", until="never"),
        Kept("segments", until="removed_at_source"),
        Kept("mailchimp", until="removed_in_mailchimp"),
    )
