"""What a new export could map, proposed from names and values; people decide.

A proposal is made only where there is something to go by: a wrong one costs more than none.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from shared.mailchimp.answers import MergeField
from shared.mailchimp.inference import infer_type
from shared.mailchimp.merge_fields import NEEDED_PARTS
from shared.segments.examining import ColumnFacts

Reason = Literal["name_and_values", "values", "name", "known_name", "consent_values"]

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
# Of the values that were looked at, so many have to be addresses.
_MOSTLY = 0.8
_EMAIL_NAMES = ("email", "emailaddress", "emailaddress1", "primaryemail", "mail", "epost")
# Whoever wrote the column named it; matched without case, blanks and signs.
_KNOWN_NAMES: Mapping[str, tuple[str, ...]] = {
    "FNAME": ("firstname", "givenname", "forename", "ime", "vards", "vorname"),
    "LNAME": ("lastname", "surname", "familyname", "prezime", "uzvards", "nachname"),
    "PHONE": ("phone", "phonenumber", "telephone", "telephone1", "mobilephone", "mobile"),
    "BIRTHDAY": ("birthday", "birthdate", "dateofbirth"),
    "COMPANY": ("company", "companyname", "organization", "organisation", "employer"),
}
# Mailchimp makes these with every audience; without one they are proposed to be created.
_EVERYWHERE = ("FNAME", "LNAME")
_PARTS: Mapping[str, tuple[str, ...]] = {
    "addr1": ("addressline1", "address1line1", "streetaddress", "street", "address1", "addr1"),
    "addr2": ("addressline2", "address1line2", "address2", "addr2"),
    "city": ("city", "address1city", "town"),
    "state": ("state", "stateorprovince", "address1stateorprovince", "province", "county"),
    "zip": ("zip", "zipcode", "postalcode", "postcode", "address1postalcode"),
    "country": ("country", "countryorregion", "address1country", "countrycode"),
}
_CONSENT_NAME = re.compile(
    r"consent|optin|optedin|subscri|newsletter|allowemail|privola|pristanak|piekri|einwillig"
)
# Of a consent, but not the answer itself.
_NO_ANSWER = re.compile(r"optout|donot|unsubscri|date|time|source|version|purposeid|ip$|id$")
_YES = frozenset(
    ("1", "true", "yes", "y", "t", "da", "ja", "jā", "optin", "opt-in", "opted in", "granted")
)
# A column with more different values than this is no answer to a question.
_MOST_ANSWERS = 8


@dataclass(frozen=True)
class Proposed:
    """A column for the address, and why."""

    value: str
    reason: Reason


@dataclass(frozen=True)
class ProposedField:
    """A column for a merge field of this type; `exists`: the audience has the field."""

    value: str
    type: str
    exists: bool
    reason: Reason


@dataclass(frozen=True)
class Answers:
    """The column that says who agreed, and which of its values do."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class ProposedConsent:
    """A consent, and why."""

    value: Answers
    reason: Reason


@dataclass(frozen=True)
class Suggestion:
    """What could be mapped; None and {} where nothing fits."""

    email_field: Proposed | None
    merge_fields: Mapping[str, ProposedField]
    consent: ProposedConsent | None


def suggest(columns: Sequence[ColumnFacts], fields: Sequence[MergeField]) -> Suggestion:
    """Propose an export's mapping from profile columns and an audience's merge fields."""
    email = _email(columns)
    consent = _consent(columns)
    taken = {email.value} if email else set()
    rest = [column for column in columns if column.name not in taken]
    return Suggestion(email, dict(_merge_fields(rest, fields)), consent)


def _email(columns: Sequence[ColumnFacts]) -> Proposed | None:
    """The column that is called so and holds addresses, else one that does either."""
    named = [column for column in columns if _plain(column.name) in _EMAIL_NAMES]
    holding = [column for column in columns if _holds_addresses(column)]
    ways: tuple[tuple[Reason, list[ColumnFacts]], ...] = (
        ("name_and_values", [column for column in named if column in holding]),
        ("values", holding),
        ("name", [column for column in named if not column.values]),
    )
    for reason, found in ways:
        if found:
            fullest = min(found, key=lambda column: column.blank_share)
            return Proposed(fullest.name, reason)
    return None


def _holds_addresses(column: ColumnFacts) -> bool:
    fitting = sum(1 for value in column.values if _ADDRESS.fullmatch(value.strip()))
    return bool(column.values) and fitting >= _MOSTLY * len(column.values)


def _merge_fields(
    columns: Sequence[ColumnFacts], fields: Sequence[MergeField]
) -> Iterator[tuple[str, ProposedField]]:
    """Yield keys of the mapping; a column fills one field."""
    free = {_plain(column.name): column for column in reversed(columns)}
    for field in fields:
        if field.type == "address":
            yield from _address(field, free)
            continue
        ways: tuple[tuple[Reason, tuple[str, ...]], ...] = (
            ("name", (_plain(field.tag), _plain(field.name))),
            ("known_name", _KNOWN_NAMES.get(field.tag.upper(), ())),
        )
        for reason, names in ways:
            if (column := _take(free, names)) is not None:
                yield field.tag, ProposedField(column.name, field.type, True, reason)
                break
    there = {field.tag.upper() for field in fields}
    for tag in _EVERYWHERE:
        if tag not in there and (column := _take(free, _KNOWN_NAMES[tag])) is not None:
            kind = infer_type(column.name, column.data_type, column.values)
            yield tag, ProposedField(column.name, kind, False, "known_name")


def _address(
    field: MergeField, free: dict[str, ColumnFacts]
) -> Iterator[tuple[str, ProposedField]]:
    """Yield the parts of an address, where all that Mailchimp needs are there."""
    parts = {part: next((n for n in names if n in free), None) for part, names in _PARTS.items()}
    if any(parts[part] is None for part in NEEDED_PARTS):
        return
    for part, name in parts.items():
        if name is not None:
            column = free.pop(name)
            yield f"{field.tag}.{part}", ProposedField(column.name, "address", True, "known_name")


def _take(free: dict[str, ColumnFacts], names: Iterable[str]) -> ColumnFacts | None:
    """Take the first column that has one of these names."""
    return next((free.pop(name) for name in names if name in free), None)


def _consent(columns: Sequence[ColumnFacts]) -> ProposedConsent | None:
    for column in columns:
        name = _plain(column.name)
        if not _CONSENT_NAME.search(name) or _NO_ANSWER.search(name):
            continue
        if len(column.values) > _MOST_ANSWERS:
            continue
        agreeing = tuple(value for value in column.values if value.strip().casefold() in _YES)
        if agreeing:
            return ProposedConsent(Answers(column.name, agreeing), "consent_values")
    return None


def _plain(name: str) -> str:
    """A name as far as it means something: letters and digits."""
    return re.sub(r"[\W_]", "", name.casefold())
