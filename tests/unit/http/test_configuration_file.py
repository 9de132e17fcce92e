"""What is read as a file changes nothing when it is planned, whatever is configured."""

import json
from typing import Any

import pytest

from shared.exports.access import Role, key_holder
from shared.exports.configuration import State, file_of, steps_to
from shared.exports.connection_models import Connection, StoredConnection
from shared.exports.connections import merged as merged_connection
from shared.exports.exports import merged as merged_export
from shared.exports.models import Export, StoredExport
from shared.http.configuration_file import FileReading, read_file
from tests.services.runs.test_combinations import CONNECTION, EXPORT, documents

CALLER = key_holder(Role.ADMINISTRATOR)
REST = {
    "name": "e",
    "connection": "c",
    "audience_id": "a1",
    "source": {"folder": "f"},
    "email_field": "Email",
    "segments": ["VIP"],
}
EXPORTS = [document for _, document, wrong in documents(EXPORT) if not wrong]
CONNECTIONS = [document for _, document, wrong in documents(CONNECTION) if not wrong]


def state_of(connection: dict[str, Any], export: dict[str, Any]) -> State:
    """What is stored once both are saved, as it is read again."""
    kept = merged_connection(Connection.model_validate({"name": "c", **connection}), None, CALLER)
    saved = merged_export(Export.model_validate(REST | export), None, CALLER, [])
    connection_again = StoredConnection.model_validate(json.loads(json.dumps(kept.document())))
    export_again = StoredExport.model_validate(json.loads(json.dumps(saved.document())))
    return State({"c": connection_again}, {"e": export_again}, {"e": '"1"'}, ())


def read_again(state: State) -> FileReading:
    file = read_file(json.loads(json.dumps(file_of(state))))
    assert file.errors == ()
    return file


def no_steps(state: State) -> None:
    file = read_again(state)
    given = [one.value for one in file.connections]
    assert steps_to(state, given, file.whole_exports, file.named) == []


@pytest.mark.parametrize("export", EXPORTS, ids=range(len(EXPORTS)))
def test_an_export_that_was_read_is_the_one_that_is_stored(export: dict[str, Any]) -> None:
    no_steps(state_of({}, export))


@pytest.mark.parametrize("connection", CONNECTIONS, ids=range(len(CONNECTIONS)))
def test_a_connection_that_was_read_is_the_one_that_is_stored(connection: dict[str, Any]) -> None:
    no_steps(state_of(connection, {}))


def test_a_file_has_every_member_that_people_write_but_consent() -> None:
    [connection], [export] = (
        file_of(state_of({}, {}))[part] for part in ("connections", "exports")
    )

    assert set(connection) == set(Connection.model_fields) - {"consent"}
    assert set(export) == set(Export.model_fields)
