"""Which profiles an export lets through: conditions on columns, all of which must hold."""

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from shared.exports.written import InputModel, Line, without_blanks_around

Op = Literal["in", "not_in", "before", "after", "less", "more", "blank", "not_blank"]
MAX_CONDITIONS = 50
MAX_FILTER_VALUES = 1_000
_WITH_VALUES = ("in", "not_in")
_WITHOUT = ("blank", "not_blank")
_Value = Annotated[str, Field(max_length=256), AfterValidator(without_blanks_around)]


class Condition(InputModel):
    """What one column must hold.

    `in` and `not_in` compare with `values`; `before` and `after` (dates), `less` and `more`
    (numbers) with `value`; `blank` and `not_blank` with nothing.
    """

    field: Line
    op: Op
    values: Annotated[list[_Value] | None, Field(min_length=1, max_length=MAX_FILTER_VALUES)] = None
    value: _Value | None = None

    @model_validator(mode="after")
    def _has_what_it_compares_with(self) -> Self:
        listed = " and ".join(_WITH_VALUES)
        if (self.op in _WITH_VALUES) != (self.values is not None):
            raise ValueError(f"{listed} need `values`, the others take none")
        others = [op for op in get_args(Op) if op not in (*_WITH_VALUES, *_WITHOUT)]
        if (self.op in others) != (self.value is not None):
            raise ValueError(f"{', '.join(others)} need `value`, the others take none")
        return self

    @model_serializer(mode="wrap")
    def _as_written(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in serialize(self).items() if value is not None}


class Filter(InputModel):
    """Profiles of which one of these conditions doesn't hold count as being in no segment."""

    all: Annotated[list[Condition], Field(min_length=1, max_length=MAX_CONDITIONS)]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is looked at, each once."""
        return tuple(dict.fromkeys(condition.field for condition in self.all))
