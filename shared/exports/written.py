"""What people write: strict about types and members, and texts of one line."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

NAME_PATTERN = r"^[a-z0-9][a-z0-9-]{0,62}$"


def one_line(text: str) -> str:
    """Return a text; raises ValueError where it is blank or has control characters."""
    if not text.strip():
        raise ValueError("must not be blank")
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise ValueError("must not hold control characters")
    return text


def without_blanks_around(text: str) -> str:
    """What files, and Mailchimp, do with a name that has blanks around it."""
    return one_line(text).strip()


Line = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(without_blanks_around)]
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
# Mailchimp's own plans end far below.
Contacts = Annotated[int, Field(ge=0, le=1_000_000_000)]


class InputModel(BaseModel):
    """Strict about types and fields; `read_only` fields are dropped from the input."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    read_only: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _without_read_only(cls, given: object) -> object:
        if isinstance(given, Mapping):
            return {key: value for key, value in given.items() if key not in cls.read_only}
        return given
