"""The type of merge field that suits a profile column."""

import re
from collections.abc import Callable, Sequence

# Beyond this many digits a number is an identifier, and a float would not keep it.
_MAX_DIGITS = 9
_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)(\.\d+)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?")
_PHONE = re.compile(r"\+?[\d\s()./-]{7,25}")
_NAMED_PHONE = re.compile(r"phone|mobile|cell|^tel|fax", re.IGNORECASE)
# Digits that nobody adds up, and whose leading zeros count.
_NAMED_CODE = re.compile(r"(?i:zip|post.?(al)?.?code|_id$|^id$|number$|code$)|[a-z ]I[dD]$")


def infer_type(column: str, data_type: str | None, samples: Sequence[str | None] = ()) -> str:
    """Return text, number, date or phone.

    `data_type` is the column's in model.json, which says "string" for nearly everything: then the
    samples decide, and all of them must agree. Text takes any value, so it is what doubt gives.
    """
    values = [text for value in samples if value and (text := value.strip())]
    match (data_type or "").casefold():
        case "int64" | "double" | "decimal":
            return "number" if _all(values, _is_number) and not _is_code(column) else "text"
        case "date" | "datetime" | "datetimeoffset":
            return "date" if _all(values, _is_date) else "text"
        case "boolean" | "guid" | "json" | "time":
            return "text"
    if not values:
        return "text"
    if _all(values, _is_date):
        return "date"
    if _all(values, _is_phone) and (
        _NAMED_PHONE.search(column) or any(value.startswith("+") for value in values)
    ):
        return "phone"
    if _all(values, _is_number) and not _is_code(column) and not _NAMED_PHONE.search(column):
        return "number"
    return "text"


def _all(values: Sequence[str], fits: Callable[[str], bool]) -> bool:
    return all(fits(value) for value in values)


def _is_number(value: str) -> bool:
    found = _NUMBER.fullmatch(value)
    return bool(found) and len(found[1]) <= _MAX_DIGITS if found else False


def _is_date(value: str) -> bool:
    return bool(_DATE.fullmatch(value))


def _is_phone(value: str) -> bool:
    return bool(_PHONE.fullmatch(value)) and 7 <= sum(map(str.isdigit, value)) <= 15


def _is_code(column: str) -> bool:
    return bool(_NAMED_CODE.search(column))
