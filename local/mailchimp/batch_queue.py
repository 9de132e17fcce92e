"""The queue behind /batches: serial per account, results as a gzipped tar."""

from __future__ import annotations

import asyncio
import gzip
import io
import tarfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import orjson

from .accounts import Login
from .problems import Problem, unparsable

if TYPE_CHECKING:
    from .requests import Answer, Request

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PHASES = ("pending", "preprocessing", "started", "finalizing", "finished")


@dataclass(frozen=True, slots=True)
class Operation:
    """One call within a batch; `body` is JSON as a string."""

    method: str
    path: str
    query: dict[str, str]
    body: str
    operation_id: object


@dataclass(slots=True)
class Batch:
    """A batch and how far it is."""

    id: str
    login: Login
    operations: list[Operation]
    submitted: int
    status: str = "pending"
    finished: int = 0
    errored: int = 0
    completed: int = 0
    archive: bytes = b""
    stopped: bool = False


@dataclass(slots=True)
class BatchQueue:
    """All batches; each account has one worker while it has work."""

    answer: Callable[[Request, str], Answer]
    by_id: dict[str, Batch] = field(default_factory=dict)
    _waiting: dict[str, list[Batch]] = field(default_factory=dict)
    _workers: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def of(self, account_id: str) -> list[Batch]:
        """An account's batches, newest first."""
        return [one for one in self.by_id.values() if one.login.account.id == account_id][::-1]

    def pending(self, account_id: str) -> int:
        """How many batches of an account are not finished."""
        return sum(one.status != "finished" for one in self.of(account_id))

    def add(self, request: Request, operations: list[Operation]) -> Batch:
        """Queue a batch."""
        batch = Batch(uuid.uuid4().hex[:10], request.login, operations, request.now)
        self.by_id[batch.id] = batch
        account_id = request.login.account.id
        self._waiting.setdefault(account_id, []).append(batch)
        worker = self._workers.get(account_id)
        if worker is None or worker.done():
            loop = asyncio.get_running_loop()
            self._workers[account_id] = loop.create_task(self._work(account_id, request))
        return batch

    def remove(self, batch: Batch) -> None:
        """Stop and forget a batch."""
        batch.stopped = True
        del self.by_id[batch.id]

    async def _work(self, account_id: str, request: Request) -> None:
        waiting = self._waiting[account_id]
        while waiting:
            await self._run(waiting.pop(0), request)

    async def _run(self, batch: Batch, request: Request) -> None:
        results: list[dict[str, object]] = []
        for phase in PHASES[:-1]:
            batch.status = phase
            if phase == "started":
                await self._operate(batch, request, results)
            await asyncio.sleep(request.switches.batch_phase_seconds)
            if batch.stopped:
                return
        batch.archive = _packed(batch.id, results)
        batch.completed = request.now
        batch.status = PHASES[-1]

    async def _operate(
        self, batch: Batch, request: Request, results: list[dict[str, object]]
    ) -> None:
        for operation in batch.operations:
            await asyncio.sleep(request.switches.batch_operation_seconds)
            if batch.stopped:
                return
            status, body = self._answer(operation, batch, request)
            batch.finished += 1
            batch.errored += status >= 400
            results.append(
                {
                    "status_code": status,
                    "operation_id": operation.operation_id,
                    "response": orjson.dumps(body).decode(),
                }
            )

    def _answer(
        self, operation: Operation, batch: Batch, request: Request
    ) -> tuple[int, dict[str, object]]:
        try:
            try:
                body = orjson.loads(operation.body) if operation.body else None
            except orjson.JSONDecodeError:
                raise unparsable() from None
            one = replace(
                request,
                login=batch.login,
                method=operation.method,
                query=operation.query,
                body=body,
            )
            found = self.answer(one, operation.path.strip("/")).body
        except Problem as problem:
            return problem.status, problem.document("")
        return (204, {}) if found is None else (200, found)  # type: ignore[return-value]  # routes answer objects


def _packed(batch_id: str, results: list[dict[str, object]]) -> bytes:
    """A gzipped tar that begins with its folder, as Mailchimp's do."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        folder = tarfile.TarInfo("./")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        content = orjson.dumps(results)
        entry = tarfile.TarInfo(f"./{batch_id}.json")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(raw.getvalue())
