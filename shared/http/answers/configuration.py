"""What the routes of the configuration as one file answer."""

from typing import Literal

from pydantic import JsonValue

from shared.exports.configuration import Action, Kind
from shared.exports.connection_models import Connection
from shared.exports.models import Export
from shared.http.answers.common import Answer, FieldProblem, Params


class ConnectionInFile(Connection):
    """A connection without consent, which no file gives."""

    read_only = frozenset()


class ExportInFile(Export):
    """An export as people write it."""

    read_only = frozenset()


class ConfigurationView(Answer):
    """All connections and exports; `unreadable`: exports whose stored document can't be read.

    It is there only where there are such exports, and ignored in what is planned and applied.
    """

    version: Literal[1]
    connections: list[ConnectionInFile]
    exports: list[ExportInFile]
    unreadable: tuple[str, ...] = ()


class MemberChange(Answer):
    """A member before and after; null where it was not there."""

    member: str
    old: JsonValue
    new: JsonValue


class ConfigurationChange(Answer):
    """A document that is made, changed or removed."""

    kind: Kind
    name: str
    action: Action
    members: list[MemberChange]


class ConfigurationPlan(Answer):
    """What a file would change; with errors there is no plan to apply."""

    changes: list[ConfigurationChange]
    errors: list[FieldProblem]
    plan: str | None


class StepDone(Answer):
    """A step that was taken."""

    kind: Kind
    name: str
    action: Action


class StepFailed(StepDone):
    """The step that failed; those after it were not tried."""

    code: str
    params: Params
    detail: str
    errors: list[FieldProblem]


class StepWarning(Answer):
    """What may surprise of a document that was saved."""

    kind: Kind
    name: str
    code: str
    params: Params
    detail: str


class ConfigurationApplied(Answer):
    """What came of a file; after a failure it may be planned and applied again."""

    done: list[StepDone]
    failed: StepFailed | None
    warnings: list[StepWarning]
