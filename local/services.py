"""Starts the services that the app needs, but those that the environment says are real."""

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from azure.identity import DefaultAzureCredential
from azure.storage.blob import ContainerClient

from local.azurite import Azurite
from local.certificates import Certificates
from local.mailchimp.control import Simulator
from local.process import StartError
from local.vault import Vault

APP_STORAGE, SEGMENT_STORAGE = "AzureWebJobsStorage", "SegmentStorage"


@dataclass(frozen=True)
class Services:
    """What is running, None where a real service is used, and the settings that lead there."""

    azurite: Azurite | None
    vault: Vault | None
    mailchimp: Simulator | None
    settings: Mapping[str, str]
    certificates: Certificates
    directory: Path
    _environment: Mapping[str, str]
    _cleanup: ExitStack

    @classmethod
    def start(
        cls,
        *,
        environment: Mapping[str, str] | None = None,
        identity: bool = False,
        keep_in: Path | None = None,
    ) -> "Services":
        """Start what is missing, all at once.

        What `environment` (this process's own when missing) has settings for is not started.
        With `identity` storage is reached with tokens over TLS instead of a connection string.
        Files go to `keep_in`, or to a directory that `stop` removes; storage's data is kept in
        memory unless `keep_in` is given. Raises StartError.
        """
        environment = dict(os.environ if environment is None else environment)
        _check(environment)
        with ExitStack() as cleanup, ThreadPoolExecutor() as workers:
            directory = keep_in or Path(tempfile.mkdtemp(prefix="segment-export-"))
            if keep_in is None:
                cleanup.callback(shutil.rmtree, directory, ignore_errors=True)
            certificates = Certificates.create(directory / "tls")
            azurite: Future[Azurite] | None = None
            mailchimp: Future[Simulator] | None = None
            if _stood_in(environment):
                azurite = workers.submit(
                    Azurite.start,
                    directory=keep_in / "storage" if keep_in else None,
                    tls=certificates if identity else None,
                    oauth=identity,
                )
            if "MAILCHIMP_API_URL" not in environment:
                mailchimp = workers.submit(Simulator.start)
            vault = None if "KEY_VAULT_URL" in environment else Vault.start(certificates)
            for service in (azurite, mailchimp):
                if service is not None:
                    cleanup.callback(service.result().stop)
            if vault is not None:
                cleanup.callback(vault.stop)
            settings: dict[str, str] = {}
            if azurite is not None:
                settings |= _storage_settings(azurite.result(), _stood_in(environment), identity)
            if vault is not None:
                settings |= vault.environment
            if mailchimp is not None:
                settings["MAILCHIMP_API_URL"] = mailchimp.result().api_url_template
                settings["MAILCHIMP_LOGIN_URL"] = mailchimp.result().login_url
            return cls(
                azurite.result() if azurite else None,
                vault,
                mailchimp.result() if mailchimp else None,
                settings,
                certificates,
                directory,
                environment,
                cleanup.pop_all(),
            )

    def segment_container(self, name: str) -> ContainerClient:
        """A client of a container that holds segment exports, real or not."""
        if self.azurite is not None and SEGMENT_STORAGE in _stood_in(self._environment):
            return ContainerClient.from_connection_string(
                self.azurite.connection_string,
                name,
                connection_verify=str(self.certificates.bundle),
            )
        if text := self._environment.get(SEGMENT_STORAGE):
            return ContainerClient.from_connection_string(text, name)
        account = self._environment.get(f"{SEGMENT_STORAGE}__accountName", "")
        url = self._environment.get(
            f"{SEGMENT_STORAGE}__blobServiceUri", f"https://{account}.blob.core.windows.net"
        )
        return ContainerClient(url, name, credential=DefaultAzureCredential())

    def stop(self) -> None:
        """Stop everything that was started."""
        self._cleanup.close()


def _stood_in(environment: Mapping[str, str]) -> list[str]:
    """The storage connections that the environment names no account for, in any way."""
    return [
        connection
        for connection in (APP_STORAGE, SEGMENT_STORAGE)
        if not any(
            name in environment
            for name in (connection, f"{connection}__blobServiceUri", f"{connection}__accountName")
        )
    ]


def _check(environment: Mapping[str, str]) -> None:
    by_identity = [
        name for name in environment if name.endswith(("__blobServiceUri", "__accountName"))
    ]
    if by_identity and "KEY_VAULT_URL" not in environment:
        raise StartError(
            f"{by_identity[0]} needs a real identity, but without KEY_VAULT_URL the local vault's "
            "would take its place: set KEY_VAULT_URL too, or use a connection string"
        )


def _storage_settings(
    azurite: Azurite, connections: Sequence[str], identity: bool
) -> dict[str, str]:
    settings: dict[str, str] = {}
    for connection in connections:
        if identity:
            settings[f"{connection}__blobServiceUri"] = azurite.blob_url
            settings[f"{connection}__queueServiceUri"] = azurite.queue_url
            settings[f"{connection}__credential"] = "managedidentity"
        else:
            settings[connection] = azurite.connection_string
    return settings
