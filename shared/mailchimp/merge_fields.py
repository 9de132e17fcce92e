"""Which profile column goes into which merge field: decided here, without asking anybody.

A mapping says `{tag: filling}`, where a column's name stands for itself. A tag longer than
Mailchimp allows is cut; a key like `ADDRESS.city` maps one part of an address.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.mailchimp.answers import MergeField
from shared.mailchimp.inference import infer_type

# Not in Mailchimp's reference, but what its own form enforces.
MAX_TAG = 10
MAX_NAME = 50
# Of an audience on most plans; on the largest it is 80.
MERGE_FIELD_LIMIT = 30
ADDRESS_PARTS = ("addr1", "addr2", "city", "state", "zip", "country")
# Without these Mailchimp answers "Please enter a complete address".
NEEDED_PARTS = ("addr1", "city", "state", "zip")


@dataclass(frozen=True)
class Filling:
    """What a merge field is filled from: the `column` of the mapped values.

    name: what a merge field made for it is called, by default as its tag. declared: the type that
    it should have; create_as: that it is created with, where it is not to be inferred.
    """

    column: str
    name: str = ""
    declared: str | None = None
    create_as: str | None = None


@dataclass(frozen=True)
class FieldPlan:
    """How one merge field is filled: from `column`, or an address from the columns of `parts`."""

    tag: str
    column: str
    type: str = "text"
    options: Mapping[str, Any] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class MissingField:
    """A merge field that the audience lacks, as it would be created."""

    key: str
    tag: str
    name: str
    type: str


@dataclass(frozen=True)
class Resolution:
    """A mapping against an audience.

    `plans` also holds the missing ones, with the tag and type that they would get. `problems`
    are pairs of mapping key and message. `differing` are those with another type than declared:
    key, declared and actual type. `required_unmapped` are tags.
    """

    plans: tuple[FieldPlan, ...] = ()
    missing: tuple[MissingField, ...] = ()
    required_unmapped: tuple[str, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    differing: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class _Wanted:
    """A key of the mapping: what it asks for, and the tags it may get, best first."""

    key: str
    text: str
    source: Filling
    parts: Mapping[str, str]

    @property
    def plain(self) -> str:
        return re.sub(r"[^A-Z0-9_]", "_", self.text.upper())

    @property
    def exact(self) -> bool:
        """Whether the key is a tag as it stands, so that nobody else can mean it."""
        return self.text.upper() == self.plain and len(self.plain) <= MAX_TAG

    @property
    def name(self) -> str:
        """The name of a created field. That of a cut tag tells later whose the field is."""
        return (self.source.name if self.exact and self.source.name else self.text)[:MAX_NAME]

    def candidates(self) -> Iterable[str]:
        yield self.plain[:MAX_TAG]
        for number in range(2, 1000):
            yield self.plain[: MAX_TAG - len(str(number))] + str(number)


def resolve_mapping(
    mapping: Mapping[str, str | Filling],
    merge_fields: Sequence[MergeField],
    data_types: Mapping[str, str] | None = None,
    samples: Mapping[str, Sequence[str | None]] | None = None,
) -> Resolution:
    """Find or plan a merge field for every key of a mapping.

    The result doesn't depend on the mapping's order, and is the same again once the missing
    fields were created. `data_types` (model.json) and `samples` are per column.
    """
    wanted, problems = _read_mapping(mapping)
    known = {item.tag.upper(): item for item in merge_fields}
    found = _find(wanted, known)
    taken = {*known, *(item.tag.upper() for item in found.values())}
    plans, missing, differing = [], [], []
    for want in wanted:
        if item := found.get(want.key):
            plan = FieldPlan(item.tag, want.source.column, item.type, item.options, want.parts)
        else:
            tag = next(candidate for candidate in want.candidates() if candidate not in taken)
            taken.add(tag)
            kind = "address" if want.parts else _type_of(want.source, data_types, samples)
            plan = FieldPlan(tag, want.source.column, kind, {}, want.parts)
            missing.append(MissingField(want.key, tag, want.name, kind))
        if (declared := want.source.declared) and declared != plan.type:
            differing.append((want.key, declared, plan.type))
        if message := _mismatch(plan):
            problems.append((want.key, message))
        plans.append(plan)
    mapped = {plan.tag for plan in plans}
    return Resolution(
        plans=tuple(sorted(plans, key=lambda plan: plan.tag)),
        missing=tuple(missing),
        required_unmapped=tuple(
            sorted(item.tag for item in merge_fields if item.required and item.tag not in mapped)
        ),
        problems=tuple(problems),
        differing=tuple(differing),
    )


def _read_mapping(
    mapping: Mapping[str, str | Filling],
) -> tuple[list[_Wanted], list[tuple[str, str]]]:
    """Return what the keys ask for, exact tags first, else by name, and which can't be used."""
    problems: list[tuple[str, str]] = []
    addresses: dict[str, dict[str, str]] = {}
    wanted: dict[str, _Wanted] = {}
    for key in sorted(mapping):
        given = mapping[key]
        source = Filling(given, given) if isinstance(given, str) else given
        text, _, part = key.strip().rpartition(".")
        if text and part.lower() in ADDRESS_PARTS:
            addresses.setdefault(text.upper(), {})[part.lower()] = source.column
            continue
        want = _Wanted(key, key.strip(), source, {})
        if want.plain == "EMAIL":
            problems.append((key, "the address itself is mapped by email_field"))
        elif not want.plain.strip("_"):
            problems.append((key, "a merge tag needs letters or digits"))
        elif (name := want.text.upper()) in wanted:
            problems.append((key, f"is the same merge tag as {wanted[name].key}"))
        else:
            wanted[name] = want
    for name, parts in addresses.items():
        if name in wanted:
            problems.append((name, "is mapped as a whole and by its parts"))
        else:
            wanted[name] = _Wanted(name, name, Filling(""), parts)
    return sorted(wanted.values(), key=lambda want: (not want.exact, want.text)), problems


def _find(wanted: Sequence[_Wanted], known: Mapping[str, MergeField]) -> dict[str, MergeField]:
    """Match keys with fields that are there: by the tag, or a cut tag by the name as well."""
    found = {want.key: known[want.plain] for want in wanted if want.exact and want.plain in known}
    free = {tag for tag in known if tag not in {item.tag.upper() for item in found.values()}}
    for want in wanted:
        if want.exact:
            continue
        for tag in want.candidates():
            if tag not in known:
                # Its own field would have got this tag at the latest.
                break
            if tag in free and known[tag].name.casefold() == want.name.casefold():
                found[want.key] = known[tag]
                free.discard(tag)
                break
    return found


def _mismatch(plan: FieldPlan) -> str:
    if plan.type == "address" and not plan.parts:
        return f"is an address: map its parts, as {plan.tag}.addr1, {plan.tag}.city"
    if not plan.parts:
        return ""
    if plan.type != "address":
        return f"is no address but of the type {plan.type}"
    if lacking := [part for part in NEEDED_PARTS if part not in plan.parts]:
        return f"an address needs {', '.join(lacking)} as well"
    return ""


def _type_of(
    source: Filling,
    data_types: Mapping[str, str] | None,
    samples: Mapping[str, Sequence[str | None]] | None,
) -> str:
    if chosen := source.declared or source.create_as:
        return chosen
    column = source.column
    return infer_type(column, (data_types or {}).get(column), (samples or {}).get(column, ()))
