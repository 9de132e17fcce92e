"""What a merge field is filled from: a column, a template of columns, or one fixed value."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    SerializerFunctionWrapHandler,
    Tag,
    model_serializer,
)

from shared.exports.written import InputModel, Line, one_line
from shared.mailchimp.merge_fields import Filling

FieldType = Literal["text", "number", "date", "birthday", "phone", "zip", "url", "imageurl"]
# Names of the branches below, which Pydantic puts into the paths of its errors.
BRANCHES = ("from-column", "from-field", "from-template", "from-value")
# No column's name has one of these.
_MARK = "\0"
_PARTS = re.compile(r"\{\{|\}\}|\{([^{}]+)\}|[{}]")


def template_parts(template: str) -> Iterator[tuple[str, str | None]]:
    """Yield the texts of a template, each with the column that follows; the last without one.

    >>> list(template_parts("Dear {First} {{!}}"))
    [('Dear ', 'First'), (' {!}', None)]

    Raises ValueError for a brace that stands alone.
    """
    text, end = "", 0
    for found in _PARTS.finditer(template):
        text += template[end : found.start()]
        end = found.end()
        match found[0]:
            case "{{" | "}}" as brace:
                text += brace[0]
            case "{" | "}":
                raise ValueError("has a brace that stands alone; write {{ or }} for one")
            case _:
                yield text, found[1].strip()
                text = ""
    yield text + template[end:], None


def _usable(template: str) -> str:
    if not any(column for _, column in template_parts(one_line(template))):
        raise ValueError("names no column; write a fixed text as `value`")
    return template


class _Written(InputModel):
    @model_serializer(mode="wrap")
    def _as_written(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in serialize(self).items() if value is not None}


class FromField(_Written):
    """A column, and the type of the merge field should it be created."""

    field: Line
    type: FieldType | None = None


class FromTemplate(_Written):
    """A text with columns in braces, as in `Dear {FirstName}`; `{{` and `}}` are braces."""

    template: Annotated[str, Field(min_length=1, max_length=1_000), AfterValidator(_usable)]
    type: FieldType | None = None


class FromValue(_Written):
    """The same value for everybody."""

    value: Line


def _branch(given: object) -> str:
    names = set(given) if isinstance(given, Mapping) else {type(given).__name__}
    if names & {"template", "FromTemplate"}:
        return "from-template"
    if names & {"value", "FromValue"}:
        return "from-value"
    if isinstance(given, Mapping) or "FromField" in names:
        return "from-field"
    return "from-column"


FieldSource = Annotated[
    Annotated[Line, Tag("from-column")]
    | Annotated[FromField, Tag("from-field")]
    | Annotated[FromTemplate, Tag("from-template")]
    | Annotated[FromValue, Tag("from-value")],
    Discriminator(_branch),
]


def columns_named(source: str | FromField | FromTemplate | FromValue) -> tuple[str, ...]:
    """Return the profile's columns that a source reads."""
    match source:
        case str():
            return (source,)
        case FromField():
            return (source.field,)
        case FromTemplate():
            return tuple(column for _, column in template_parts(source.template) if column)
        case FromValue():
            return ()


def member_of(tag: str, source: str | FromField | FromTemplate | FromValue) -> str:
    """Return where in an export a source names its columns."""
    match source:
        case FromField():
            return f"merge_fields.{tag}.field"
        case FromTemplate():
            return f"merge_fields.{tag}.template"
        case str() | FromValue():
            return f"merge_fields.{tag}"


def source_of(source: str | FromField | FromTemplate | FromValue) -> Filling:
    """Return a source as merge fields are matched by it.

    Its `column` is what its values are called among the mapped ones: no real one's name where
    there is none.
    """
    match source:
        case str():
            return Filling(source, source)
        case FromField():
            return Filling(source.field, source.field, source.type)
        case FromTemplate():
            return Filling(
                f"{_MARK}{source.template}", "", source.type, create_as=source.type or "text"
            )
        case FromValue():
            return Filling(f"{_MARK}{_MARK}{source.value}", "", create_as="text")
