"""A Key Vault with a managed identity, as a stand-in on loopback.

The unmodified SecretClient and DefaultAzureCredential accept it; only
`verify_challenge_resource=False` is needed, because its address is no vault.azure.net.
"""

from typing import Self

from local.certificates import Certificates
from local.identity import IdentityEndpoint
from local.loopback import LoopbackServer
from local.running import Running
from local.vault.secrets import Version
from local.vault.server import VaultService


class Vault(Running):
    """A running vault and the identity that may use it, with a look inside for tests."""

    def __init__(self, certificates: Certificates) -> None:
        self._service = VaultService()
        self._server = LoopbackServer(self._service.answer, certificates)
        self._service.url = self.url = self._server.url
        self._certificates = certificates
        self.identity = IdentityEndpoint.start()

    @classmethod
    def start(cls, certificates: Certificates) -> Self:
        """Start on free ports of 127.0.0.1; it lives in threads of this process."""
        return cls(certificates)

    @property
    def environment(self) -> dict[str, str]:
        """What an app's process needs to find the vault, to trust it and to get tokens for it."""
        return {
            "KEY_VAULT_URL": self.url,
            **self.identity.environment,
            **self._certificates.environment,
        }

    @property
    def requests(self) -> list[tuple[str, str, int]]:
        """Method, path and status of every request so far."""
        with self._service.lock:
            return list(self._service.log)

    def secrets(self) -> dict[str, str]:
        """The newest value of every secret that is not deleted."""
        with self._service.lock:
            kept = self._service.secrets
            return {name: kept.versions(name)[-1].value for name in kept.names()}

    def set(self, name: str, value: str, *, enabled: bool = True) -> None:
        """Write a new version, past any rule; a deleted secret of that name is forgotten."""
        with self._service.lock:
            if self._service.secrets.is_deleted(name):
                self._service.secrets.purge(name)
            self._service.secrets.add(name, Version(value, enabled=enabled))

    def remove(self, name: str) -> None:
        """Forget a secret as if it had never been there; unknown names are fine."""
        with self._service.lock:
            self._service.secrets.purge(name)

    def deny(self, name: str) -> None:
        """Answer 403 to every request about this secret until `allow`."""
        with self._service.lock:
            self._service.denied.add(name.lower())

    def allow(self, name: str) -> None:
        """Undo `deny`."""
        with self._service.lock:
            self._service.denied.discard(name.lower())

    def pause(self) -> None:
        """Cut every connection without an answer until `resume`."""
        self._server.silent = True

    def resume(self) -> None:
        """Answer again."""
        self._server.silent = False

    def stop(self) -> None:
        """Stop listening."""
        self._server.close()
        self.identity.stop()
