"""Every setting of the app, read once from the environment.

The table of settings is in docs/settings.md; a test keeps the two equal.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Literal

from shared.platform import ncrontab
from shared.platform.setting_values import Values, WrongSetting

MAILCHIMP_API_URL = "https://{dc}.api.mailchimp.com/3.0"
MAILCHIMP_LOGIN_URL = "https://login.mailchimp.com"
ENTRA_LOGIN_URL = "https://login.microsoftonline.com"
EVERY_FIVE_MINUTES = "0 */5 * * * *"
_LINE = r"[^\x00-\x1f\x7f]{1,500}"
_ANY_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


class SettingsError(ValueError):
    """Settings are missing or can't be used; the message names all of them and no value."""


@dataclass(frozen=True)
class StorageAccount:
    """How to reach a storage account: by connection string, or by identity and service URIs."""

    connection_string: str | None = None
    blob_uri: str | None = None
    queue_uri: str | None = None
    client_id: str | None = None


@dataclass(frozen=True)
class Settings:
    """Durations are in seconds unless the name says otherwise."""

    app_storage: StorageAccount
    segment_storage: StorageAccount
    key_vault_url: str
    segment_containers: tuple[str, ...] = ("dynamics365customerinsights",)
    tick_schedule: str = EVERY_FIVE_MINUTES
    max_connections: int = 8
    # Where nobody has set a number, an account may have all of its connections (exclusive_user).
    connections_set: bool = False
    mailchimp_timeout: float = 130
    mailchimp_cooldown: float = 60
    mailchimp_trial: bool = True
    run_deadline_hours: float = 12
    mailchimp_api_url: str = MAILCHIMP_API_URL
    mailchimp_login_url: str = MAILCHIMP_LOGIN_URL
    mailchimp_client_id: str | None = None
    mailchimp_client_secret_name: str | None = None
    http_auth: Literal["keys", "entra"] = "keys"
    authentication_on: bool = False
    entra_tenant_id: str | None = None
    entra_audiences: tuple[str, ...] = ()
    entra_login_url: str = ENTRA_LOGIN_URL
    public_url: str | None = None
    outcome_downloads: Literal["link", "parts"] = "link"
    snapshot_quiet: float = 300
    run_retention_days: float = 30
    webhook_secret_name: str | None = None
    controller: str | None = None
    privacy_contact: str | None = None

    @staticmethod
    def from_environment(environment: Mapping[str, str] | None = None) -> "Settings":
        """Read all settings; raises SettingsError that names every unusable one."""
        settings, wrong = judge(environment)
        if wrong:
            raise SettingsError("; ".join(f"{one.name}: {one.detail}" for one in wrong))
        return settings


def judge(
    environment: Mapping[str, str] | None = None,
) -> tuple[Settings, tuple[WrongSetting, ...]]:
    """Return the settings, and every one that can't be used; a default stands in for those."""
    values = Values(os.environ if environment is None else environment)
    settings = Settings(
        app_storage=_storage(values, "AzureWebJobsStorage", queues=True),
        segment_storage=_storage(values, "SegmentStorage", queues=False),
        key_vault_url=_required_address(values, "KEY_VAULT_URL"),
        segment_containers=_containers(values),
        tick_schedule=_schedule(values),
        # People's requests have one more, and Mailchimp allows ten in all.
        connections_set=values.given("MAILCHIMP_MAX_CONNECTIONS") is not None,
        max_connections=min(9, values.whole("MAILCHIMP_MAX_CONNECTIONS", 8, 1, 10)),
        mailchimp_timeout=values.number("MAILCHIMP_TIMEOUT_SECONDS", 130, 0.1, 600),
        mailchimp_cooldown=values.number("MAILCHIMP_COOLDOWN_SECONDS", 60, 0, 600),
        mailchimp_trial=values.choice("MAILCHIMP_TRIAL", "auto", "never") == "auto",
        run_deadline_hours=values.number("RUN_DEADLINE_HOURS", 12, 0, 240),
        mailchimp_api_url=_official_url(values, "MAILCHIMP_API_URL", MAILCHIMP_API_URL),
        mailchimp_login_url=_official_url(values, "MAILCHIMP_LOGIN_URL", MAILCHIMP_LOGIN_URL),
        mailchimp_client_id=values.matching("MAILCHIMP_CLIENT_ID", r"[!-~]{1,128}", "a client id"),
        mailchimp_client_secret_name=_secret_name(values, "MAILCHIMP_CLIENT_SECRET_NAME"),
        http_auth=values.choice("HTTP_AUTH", "keys", "entra"),
        authentication_on=_authentication_on(values),
        entra_tenant_id=values.matching("ENTRA_TENANT_ID", r"[0-9a-zA-Z.-]{1,128}", "a tenant"),
        entra_audiences=_list(values, "ENTRA_AUDIENCES"),
        entra_login_url=_official_url(values, "ENTRA_LOGIN_URL", ENTRA_LOGIN_URL),
        public_url=values.address("PUBLIC_URL"),
        outcome_downloads=values.choice("OUTCOME_DOWNLOADS", "link", "parts"),
        snapshot_quiet=values.number("SNAPSHOT_QUIET_SECONDS", 300, 0, 86_400),
        run_retention_days=values.number("RUN_RETENTION_DAYS", 30, 0, 3650),
        webhook_secret_name=_secret_name(values, "NOTIFY_WEBHOOK_SECRET_NAME"),
        controller=values.matching("CONTROLLER", _LINE, "one line of at most 500 characters"),
        privacy_contact=values.matching(
            "PRIVACY_CONTACT", _LINE, "one line of at most 500 characters"
        ),
    )
    return settings, tuple(values.wrong)


@cache
def judged() -> tuple[Settings, tuple[WrongSetting, ...]]:
    """Judge this process's environment once: it stays as it is while the process lives."""
    return judge()


def _authentication_on(values: Values) -> bool:
    """Whether the platform authenticates: its own word counts, and its no above all else.

    Somebody may have switched it off after the deployment that wrote ENTRA_AUTH_REQUIRED, and
    from then on anybody can write the header that says who calls.
    """
    if (platform := values.given("WEBSITE_AUTH_ENABLED")) is not None:
        return platform.lower() in ("true", "1")
    return (values.given("ENTRA_AUTH_REQUIRED") or "").lower() in ("true", "1")


def _required_address(values: Values, name: str) -> str:
    address = values.address(name)
    if address is None:
        values.missing(name)
    return address or ""


def _secret_name(values: Values, name: str) -> str | None:
    return values.matching(name, r"[0-9A-Za-z-]{1,127}", "the name of a secret")


def _list(values: Values, name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in (values.given(name) or "").split(",") if part.strip())


def _storage(values: Values, prefix: str, *, queues: bool) -> StorageAccount:
    """Follow the Functions convention for identity-based connections (`prefix__member`)."""
    if (connection_string := values.given(prefix)) is not None:
        _try_connection_string(values, prefix, connection_string, queues=queues)
        return StorageAccount(connection_string=connection_string)
    account = values.matching(f"{prefix}__accountName", r"[a-z0-9]{3,24}", "an account's name")
    blob_uri = values.address(f"{prefix}__blobServiceUri")
    queue_uri = values.address(f"{prefix}__queueServiceUri")
    if account:
        blob_uri = blob_uri or f"https://{account}.blob.core.windows.net"
        queue_uri = queue_uri or f"https://{account}.queue.core.windows.net"
    if not any(wrong.name.startswith(prefix) for wrong in values.wrong):
        if not blob_uri:
            values.missing(prefix, f"Neither it nor {prefix}__blobServiceUri is set.")
        elif queues and not queue_uri:
            values.missing(f"{prefix}__queueServiceUri")
    client_id = values.given(f"{prefix}__clientId")
    return StorageAccount(blob_uri=blob_uri, queue_uri=queue_uri, client_id=client_id)


def _try_connection_string(values: Values, name: str, text: str, *, queues: bool) -> None:
    """Have the clients that will connect read it; they ask nobody yet."""
    from azure.storage.blob import BlobServiceClient
    from azure.storage.queue import QueueServiceClient

    try:
        BlobServiceClient.from_connection_string(text)
        if queues:
            QueueServiceClient.from_connection_string(text)
        # The clients take one without a key, and are strangers to the account then.
        usable = re.search(r"(?i)(AccountKey|SharedAccessSignature|UseDevelopment\w+)=\S", text)
    except Exception:  # whatever a parser does with what it can't read, its words may quote it
        usable = None
    if not usable:
        values.refuse(name, "malformed", "It is not a connection string of a storage account.")


def _containers(values: Values) -> tuple[str, ...]:
    names = _list(values, "SEGMENT_CONTAINERS")
    if any(not re.fullmatch(r"[a-z0-9](-?[a-z0-9]){2,62}", name) for name in names):
        values.refuse("SEGMENT_CONTAINERS", "malformed", "It names what can't be a container.")
    return names or ("dynamics365customerinsights",)


def _schedule(values: Values) -> str:
    """Judge the timer's schedule as the host will."""
    text = values.given("EXPORT_TICK")
    if text is None:
        return EVERY_FIVE_MINUTES
    try:
        schedule = ncrontab.parse(text)
    except ncrontab.ScheduleError as error:
        detail = f"The host drops this timer: its schedule {error}."
        values.refuse("EXPORT_TICK", "tick_schedule_invalid", detail)
        return EVERY_FIVE_MINUTES
    if next(schedule.after(_ANY_MOMENT), None) is None:
        values.refuse("EXPORT_TICK", "tick_never_fires", "No day that it names ever comes.")
    return text


def _official_url(values: Values, name: str, official: str) -> str:
    """Accept the official host or a loopback one: no token goes, and no key comes, elsewhere."""
    if (values.environment.get(name) or "").rstrip("/") in ("", official):
        return official
    return values.address(name, local_only=True) or official
