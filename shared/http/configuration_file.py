"""Reads a file of configuration, and finds everything that is wrong with it before any is saved."""

import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeIs

from shared.app import App
from shared.exports.access import NOBODY, Caller
from shared.exports.configuration import Kind, State
from shared.exports.connection_models import Connection
from shared.exports.export_index import IndexedExport
from shared.exports.exports import merged
from shared.exports.models import Export
from shared.exports.surroundings import Surroundings
from shared.exports.written import NAME_PATTERN, InputModel
from shared.http import connections, exports, inputs
from shared.http.inputs import Reading
from shared.http.problems import FieldError, ProblemError
from shared.platform.blobs import Document

# Exports that are checked side by side; Mailchimp is asked about one audience at a time.
_AT_ONCE = 8
_NAMELESS = "none"


class ConfigurationFile(InputModel):
    """Connections and exports as one file."""

    read_only = frozenset({"unreadable"})

    version: Literal[1]
    connections: list[Connection]
    exports: list[Export]


class _Outline(InputModel):
    """The same without looking into the documents."""

    read_only = frozenset({"unreadable"})

    version: Literal[1]
    connections: list[Any]
    exports: list[Any]


@dataclass(frozen=True)
class Placed[M]:
    """A document of the file, and where it stands there, as in `exports.3`."""

    where: str
    value: M


@dataclass(frozen=True)
class FileReading:
    """What could be read of a file; named: all that it has, also what could not be read."""

    connections: tuple[Placed[Connection], ...]
    exports: tuple[Placed[Reading[Export]], ...]
    named: Mapping[Kind, frozenset[str]]
    errors: tuple[FieldError, ...]

    @property
    def whole_exports(self) -> list[Export]:
        """The exports of which nothing is left out, each behind the one after which it runs."""
        whole = {
            one.value.value.name: one.value.value for one in self.exports if not one.value.errors
        }
        ordered: dict[str, Export] = {}
        for name in whole:
            chain: list[str] = []
            at: str | None = name
            while at in whole and at not in ordered and at not in chain:
                chain.append(at)
                at = whole[at].schedule.predecessor
            ordered |= {each: whole[each] for each in reversed(chain)}
        return list(ordered.values())


def read_file(document: Document) -> FileReading:
    """Read a file, every document for itself."""
    errors: list[FieldError] = []
    try:
        inputs.read(_Outline, document)
    except ProblemError as problem:
        errors += problem.errors
    found_connections: list[Placed[Connection]] = []
    for where, name, item in _items(document, "connections", errors):
        given = _connection(where, name, item, errors)
        if given is not None:
            found_connections.append(Placed(where, given))
    found_exports: list[Placed[Reading[Export]]] = []
    for where, name, item in _items(document, "exports", errors):
        reading = exports.read({**item, "name": name}, name)
        errors += _below(where, reading.errors)
        found_exports.append(Placed(where, reading))
    named: dict[Kind, frozenset[str]] = {
        "connection": _names(document, "connections"),
        "export": _names(document, "exports"),
    }
    return FileReading(tuple(found_connections), tuple(found_exports), named, tuple(errors))


def check(app: App, caller: Caller, state: State, file: FileReading) -> list[FieldError]:
    """Return what the routes would refuse of those documents that the file makes or changes."""
    errors: list[FieldError] = []
    for one in file.connections:
        errors += _below(one.where, connections.check(app, one.value))
    errors += [
        FieldError(
            f"{one.where}.name",
            "is an export whose stored document can't be read",
            "document_damaged",
        )
        for one in file.exports
        if one.value.value.name in state.unreadable
    ]
    around = surroundings(state, file)

    def look(one: Placed[Reading[Export]]) -> list[FieldError]:
        # What could not be read of it is told already.
        reading = replace(one.value, errors=[])
        return _below(one.where, exports.field_errors(exports.check(app, caller, reading, around)))

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="configuration") as lookers:
        for found in lookers.map(look, _differing(state, file)):
            errors += found
    return errors


def check_removals(file: FileReading) -> list[FieldError]:
    """Return which exports of the file use a connection that it lacks, which is to be removed."""
    return [
        FieldError(
            f"{one.where}.connection",
            "the file has no such connection, so it would be removed",
            "connection_not_found",
        )
        for one in file.exports
        if "connection" not in one.value.unread
        and one.value.value.connection not in (None, *file.named["connection"])
    ]


def surroundings(state: State, file: FileReading) -> Surroundings:
    """Return among what the file's exports are checked before any of it is saved."""
    secrets = {one.value.name: one.value.secret_name for one in file.connections}
    stored = {name: connection.secret_name for name, connection in state.connections.items()}
    coming = {
        name
        for name in file.named["connection"]
        if stored.get(name) is None or secrets.get(name, stored[name]) != stored[name]
    }
    # Only what others must know of them counts: who saves them has no part in it.
    exports = tuple(
        IndexedExport.of(merged(one.value.value, None, NOBODY, ())) for one in file.exports
    )
    return Surroundings(from_file=True, coming=frozenset(coming), exports=exports)


def _differing(state: State, file: FileReading) -> list[Placed[Reading[Export]]]:
    def differs(given: Export) -> bool:
        before = state.exports.get(given.name)
        return before is None or any(
            getattr(before, member) != getattr(given, member) for member in Export.model_fields
        )

    return [
        one
        for one in file.exports
        if one.value.value.name not in state.unreadable
        and (one.value.errors or differs(one.value.value))
    ]


def _items(
    document: Document, section: str, errors: list[FieldError]
) -> Iterator[tuple[str, str, Document]]:
    """Yield where each document stands, its name, and what it says."""
    seen: set[str] = set()
    listed = document.get(section)
    for number, item in enumerate(listed if isinstance(listed, list) else ()):
        where = f"{section}.{number}"
        if not isinstance(item, dict):
            errors.append(FieldError(where, "must be an object", "invalid_type"))
            continue
        name = item.get("name")
        if not _is_name(name):
            code = "required" if name is None else "malformed"
            params = {} if name is None else {"pattern": NAME_PATTERN}
            message = "is required" if name is None else f"must match {NAME_PATTERN}"
            errors.append(FieldError(f"{where}.name", message, code, params))
            name = _NAMELESS
        elif name in seen:
            errors.append(FieldError(f"{where}.name", "is there already", "named_twice"))
        seen.add(name)
        yield where, name, item


def _connection(
    where: str, name: str, item: Document, errors: list[FieldError]
) -> Connection | None:
    document = {**item, "name": name}
    if "consent" in document:
        del document["consent"]
        message = "is given by a person on the connection, never by a file"
        errors.append(FieldError(f"{where}.consent", message, "consent_in_file"))
    try:
        return inputs.read(Connection, document, name)
    except ProblemError as problem:
        errors += _below(where, problem.errors)
        return None


def _names(document: Document, section: str) -> frozenset[str]:
    listed = document.get(section)
    items = listed if isinstance(listed, list) else []
    names = [item.get("name") for item in items if isinstance(item, dict)]
    return frozenset(name for name in names if _is_name(name))


def _is_name(name: object) -> TypeIs[str]:
    return isinstance(name, str) and re.fullmatch(NAME_PATTERN, name) is not None


def _below(where: str, errors: Iterable[FieldError]) -> list[FieldError]:
    """Say of problems of a document where in the file they are."""
    return [
        replace(error, field=f"{where}.{error.field}" if error.field else where) for error in errors
    ]
