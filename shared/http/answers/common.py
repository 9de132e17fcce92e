"""What several of the routes' answers have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
# Flat: text, numbers and times, no English and no person.
Params = dict[str, str | int | float | bool | list[str] | None]


class Answer(BaseModel):
    """An answer has these members and no others."""

    model_config = ConfigDict(extra="forbid", strict=True)


class FieldProblem(Answer):
    """One thing that is wrong with the input."""

    field: str
    code: str
    params: Params
    message: str


class Problem(BaseModel):
    """A problem document (RFC 9457); `code` is the last part of `type`."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    params: Params
    errors: list[FieldProblem] = []


class Notice(Answer):
    """A warning or an error: a stable code, what it is about, and a text for people."""

    code: str
    params: Params = {}
    detail: str


class Waiting(Answer):
    """What somebody or something waits for, and since when."""

    code: str
    params: Params
    since: Moment
