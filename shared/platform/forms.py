"""Versions of what is stored, so that code never acts on what a later version has written.

Whatever is stored has a form: where it lies, and which version of it is written now. A document
says its version in the member `version`, a table in its file. Earlier versions are brought up to
date as they are read, or refused; later ones are always refused.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

MEMBER = "version"
# What does not say its version: 0.1.0 wrote none.
UNVERSIONED = 1
# From content of an earlier version, and that version, to content of the present one.
Upgrade = Callable[[Any, int], Any]


class FormError(Exception):
    """Something stored can't be read by this version of the app; the message says what to do."""


class NoFormError(LookupError):
    """Code reads or writes what has no form yet: it is to be added to the list of forms."""


@dataclass(frozen=True)
class Form:
    """One kind of document or table.

    where: the names of its blobs, with what differs in braces. version: what is written. oldest:
    the earliest version that is still read; what is older than `version` goes through `upgrade`.
    """

    name: str
    where: str
    version: int = 1
    oldest: int = 1
    upgrade: Upgrade | None = None

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What the names of its blobs look like."""
        return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(self.where)))

    def check(self, version: object) -> int:
        """Return a version that can be read; raises FormError."""
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise FormError(f"The stored {self.name} says no version that this app understands.")
        if version > self.version:
            raise FormError(
                f"The stored {self.name} is of version {version}, and this version of the app "
                f"reads none above {self.version}: a later one has written it. Deploy that again."
            )
        if version < self.oldest:
            raise FormError(
                f"The stored {self.name} is of version {version}, and this version of the app "
                f"reads none below {self.oldest}. Deploy a version in between first."
            )
        return version

    def read[C](self, content: C, version: object) -> C:
        """Return content of some version in the present one; raises FormError."""
        found = self.check(version)
        if found == self.version or self.upgrade is None:
            return content
        upgraded: C = self.upgrade(content, found)
        return upgraded


class Forms:
    """All forms of one container."""

    def __init__(self, forms: Iterable[Form]) -> None:
        self._forms = tuple(forms)
        self.of = lru_cache(maxsize=4096)(self._of)

    def _of(self, name: str) -> Form:
        """Return the form of a blob; raises NoFormError."""
        for form in self._forms:
            if form.pattern.fullmatch(name):
                return form
        raise NoFormError(f"{name} has no form: see shared/stored_forms.py")

    def to_store(self, name: str, document: dict[str, Any]) -> dict[str, Any]:
        """Return a document with the version that is written now."""
        return {MEMBER: self.of(name).version, **document}

    def from_store(self, name: str, stored: dict[str, Any]) -> dict[str, Any]:
        """Return a stored document in its present version, which it no longer says.

        Raises FormError.
        """
        document = {key: value for key, value in stored.items() if key != MEMBER}
        return self.of(name).read(document, stored.get(MEMBER, UNVERSIONED))
