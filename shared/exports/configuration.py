"""Connections and exports as one file: what is stored, and what a file would change of it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from shared.exports import store
from shared.exports.connection_models import Connection, KnownAccount, StoredConnection
from shared.exports.history import Change, changes_between, flat_members
from shared.exports.models import Export, StoredExport
from shared.platform.blobs import Blobs, Document

VERSION = 1
Kind = Literal["connection", "export"]
Action = Literal["create", "change", "remove"]
# A file gives no consent: that is a person's to give.
OF_CONNECTION = frozenset(Connection.model_fields) - {"consent"}
OF_EXPORT = frozenset(Export.model_fields)
# What the app learns of an account by itself. It is no change of the configuration.
_LEARNT = {*KnownAccount.model_fields, "awaiting", "account_before", "refused_token"}


@dataclass(frozen=True)
class State:
    """What is stored, by name. versions: the exports' ETags; unreadable: exports that can't be."""

    connections: Mapping[str, StoredConnection]
    exports: Mapping[str, StoredExport]
    versions: Mapping[str, str]
    unreadable: tuple[str, ...]

    @property
    def mark(self) -> str:
        """Another one where anything was saved in between, even with nothing changed."""
        connections = [written(one) for _, one in sorted(self.connections.items())]
        return _digest([sorted(self.versions.items()), connections])


@dataclass(frozen=True)
class Step:
    """One document that a file makes, changes or removes; of a removal no members are told."""

    kind: Kind
    name: str
    action: Action
    members: tuple[Change, ...] = ()


def read_state(blobs: Blobs) -> State:
    """Read all that is stored."""
    # Versions first: what is saved between the looks has another one by then.
    versions = store.export_versions(blobs)
    found = store.read_some(blobs, sorted(versions))
    return State(
        connections={one.name: one for one in store.list_connections(blobs)},
        exports={one.name: one for one in store.readable(found)},
        versions=versions,
        unreadable=tuple(one.name for one in found if isinstance(one, store.UnreadableExport)),
    )


def written(connection: StoredConnection) -> Document:
    """Return what people have saved of a connection, with when and who."""
    return connection.model_dump(mode="json", exclude=_LEARNT)


def file_of(state: State) -> Document:
    """Return all of it as a file, which planned at once changes nothing."""
    file: Document = {
        "version": VERSION,
        "connections": [_of_connection(one) for _, one in sorted(state.connections.items())],
        "exports": [_of_export(one) for _, one in sorted(state.exports.items())],
    }
    return file | ({"unreadable": list(state.unreadable)} if state.unreadable else {})


def steps_to(
    state: State,
    connections: Iterable[Connection],
    exports: Iterable[Export],
    named: Mapping[Kind, frozenset[str]],
) -> list[Step]:
    """Return what leads to a file, in the order of applying it; removals last.

    named: everything that the file has, also what could not be read: it is not removed.
    """
    steps = [_connection_step(state, one) for one in connections]
    steps += [_export_step(state, one) for one in exports]
    return [
        *(step for step in steps if step is not None),
        *(Step("export", one, "remove") for one in sorted(state.exports.keys() - named["export"])),
        *(
            Step("connection", one, "remove")
            for one in sorted(state.connections.keys() - named["connection"])
        ),
    ]


def plan_of(state: State, steps: Iterable[Step]) -> str:
    """Return what stands for these steps on what is stored now, and for no others."""
    return f"{state.mark}-{_digest([asdict(step) for step in steps])}"


def is_of(plan: str, state: State) -> bool:
    """Return whether nothing was saved since a plan was made."""
    return plan.partition("-")[0] == state.mark


def _connection_step(state: State, given: Connection) -> Step | None:
    before = state.connections.get(given.name)
    old = _of_connection(before) if before else None
    return _step("connection", given.name, old, _of_connection(given))


def _export_step(state: State, given: Export) -> Step | None:
    before = state.exports.get(given.name)
    old = _of_export(before) if before else None
    return _step("export", given.name, old, _of_export(given))


def _step(kind: Kind, name: str, before: Document | None, after: Document) -> Step | None:
    members = changes_between(flat_members(before or {}), flat_members(after))
    if before is None:
        return Step(kind, name, "create", members)
    return Step(kind, name, "change", members) if members else None


def _of_connection(connection: Connection | StoredConnection) -> Document:
    return connection.model_dump(mode="json", include=set(OF_CONNECTION))


def _of_export(export: Export) -> Document:
    return export.model_dump(mode="json", include=set(OF_EXPORT))


def _digest(told: object) -> str:
    text = json.dumps(told, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
