"""The routes of the configuration as one file: read it, plan what a file would change, apply it."""

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.app import App
from shared.exports import store
from shared.exports.configuration import (
    State,
    Step,
    file_of,
    is_of,
    plan_of,
    read_state,
    steps_to,
    written,
)
from shared.exports.surroundings import Surroundings
from shared.http import audit, connections, exports, inputs, problems
from shared.http.configuration_file import (
    ConfigurationFile,
    FileReading,
    check,
    check_removals,
    read_file,
)
from shared.http.messages import Request, Response
from shared.http.problems import FieldError, ProblemError
from shared.http.translation import translate
from shared.platform import log
from shared.platform.blobs import Document


class Application(BaseModel):
    """A file to be applied as it was planned; what it lacks is kept unless it says otherwise."""

    model_config = ConfigDict(extra="forbid", strict=True)

    configuration: ConfigurationFile
    plan: str | None = None
    remove_missing: bool = False


class _Application(BaseModel):
    """The same without looking into the file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    configuration: dict[str, Any]
    plan: str | None = None
    remove_missing: bool = False


def get(app: App, request: Request) -> Response:  # noqa: ARG001 - every handler's form
    """Return all connections and exports as one file, without tokens and consent."""
    return Response(document=file_of(read_state(app.blobs)))


def plan(app: App, request: Request) -> Response:
    """Tell what a file would change, or all that is wrong with it; nothing is saved."""
    state = read_state(app.blobs)
    file = read_file(request.document())
    errors = [*file.errors, *check(app, request.caller, state, file)]
    steps = _steps(state, file)
    return Response(
        document={
            "changes": [asdict(step) for step in steps],
            "errors": [error.document() for error in errors],
            "plan": None if errors else plan_of(state, steps),
        }
    )


def apply(app: App, request: Request) -> Response:
    """Save and remove what was planned, step by step, and stop at the first that fails."""
    wanted = inputs.read(_Application, request.document())
    state = read_state(app.blobs)
    if wanted.plan is not None and not is_of(wanted.plan, state):
        raise _changed()
    file = read_file(wanted.configuration)
    errors = [*file.errors, *check(app, request.caller, state, file)]
    if wanted.remove_missing:
        errors += check_removals(file)
    if wanted.plan is None:
        errors.append(FieldError("plan", "is required", "required"))
    if errors:
        raise problems.invalid(errors)
    steps = _steps(state, file)
    if wanted.plan != plan_of(state, steps):
        raise _changed()
    audit.act(
        request.caller,
        "configuration_applied",
        "configuration",
        remove_missing=wanted.remove_missing,
    )
    work = _Applying(app, request, state, file)
    for step in steps:
        if (step.action != "remove" or wanted.remove_missing) and not work.take(step):
            break
    return Response(document={"done": work.done, "failed": work.failed, "warnings": work.warnings})


@dataclass
class _Applying:
    """Goes from step to step, each by the rules of its own route; keeps what came of them."""

    app: App
    request: Request
    state: State
    file: FileReading
    done: list[Document] = field(default_factory=list)
    warnings: list[Document] = field(default_factory=list)
    failed: Document | None = None
    # By now the connections of the file are stored.
    around: Surroundings = field(default_factory=lambda: Surroundings(from_file=True))

    def take(self, step: Step) -> bool:
        """Take a step; False where it failed."""
        told: Document = {"kind": step.kind, "name": step.name, "action": step.action}
        try:
            if step.kind == "connection":
                self._connection(step)
            else:
                self._export(step)
        except Exception as error:  # whatever it was, the answer says what was done before
            problem = translate(error)
            if problem.status == 500:
                log.failure("configuration_step_failed", error)
            self.failed = told | _failure(problem)
            return False
        self.done.append(told)
        return True

    def _connection(self, step: Step) -> None:
        request = self._request(step, self._connection_etag(step.name))
        if step.action == "remove":
            connections.delete(self.app, request)
            return
        [given] = [one.value for one in self.file.connections if one.value.name == step.name]
        body = given.model_dump(mode="json", exclude={"consent"})
        connections.put(self.app, replace(request, body=json.dumps(body).encode()))

    def _export(self, step: Step) -> None:
        request = self._request(step, self.state.versions.get(step.name))
        if step.action == "remove":
            exports.delete(self.app, request)
            return
        [reading] = [one.value for one in self.file.exports if one.value.value.name == step.name]
        _, saved, _ = exports.save(self.app, request, reading, self.around)
        self.warnings += [
            {"kind": step.kind, "name": step.name, **asdict(warning)} for warning in saved.warnings
        ]

    def _request(self, step: Step, etag: str | None) -> Request:
        """Return the request of its route, on the version that was planned for and no other."""
        condition = {"if-none-match": "*"} if etag is None else {"if-match": etag}
        method = "DELETE" if step.action == "remove" else "PUT"
        path = {"name": step.name}
        return replace(
            self.request, method=method, path=path, query={}, headers=condition, body=b""
        )

    def _connection_etag(self, name: str) -> str | None:
        """Return the present ETag of a connection that people have not changed since the plan.

        What the app learns of its account meanwhile moves it, too.
        """
        found, before = (
            store.load_connection(self.app.blobs, name),
            self.state.connections.get(name),
        )
        if before is None:
            return None
        if found is None or written(found[0]) != written(before):
            raise problems.precondition_failed()
        return found[1]


def _steps(state: State, file: FileReading) -> list[Step]:
    given = [one.value for one in file.connections]
    return steps_to(state, given, file.whole_exports, file.named)


def _failure(problem: ProblemError) -> Document:
    return {
        "code": problem.code,
        "params": problem.params,
        "detail": problem.detail,
        "errors": [error.document() for error in problem.errors],
    }


def _changed() -> ProblemError:
    return problems.conflict(
        "configuration_changed",
        "The configuration was changed since the plan",
        "Something was saved since this was planned, or the file is another one. Plan it again.",
    )
