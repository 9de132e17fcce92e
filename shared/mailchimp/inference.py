"""The type of merge field that suits a profile column."""

import re
from collections.abc import Callable, Sequence

# Beyond this many digits a number is an identifier, and a float would not keep it.
_MAX_DIGITS = 9
_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)(\.\d+)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?")
# Digits that nobody adds up, and whose leading zeros count.
_NAMED_CODE = re.compile(r"(?i:zip|post.?(al)?.?code|_id$|^id$|number$|code$)|[a-z ]I[dD]$")


def infer_type(column: str, data_type: str | None, samples: Sequence[str | None] = ()) -> str:
    """Return text, number or date.

    A type in Mailchimp is final, and text takes any value: so it is text unless `data_type`, the
    column's in model.json, says something else and no sample speaks against it.
    """
    values = [text for value in samples if value and (text := value.strip())]
    match (data_type or "").casefold():
        case "int64" | "double" | "decimal":
            return "number" if _all(values, _is_number) and not _is_code(column) else "text"
        case "date" | "datetime" | "datetimeoffset":
            return "date" if _all(values, _is_date) else "text"
        case _:
            return "text"


def _all(values: Sequence[str], fits: Callable[[str], bool]) -> bool:
    return all(fits(value) for value in values)


def _is_number(value: str) -> bool:
    found = _NUMBER.fullmatch(value)
    return bool(found) and len(found[1]) <= _MAX_DIGITS if found else False


def _is_date(value: str) -> bool:
    return bool(_DATE.fullmatch(value))


def _is_code(column: str) -> bool:
    return bool(_NAMED_CODE.search(column))
