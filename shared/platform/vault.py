"""Secrets of the Key Vault, with a short memory so that a rotated one is seen soon."""

import threading
import time

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)
from azure.keyvault.secrets import SecretClient

from shared.platform.errors import asking_cloud

REMEMBERED_SECONDS = 60.0


class SecretUnreadableError(Exception):
    """The secret can't be read; the message says why without its value or name."""


class SecretMissingError(SecretUnreadableError):
    """The vault has no secret of this name."""


class VaultUnreachableError(SecretUnreadableError):
    """The vault did not answer: asking again later may help."""


class Vault:
    """Reads and writes secrets. Values never appear in errors or logs."""

    def __init__(self, client: SecretClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, str]] = {}

    def get(self, name: str, *, fresh: bool = False) -> str:
        """Return a secret's value; `fresh` asks the vault even when it is remembered.

        Raises SecretUnreadableError.
        """
        with self._lock:
            known = self._known.get(name)
        if known and not fresh and time.monotonic() - known[0] < REMEMBERED_SECONDS:
            return known[1]
        value = self._read(name)
        with self._lock:
            self._known[name] = (time.monotonic(), value)
        return value

    def set(self, name: str, value: str) -> None:
        """Write a new version of a secret; raises SecretUnreadableError."""
        try:
            with asking_cloud():
                self._client.set_secret(name, value)
        except AzureError as error:
            raise SecretUnreadableError(_reason(error)) from None
        with self._lock:
            self._known.pop(name, None)

    def delete(self, name: str) -> None:
        """Delete a secret, also one that isn't there; raises SecretUnreadableError."""
        with self._lock:
            self._known.pop(name, None)
        try:
            # It waits in the background for what nobody here waits for.
            with asking_cloud():
                self._client.begin_delete_secret(name)
        except ResourceNotFoundError:
            return
        except AzureError as error:
            kind = SecretUnreadableError if _is_refused(error) else VaultUnreachableError
            raise kind(_reason(error)) from None

    def reachable(self) -> bool:
        """Return whether the vault answers at all, whatever it says about one name."""
        try:
            with asking_cloud():
                self._client.get_secret("segment-export-health")
        except ResourceNotFoundError:
            return True
        except AzureError:
            return False
        return True

    def _read(self, name: str) -> str:
        try:
            with asking_cloud():
                value = self._client.get_secret(name).value
        except ResourceNotFoundError as error:
            raise SecretMissingError(_reason(error)) from None
        except AzureError as error:
            kind = SecretUnreadableError if _is_refused(error) else VaultUnreachableError
            raise kind(_reason(error)) from None
        if not value:
            raise SecretUnreadableError("the secret is empty")
        return value


def _is_refused(error: AzureError) -> bool:
    """Return whether the vault itself said no, rather than nothing.

    An identity service that is silent is an error of authentication too, but has no answer.
    """
    return isinstance(error, HttpResponseError) and error.status_code in (400, 401, 403, 404)


def _reason(error: AzureError) -> str:
    """Say what is wrong without the name: who asked for another thing need not know of it."""
    match error:
        case ResourceNotFoundError():
            return "there is no such secret in the vault"
        case ClientAuthenticationError(response=None):
            return "the app could not sign in to the vault"
        case ClientAuthenticationError():
            return "the app's identity may not use the secret"
        case HttpResponseError() if error.status_code == 409:
            return (
                "the vault keeps a deleted secret of this name, which can be recovered: recover or "
                "purge it"
            )
        case HttpResponseError() if error.status_code == 403:
            return "the vault refuses the secret: no permission, or it is disabled"
        case _:
            return "the vault did not answer"
