"""What of Mailchimp an export fills besides merge fields and tags, each from columns."""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
    model_validator,
)

from shared.exports.written import InputModel, Line

MAX_INTERESTS, MAX_PERMISSIONS = 60, 20
InterestId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,50}$")]


class AnswerColumn(InputModel):
    """A column in which one of these values is a yes, another a no, and a blank nothing.

    existing: whether contacts that were in the audience already get the first yes, too.
    """

    field: Line
    values: Annotated[
        list[Annotated[str, Field(max_length=256)]], Field(min_length=1, max_length=100)
    ]
    existing: Literal["leave", "give"] = "leave"


Interests = Annotated[dict[InterestId, AnswerColumn], Field(max_length=MAX_INTERESTS)]
Permissions = Annotated[dict[InterestId, AnswerColumn], Field(max_length=MAX_PERMISSIONS)]


class ProofOfConsent(InputModel):
    """The columns that say when, and from which IP address, somebody agreed or signed up.

    They are sent with contacts that are created, and never to ones that exist.
    """

    opted_in_at: Line | None = None
    opt_in_ip: Line | None = None
    signed_up_at: Line | None = None
    signup_ip: Line | None = None

    @property
    def columns(self) -> dict[str, str]:
        """The column of each member that has one."""
        return {name: column for name in type(self).model_fields if (column := getattr(self, name))}

    @model_validator(mode="after")
    def _names_a_column(self) -> Self:
        if not self.columns:
            raise ValueError("names no column")
        return self

    @model_serializer(mode="wrap")
    def _as_written(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in serialize(self).items() if value is not None}
