"""What the stand-in vault keeps: secrets with versions, and those deleted but recoverable."""

import secrets
import time
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Version:
    """One version of a secret; `created` and `updated` are Unix times."""

    value: str
    content_type: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    enabled: bool = True
    expires: int | None = None
    not_before: int | None = None
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    created: int = field(default_factory=lambda: int(time.time()))
    updated: int = field(default_factory=lambda: int(time.time()))

    def changed(self, document: dict[str, Any]) -> "Version":
        """This version with the properties of an update request."""
        attributes = document.get("attributes") or {}
        return replace(
            self,
            content_type=document.get("contentType", self.content_type),
            tags=document.get("tags", self.tags),
            enabled=attributes.get("enabled", self.enabled),
            expires=attributes.get("exp", self.expires),
            not_before=attributes.get("nbf", self.not_before),
            updated=int(time.time()),
        )


class Secrets:
    """Names are case-insensitive and keep the spelling of their first version."""

    def __init__(self) -> None:
        self._live: dict[str, tuple[str, list[Version]]] = {}
        self._deleted: dict[str, tuple[str, list[Version]]] = {}

    def names(self) -> list[str]:
        """The names of all secrets that are not deleted, in order."""
        return sorted(spelling for spelling, _ in self._live.values())

    def deleted_names(self) -> list[str]:
        """The names of the deleted, still recoverable ones."""
        return sorted(spelling for spelling, _ in self._deleted.values())

    def is_deleted(self, name: str) -> bool:
        """Whether the name is taken by a deleted, still recoverable secret."""
        return name.lower() in self._deleted

    def versions(self, name: str, *, deleted: bool = False) -> list[Version]:
        """All versions, oldest first; none for an unknown name."""
        kept = self._deleted if deleted else self._live
        return list(kept.get(name.lower(), ("", []))[1])

    def version(self, name: str, version: str = "") -> Version | None:
        """The named version, or the newest."""
        matching = [v for v in self.versions(name) if version in ("", v.id)]
        return matching[-1] if matching else None

    def add(self, name: str, version: Version) -> None:
        """Make this the newest version."""
        self._live.setdefault(name.lower(), (name, []))[1].append(version)

    def update(self, name: str, version: Version) -> None:
        """Put a changed version in the place of the one with its id."""
        versions = self._live[name.lower()][1]
        versions[:] = [version if known.id == version.id else known for known in versions]

    def delete(self, name: str) -> None:
        """Move a secret, with all versions, to the deleted ones."""
        self._deleted[name.lower()] = self._live.pop(name.lower())

    def recover(self, name: str) -> None:
        """Bring a deleted secret back."""
        self._live[name.lower()] = self._deleted.pop(name.lower())

    def purge(self, name: str) -> None:
        """Forget a secret for good, deleted or not; an unknown name is fine."""
        self._live.pop(name.lower(), None)
        self._deleted.pop(name.lower(), None)
