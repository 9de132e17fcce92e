"""Every setting of the app, read once from the environment.

The table of settings is in docs/settings.md; a test keeps the two equal.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from cronsim import CronSim, CronSimError

MAILCHIMP_API_URL = "https://{dc}.api.mailchimp.com/3.0"
MAILCHIMP_LOGIN_URL = "https://login.mailchimp.com"
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class SettingsError(ValueError):
    """A setting is missing or has a value that can't be used; the message names it."""


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
    tick_schedule: str = "0 */5 * * * *"
    max_connections: int = 8
    mailchimp_timeout: float = 130
    mailchimp_cooldown: float = 60
    run_deadline_hours: float = 12
    mailchimp_api_url: str = MAILCHIMP_API_URL
    mailchimp_login_url: str = MAILCHIMP_LOGIN_URL
    mailchimp_client_id: str | None = None
    mailchimp_client_secret_name: str | None = None
    http_auth: str = "keys"
    authentication_on: bool = False
    snapshot_quiet: float = 300
    run_retention_days: float = 30
    webhook_secret_name: str | None = None

    @staticmethod
    def from_environment(environment: Mapping[str, str] | None = None) -> "Settings":
        """Read all settings; raises SettingsError that names the first unusable one."""
        env = os.environ if environment is None else environment
        http_auth = env.get("HTTP_AUTH") or "keys"
        if http_auth not in ("keys", "entra"):
            raise SettingsError("HTTP_AUTH must be keys or entra")
        return Settings(
            app_storage=_storage(env, "AzureWebJobsStorage", queues=True),
            segment_storage=_storage(env, "SegmentStorage", queues=False),
            key_vault_url=_required(env, "KEY_VAULT_URL").rstrip("/"),
            segment_containers=_containers(env),
            tick_schedule=_schedule(env),
            max_connections=int(_number(env, "MAILCHIMP_MAX_CONNECTIONS", 8, 1, 10)),
            mailchimp_timeout=_number(env, "MAILCHIMP_TIMEOUT_SECONDS", 130, 0.1, 600),
            mailchimp_cooldown=_number(env, "MAILCHIMP_COOLDOWN_SECONDS", 60, 0, 600),
            run_deadline_hours=_number(env, "RUN_DEADLINE_HOURS", 12, 0, 240),
            mailchimp_api_url=_mailchimp_url(env, "MAILCHIMP_API_URL", MAILCHIMP_API_URL),
            mailchimp_login_url=_mailchimp_url(env, "MAILCHIMP_LOGIN_URL", MAILCHIMP_LOGIN_URL),
            mailchimp_client_id=env.get("MAILCHIMP_CLIENT_ID") or None,
            mailchimp_client_secret_name=env.get("MAILCHIMP_CLIENT_SECRET_NAME") or None,
            http_auth=http_auth,
            authentication_on=_true(env, "WEBSITE_AUTH_ENABLED")
            or _true(env, "ENTRA_AUTH_REQUIRED"),
            snapshot_quiet=_number(env, "SNAPSHOT_QUIET_SECONDS", 300, 0, 86_400),
            run_retention_days=_number(env, "RUN_RETENTION_DAYS", 30, 0, 3650),
            webhook_secret_name=env.get("NOTIFY_WEBHOOK_SECRET_NAME") or None,
        )


def is_loopback(url: str) -> bool:
    """Whether a URL points at this machine; `{dc}` in it counts as any label."""
    host = urlsplit(url.replace("{dc}", "dc")).hostname or ""
    return host in ("localhost", "127.0.0.1", "::1") or host.endswith(".localhost")


def _required(env: Mapping[str, str], name: str) -> str:
    if value := env.get(name):
        return value
    raise SettingsError(f"{name} is not set")


def _true(env: Mapping[str, str], name: str) -> bool:
    return env.get(name, "").lower() in ("true", "1")


def _number(
    env: Mapping[str, str], name: str, default: float, lowest: float, highest: float
) -> float:
    text = env.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        raise SettingsError(f"{name} is not a number") from None
    if not lowest <= value <= highest:
        raise SettingsError(f"{name} must be between {lowest:g} and {highest:g}")
    return value


def _storage(env: Mapping[str, str], prefix: str, *, queues: bool) -> StorageAccount:
    """Follow the Functions convention for identity-based connections (`prefix__member`)."""
    if connection_string := env.get(prefix):
        return StorageAccount(connection_string=connection_string)
    account = env.get(f"{prefix}__accountName")
    blob_uri = env.get(f"{prefix}__blobServiceUri")
    queue_uri = env.get(f"{prefix}__queueServiceUri")
    if account:
        blob_uri = blob_uri or f"https://{account}.blob.core.windows.net"
        queue_uri = queue_uri or f"https://{account}.queue.core.windows.net"
    if not blob_uri:
        raise SettingsError(f"{prefix} or {prefix}__blobServiceUri is not set")
    if queues and not queue_uri:
        raise SettingsError(f"{prefix}__queueServiceUri is not set")
    return StorageAccount(
        blob_uri=blob_uri, queue_uri=queue_uri, client_id=env.get(f"{prefix}__clientId")
    )


def _containers(env: Mapping[str, str]) -> tuple[str, ...]:
    text = env.get("SEGMENT_CONTAINERS") or "dynamics365customerinsights"
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _schedule(env: Mapping[str, str]) -> str:
    text = env.get("EXPORT_TICK") or "0 */5 * * * *"
    fields = text.split()
    try:
        if len(fields) not in (5, 6) or re.search(r"[L#?@7]", fields[-1]):
            raise SettingsError("EXPORT_TICK is not an NCRONTAB expression of 5 or 6 fields")
        CronSim(text, _EPOCH)
    except CronSimError:
        raise SettingsError("EXPORT_TICK is not an NCRONTAB expression of 5 or 6 fields") from None
    return text


def _mailchimp_url(env: Mapping[str, str], name: str, official: str) -> str:
    """Accept Mailchimp's own host or a loopback one, so that a token can't be sent elsewhere."""
    url = (env.get(name) or official).rstrip("/")
    if url == official or is_loopback(url):
        return url
    raise SettingsError(f"{name} may only be {official} or a loopback address")
