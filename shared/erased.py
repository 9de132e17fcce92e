"""Who was erased: keyed hashes, so that a later plan knows a person whom the app has forgotten.

Each is an empty blob `suppressions/erased/{key}-{hash}`, where `{key}` tells which key it was
made with. The key lies in the vault and nowhere else: without it nobody can try addresses out.
An address is hashed, and looked for, in all of its spellings: 0.1.0 knew but the one it was given.
A keyed BLAKE2b (RFC 7693), because a plan hashes every address and CustomerId of a million
profiles once anybody has been erased: it takes a third of the time of HMAC-SHA256.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from shared.addresses import has_spellings, spellings
from shared.platform.blobs import Blobs
from shared.platform.leases import LeaseKeeper
from shared.platform.vault import (
    SecretMissingError,
    SecretUnreadableError,
    Vault,
    VaultUnreachableError,
)

if TYPE_CHECKING:  # polars is imported where a plan or a finish runs
    import polars as pl

SECRET_NAME = "segment-export-erasure-key"  # noqa: S105 - a name
_FOLDER = "suppressions/erased/"
_LOCK = "suppressions/erasure-key"
_ADDRESS, _CUSTOMER_ID, _REQUEST = b"address", b"customer id", b"request"
# Rows that are hashed at once: bounds the memory.
_ROWS = 100_000


class ErasureKeyError(Exception):
    """The vault doesn't hold the key of the hashes: nobody may be sent until it does again.

    `temporary`: the vault did not answer, so asking again later may help.
    """

    @property
    def temporary(self) -> bool:
        return isinstance(self.__cause__, VaultUnreachableError)


@dataclass(frozen=True)
class Register:
    """The hashes of everybody who was erased, and the key to compare with. False: nobody was."""

    key: bytes = b""
    hashes: frozenset[bytes] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.hashes)

    def has_address(self, email: str) -> bool:
        """Return whether an address, as anybody writes it, belongs to an erased person."""
        return bool(self.hashes) and any(
            _hash(self.key, _ADDRESS, form) in self.hashes for form in spellings(email)
        )

    def is_erased(self, people: "pl.DataFrame") -> "pl.Series":
        """Tell for a frame of `email` (canonical) and `customer_id` who was erased.

        One of the two is enough.
        """
        import polars as pl

        found = [
            pl.Series(self._known_addresses(part["email"]), dtype=pl.Boolean)
            | pl.Series(self._known(part["customer_id"], _CUSTOMER_ID), dtype=pl.Boolean)
            for part in people.iter_slices(_ROWS)
        ]
        return pl.concat(found) if found else pl.Series([], dtype=pl.Boolean)

    def _known_addresses(self, emails: "pl.Series") -> list[bool]:
        return [
            known or (has_spellings(email) and self.has_address(email))
            for known, email in zip(self._known(emails, _ADDRESS), emails.to_list(), strict=True)
        ]

    def _known(self, texts: "pl.Series", kind: bytes) -> list[bool]:
        key, hashes = self.key, self.hashes
        return [
            bool(text)
            and blake2b(text.encode(), digest_size=16, key=key, person=kind).digest() in hashes
            for text in texts.to_list()
        ]

    def since(self, earlier: "Register") -> "Register":
        """Return those who were erased after an earlier look."""
        return Register(self.key, self.hashes - earlier.hashes)


def load_erased(blobs: Blobs, vault: Vault) -> Register:
    """Read who was erased: one listing, and the key where there is anybody.

    Raises ErasureKeyError.
    """
    entries = [blob.name.removeprefix(_FOLDER) for blob in blobs.list(_FOLDER)]
    if not entries:
        return Register()
    key = _read_key(vault)
    mark = _mark(key)
    hashes = set()
    for entry in entries:
        made_with, _, text = entry.partition("-")
        if made_with != mark:
            raise ErasureKeyError(
                f"The secret {SECRET_NAME} holds another key than the one that erased people are "
                "known by. Restore the version that it had."
            )
        hashes.add(bytes.fromhex(text))
    return Register(key, frozenset(hashes))


def keep_out(
    blobs: Blobs,
    vault: Vault,
    leases: LeaseKeeper,
    addresses: Iterable[str],
    customer_ids: Iterable[str],
) -> None:
    """Note that a person was erased; may be repeated. Raises ErasureKeyError."""
    key = _key_to_write_with(blobs, vault, leases)
    # In every form: a host of 0.1.0 may still work, and looks for its own.
    forms = {form for address in addresses for form in spellings(address)}
    hashes = [_hash(key, _ADDRESS, form) for form in sorted(forms)]
    hashes += [_hash(key, _CUSTOMER_ID, id_) for id_ in customer_ids]
    for digest in hashes:
        blobs.write(f"{_FOLDER}{_mark(key)}-{digest.hex()}", b"")


def keyed_name(blobs: Blobs, vault: Vault, leases: LeaseKeeper, text: str) -> str:
    """Return a name for what is asked about a person that tells nobody who it is.

    Of 32 letters, the same for the same text. Raises ErasureKeyError.
    """
    key = _key_to_write_with(blobs, vault, leases)
    return _hash(key, _REQUEST, text).hex()


def _hash(key: bytes, kind: bytes, text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16, key=key, person=kind).digest()


def _mark(key: bytes) -> str:
    return blake2b(b"", digest_size=4, key=key, person=b"key").hexdigest()


def _key_to_write_with(blobs: Blobs, vault: Vault, leases: LeaseKeeper) -> bytes:
    """Return the key; the first erasure of all makes it."""
    if load_erased(blobs, vault):
        return _read_key(vault)
    try:
        return _read_key(vault, fresh=True)
    except ErasureKeyError as error:
        if not isinstance(error.__cause__, SecretMissingError):
            raise
    with leases.held(_LOCK) as lease:
        if lease is None:
            raise ErasureKeyError("Another erasure is making the key. Ask again.")
        try:
            # Two that came at once: the second finds what the first has made.
            return _read_key(vault, fresh=True)
        except ErasureKeyError as error:
            if not isinstance(error.__cause__, SecretMissingError):
                raise
        try:
            vault.set(SECRET_NAME, secrets.token_hex(32))
        except SecretUnreadableError as error:
            raise ErasureKeyError(f"{error}.") from error
    return _read_key(vault, fresh=True)


def _read_key(vault: Vault, *, fresh: bool = False) -> bytes:
    try:
        return bytes.fromhex(vault.get(SECRET_NAME, fresh=fresh))
    except SecretUnreadableError as error:
        raise ErasureKeyError(f"{error}.") from error
    except ValueError:
        raise ErasureKeyError("The vault's secret for erasures holds no key.") from None
