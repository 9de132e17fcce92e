"""A certificate authority of this machine's own, so that the stand-ins can speak TLS."""

import os
from dataclasses import dataclass
from pathlib import Path

import certifi
import trustme


@dataclass(frozen=True)
class Certificates:
    """Files in PEM form: a server certificate with its key, and the authorities to trust.

    `bundle` holds this authority and the usual public ones, so that a process which trusts it
    still reaches real services.
    """

    authority: Path
    certificate: Path
    key: Path
    bundle: Path

    @classmethod
    def create(cls, directory: Path, *hosts: str) -> "Certificates":
        """Make an authority and a certificate for 127.0.0.1, localhost and the given hosts."""
        directory.mkdir(parents=True, exist_ok=True)
        authority = trustme.CA()
        server = authority.issue_cert("127.0.0.1", "localhost", *hosts)
        files = cls(
            directory / "authority.pem",
            directory / "server.pem",
            directory / "server.key",
            directory / "bundle.pem",
        )
        authority.cert_pem.write_to_path(files.authority)
        for blob in server.cert_chain_pems:
            blob.write_to_path(files.certificate, append=blob is not server.cert_chain_pems[0])
        server.private_key_pem.write_to_path(files.key)
        files.bundle.write_bytes(_public_authorities() + b"\n" + authority.cert_pem.bytes())
        return files

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make requests and the Azure SDK trust this authority as well."""
        return {"REQUESTS_CA_BUNDLE": str(self.bundle), "SSL_CERT_FILE": str(self.bundle)}


def _public_authorities() -> bytes:
    """What this machine trusts already: its own setting, else the list that requests brings."""
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        configured = os.environ.get(name)
        if configured and Path(configured).is_file():
            return Path(configured).read_bytes()
    return Path(certifi.where()).read_bytes()
