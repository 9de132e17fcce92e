"""The function app inside Microsoft's Python worker library.

A worker keeps its functions in module globals: one app per process. Its event loop has a thread
of its own, because in Azure host and worker are two processes and an `async def` that blocks
must not stop the host's timers and renewals.
"""

import asyncio
import secrets
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import azure_functions_runtime as runtime
from azure_functions_runtime.bindings.datumdef import Datum
from azure_functions_runtime.native_invocation import invocation_request_native

from local.functions_host.errors import IndexingError


class _Record(SimpleNamespace):
    """Stands for any message class of the host's protocol: the library only fills fields in."""

    Success: ClassVar[int] = 1
    Failure: ClassVar[int] = 0
    undefined: ClassVar[int] = 0
    out: ClassVar[int] = 1
    inout: ClassVar[int] = 2


_PROTOCOL = SimpleNamespace(
    **{
        name: type(name, (_Record,), {})
        for name in (
            "BindingInfo",
            "FunctionMetadataResponse",
            "RpcException",
            "RpcFunctionMetadata",
            "RpcRetryOptions",
            "StatusResult",
            "WorkerInitResponse",
            "WorkerMetadata",
        )
    }
)


@dataclass(frozen=True)
class Answer:
    """What an invocation came to: `returned` and `outputs` are the worker's typed values."""

    succeeded: bool
    returned: Datum | None = None
    outputs: Sequence[tuple[str, Datum]] = ()


def _new_trace() -> str:
    """A W3C traceparent: in Azure, too, each invocation has a trace of the host's making."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


class Worker:
    """Indexes one app and invokes its functions, plain ones on the worker's thread pool."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="worker", daemon=True)

    def index(self, app_directory: Path) -> list[Any]:
        """Loads the app and returns the metadata of its functions; raises IndexingError.

        The app's imports run in the calling thread, which is the main one, as in the worker.
        """
        sys.path.insert(0, str(app_directory))
        if not (app_directory / "function_app.py").exists():
            raise IndexingError(f"no function_app.py in {app_directory}")
        metadata = self._loop.run_until_complete(self._load(app_directory))
        runtime.start_threadpool_executor()
        self._thread.start()
        return metadata

    async def _load(self, app_directory: Path) -> list[Any]:
        request = SimpleNamespace(
            request=SimpleNamespace(
                worker_init_request=SimpleNamespace(
                    capabilities={}, function_app_directory=str(app_directory)
                )
            ),
            properties={"host": "127.0.0.1", "protos": _PROTOCOL},
        )
        result = (await runtime.worker_init_request(request)).result
        if result.status != _Record.Success:
            raise IndexingError(f"{result.exception.message}\n{result.exception.stack_trace}")
        answer = await runtime.functions_metadata_request(None)
        return list(answer.function_metadata_results or ())

    async def invoke(
        self,
        invocation_id: str,
        function_id: str,
        parameter: str,
        value: Datum,
        metadata: Mapping[str, Datum],
    ) -> Answer:
        """Runs one function to its end; an exception in it is an unsuccessful answer."""
        call = invocation_request_native(
            invocation_id, function_id, [(parameter, value)], dict(metadata), _new_trace()
        )
        future = asyncio.run_coroutine_threadsafe(call, self._loop)
        # Shielded: a host that stops waiting does not stop the function, as in Azure.
        succeeded, returned, outputs, _, _ = await asyncio.shield(asyncio.wrap_future(future))
        return Answer(succeeded, returned, outputs)
