"""Reads values of app settings and collects everything that is wrong with them, never a value."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from shared.platform.urls import is_loopback, parsed

_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
# An unresolved reference to a vault arrives as it was written.
_REFERENCE = "@Microsoft.KeyVault("


class WrongSetting(NamedTuple):
    """A setting that can't be used: its name, a stable code and a sentence, never its value."""

    name: str
    code: str
    detail: str


@dataclass(frozen=True)
class Values:
    """The environment, and what was found wrong with what was asked of it.

    Each reader returns the default where the setting is not given, which is the same as empty, or
    can't be used.
    """

    environment: Mapping[str, str]
    wrong: list[WrongSetting] = field(default_factory=list)

    def refuse(self, name: str, code: str, detail: str) -> None:
        """Note that a setting can't be used."""
        self.wrong.append(WrongSetting(name, code, detail))

    def given(self, name: str) -> str | None:
        """Return a setting's text, None where it is not set or is a reference left unresolved."""
        text = self.environment.get(name)
        if not text or not text.strip():
            return None
        if text.startswith(_REFERENCE):
            self.refuse(
                name,
                "reference_unresolved",
                "The reference to the vault was not resolved: look at the app's identity and role.",
            )
            return None
        return text

    def was_refused(self, name: str) -> bool:
        """Return whether something is wrong with a setting already."""
        return any(wrong.name == name for wrong in self.wrong)

    def missing(self, name: str, detail: str = "It is not set.") -> None:
        """Note that a setting is needed, unless something else is wrong with it."""
        if not self.was_refused(name):
            self.refuse(name, "missing", detail)

    def number(self, name: str, default: float, lowest: float, highest: float) -> float:
        """Read a number within bounds."""
        text = self.given(name)
        if text is None:
            return default
        if not _NUMBER.fullmatch(text.strip()):
            self.refuse(name, "not_a_number", "It is not a number.")
            return default
        if not lowest <= float(text) <= highest:
            self.refuse(name, "out_of_range", f"It must be from {lowest:g} to {highest:g}.")
            return default
        return float(text)

    def whole(self, name: str, default: int, lowest: int, highest: int) -> int:
        """Read a whole number within bounds."""
        value = self.number(name, default, lowest, highest)
        if value != int(value):
            self.refuse(name, "not_a_number", "It is not a whole number.")
            return default
        return int(value)

    def choice[T: str](self, name: str, default: T, *others: T) -> T:
        """Read one of some words."""
        text = self.given(name)
        allowed = {str(word): word for word in (default, *others)}
        if text is not None and text not in allowed:
            self.refuse(name, "not_a_choice", "It must be " + " or ".join(allowed) + ".")
        return allowed.get(text or default, default)

    def matching(self, name: str, pattern: str, what: str) -> str | None:
        """Read a text of a certain form, such as the name of a secret."""
        text = self.given(name)
        if text is not None and not re.fullmatch(pattern, text):
            self.refuse(name, "malformed", f"It is not {what}.")
            return None
        return text

    def address(self, name: str, *, local_only: bool = False) -> str | None:
        """Read an https URL, http on this machine, without query; no slash at its end."""
        text = self.given(name)
        if text is None:
            return None
        parts = parsed(text.replace("{dc}", "dc"))
        if parts is None or parts.query or parts.fragment:
            self.refuse(name, "not_an_address", "It is not an address such as https://name.")
            return None
        if local_only and not is_loopback(text):
            self.refuse(name, "foreign_address", "Only the official one or one of this machine.")
            return None
        if parts.scheme != "https" and not is_loopback(text):
            self.refuse(name, "not_https", "It must begin with https.")
            return None
        return text.rstrip("/")
