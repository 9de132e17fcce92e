"""What each type of merge field accepts, and how it is stored."""

import re
from datetime import date
from sys import intern

from .model import MergeField, Value

TYPES = (
    "text",
    "number",
    "address",
    "phone",
    "date",
    "url",
    "imageurl",
    "radio",
    "dropdown",
    "birthday",
    "zip",
)
LONGEST_TEXT = 255
_ADDRESS_PARTS = ("addr1", "addr2", "city", "state", "zip", "country")


class BadValue(Exception):
    """A value that the merge field refuses; the text is Mailchimp's `message`."""


def accepted(
    field: MergeField, value: object, cut_long_text: bool, month_first: bool = True
) -> Value:
    """The value as Mailchimp stores it; BadValue when the field's type refuses it.

    A blank string clears a field of any type. `month_first`: birthdays are MM/DD, in whichever
    order the field shows them.
    """
    if value is None:
        raise BadValue("Schema describes string, NULL found instead")
    if isinstance(value, str):
        value = value.strip()
        if not value:
            return ""
    elif isinstance(value, dict) != (field.type == "address") or isinstance(value, list):
        raise BadValue("Please enter a complete address" if field.type == "address" else _PLAIN)
    match field.type:
        case "number":
            return _number(value)
        case "address":
            return _address(value)
        case "date":
            return _date(str(value))
        case "birthday":
            return _birthday(
                str(value),
                day_first=not month_first and field.options.get("date_format") == "DD/MM",
            )
        case "phone":
            return _phone(str(value), field)
        case "zip":
            return _matching(str(value), _ZIP, "Please enter a valid zip code")
        case "url" | "imageurl":
            return _matching(str(value), _URL, "Please enter a valid URL")
        case "radio" | "dropdown":
            return _choice(str(value), field)
        case _:
            return _text(value, cut_long_text)


_PLAIN = "Please enter a value of the field's type"
_ZIP = re.compile(r"\d{5}(-\d{4})?")
_URL = re.compile(r"https?://[^\s/]+\.[^\s]+")
_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_US_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_DAY = re.compile(r"(\d{1,2})/(\d{1,2})")
_US_PHONE = re.compile(r"\(?\d{3}\)?[-. ]?\d{3}[-. ]?\d{4}")


def _text(value: object, cut: bool) -> str:
    text = value if isinstance(value, str) else str(value)
    if len(text) <= 60:
        return intern(text)
    raw = text.encode()
    if len(raw) <= LONGEST_TEXT:
        return text
    if not cut:
        raise BadValue("Please limit this field to 255 characters")
    return raw[:LONGEST_TEXT].decode(errors="ignore")


def _number(value: object) -> int | float:
    if isinstance(value, bool):
        raise BadValue("Please enter a number")
    try:
        number = float(str(value))
    except ValueError:
        raise BadValue("Please enter a number") from None
    if number != number or number in (float("inf"), float("-inf")):
        raise BadValue("Please enter a number")
    return int(number) if number.is_integer() else number


def _address(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise BadValue("Please enter a complete address")
    parts = {name: str(value.get(name) or "").strip() for name in _ADDRESS_PARTS}
    if not all(parts[name] for name in ("addr1", "city", "state", "zip")):
        raise BadValue("Please enter a complete address")
    parts["country"] = parts["country"] or "US"
    return parts


def _date(text: str) -> str:
    if found := _ISO_DATE.fullmatch(text):
        year, month, day = map(int, found.groups())
    elif found := _US_DATE.fullmatch(text):
        month, day, year = map(int, found.groups())
    else:
        raise BadValue("Please enter a valid date")
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        raise BadValue("Please enter a valid date") from None


def _birthday(text: str, *, day_first: bool) -> str:
    found = _DAY.fullmatch(text)
    if not found:
        raise BadValue("Please enter the month (01-12) and the day (01-31)")
    first, second = map(int, found.groups())
    month, day = (second, first) if day_first else (first, second)
    try:
        date(2000, month, day)
    except ValueError:
        raise BadValue("Please enter the month (01-12) and the day (01-31)") from None
    return f"{first:02}/{second:02}"


def _phone(text: str, field: MergeField) -> str:
    if field.options.get("phone_format") == "US":
        return _matching(text, _US_PHONE, "Please enter a valid phone number")
    return text


def _choice(text: str, field: MergeField) -> str:
    choices = field.options.get("choices")
    if not isinstance(choices, list) or text not in choices:
        raise BadValue("Please choose one of the field's values")
    return text


def _matching(text: str, pattern: re.Pattern[str], message: str) -> str:
    if not pattern.fullmatch(text):
        raise BadValue(message)
    return text
