"""`python -m local.functions_host.worker`: the function app inside Microsoft's worker library.

A worker keeps its functions in module globals: one app per process. It goes on for as long as its
host lives, and then to the end of what it runs, as a worker whose host was killed does.
"""

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import azure_functions_runtime as runtime
from azure_functions_runtime import invocation_id_cv
from azure_functions_runtime.bindings.datumdef import Datum, parse_to_rpc_http_cookie_list
from azure_functions_runtime.native_invocation import invocation_request_native

from local.functions_host.logs import set_up_logging
from local.functions_host.wire import (
    FAILED,
    Answer,
    Call,
    Cookie,
    Found,
    HttpAnswer,
    HttpRequest,
    Indexed,
    Refused,
    Typed,
)


class _Record(SimpleNamespace):
    """Stands for any message class of the host's protocol: the library only fills fields in."""

    Success: ClassVar[int] = 1
    Failure: ClassVar[int] = 0
    undefined: ClassVar[int] = 0
    out: ClassVar[int] = 1
    inout: ClassVar[int] = 2


class _CookieRecord(_Record):
    """A cookie; `None` says nothing about SameSite."""

    SameSite: ClassVar[Any] = SimpleNamespace(
        **{"None": "", "Lax": "lax", "Strict": "strict", "ExplicitNone": "none"}
    )


_PROTOCOL = SimpleNamespace(
    RpcHttpCookie=_CookieRecord,
    **{
        name: type(name, (_Record,), {})
        for name in (
            "BindingInfo",
            "FunctionMetadataResponse",
            "NullableBool",
            "NullableDouble",
            "NullableString",
            "NullableTimestamp",
            "RpcException",
            "RpcFunctionMetadata",
            "RpcRetryOptions",
            "StatusResult",
            "Timestamp",
            "WorkerInitResponse",
            "WorkerMetadata",
        )
    },
)


class Worker:
    """Indexes one app and invokes its functions, plain ones on the worker's thread pool."""

    def __init__(self, host: Connection) -> None:
        self._host = host
        self._sending = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._running: set[str] = set()

    def index(self, app: Path) -> Indexed | Refused:
        """Loads the app; its imports run in the calling thread, the main one, as in Azure."""
        if not (app / "function_app.py").exists():
            return Refused(f"no function_app.py in {app}")
        sys.path.insert(0, str(app))
        result = self._loop.run_until_complete(self._load(app))
        if isinstance(result, Indexed):
            runtime.start_threadpool_executor()
            # A loop in a thread of its own: the main thread reads what the host says.
            threading.Thread(target=self._loop.run_forever, name="worker", daemon=True).start()
        return result

    async def _load(self, app: Path) -> Indexed | Refused:
        request = SimpleNamespace(
            request=SimpleNamespace(
                worker_init_request=SimpleNamespace(
                    capabilities={}, function_app_directory=str(app)
                )
            ),
            properties={"host": "127.0.0.1", "protos": _PROTOCOL},
        )
        result = (await runtime.worker_init_request(request)).result
        if result.status != _Record.Success:
            return Refused(f"{result.exception.message}\n{result.exception.stack_trace}")
        answer = await runtime.functions_metadata_request(None)
        return Indexed(
            [
                Found(
                    item.function_id, item.name, item.raw_bindings, item.retry_options is not None
                )
                for item in answer.function_metadata_results or ()
            ]
        )

    def say(self, word: object) -> None:
        """Sends to the host; where it is gone, nobody needs to know."""
        try:
            with self._sending:
                self._host.send(word)
        except OSError:
            pass

    def serve(self) -> None:
        """Does what the host asks for, until it is gone and everything has ended."""
        try:
            while True:
                call = self._host.recv()
                self._running.add(call.id)
                asyncio.run_coroutine_threadsafe(self._invoke(call), self._loop)
        except (EOFError, OSError):
            asyncio.run_coroutine_threadsafe(self._idle(), self._loop).result()

    async def _idle(self) -> None:
        while self._running:
            await asyncio.sleep(0.05)

    async def _invoke(self, call: Call) -> None:
        try:
            succeeded, returned, outputs, _, _ = await invocation_request_native(
                call.id,
                call.function_id,
                [(call.parameter, _datum(call.value))],
                {name: _datum(value) for name, value in call.metadata.items()},
                call.traceparent,
            )
            answer = FAILED
            if succeeded:
                sent = tuple((name, _typed(value)) for name, value in outputs)
                answer = Answer(True, None if returned is None else _typed(returned), sent)
        except Exception as error:
            # What cannot be encoded fails the invocation, as it does on its way in Azure.
            print(f"{call.id}: {type(error).__name__}", file=sys.stderr, flush=True)
            answer = FAILED
        await asyncio.to_thread(self.say, (call.id, answer))
        self._running.discard(call.id)


def _datum(value: Typed) -> Datum:
    if not isinstance(request := value.value, HttpRequest):
        return Datum(value.value, value.type)
    return Datum(
        {
            "method": Datum(request.method, "string"),
            "url": Datum(request.url, "string"),
            "headers": _texts(request.headers),
            "query": _texts(request.query),
            "params": _texts(request.params),
            "body": Datum(request.body, "bytes"),
        },
        "http",
    )


def _texts(values: Mapping[str, str]) -> dict[str, Datum]:
    return {name: Datum(value, "string") for name, value in values.items()}


def _typed(datum: Datum) -> Typed:
    if datum.type != "http":
        return Typed(datum.value, datum.type)
    answer = datum.value
    body = answer["body"].value
    return Typed(
        HttpAnswer(
            status=int(answer["status_code"].value),
            headers={name: value.value for name, value in answer["headers"].items()},
            cookies=[
                _cookie(cookie)
                for cookie in parse_to_rpc_http_cookie_list(answer["cookies"], _PROTOCOL) or ()
            ],
            body=body.encode() if isinstance(body, str) else body or b"",
        ),
        "http",
    )


def _cookie(given: Any) -> Cookie:
    return Cookie(
        name=given.name,
        value=given.value,
        domain=given.domain.value,
        path=given.path.value,
        expires=given.expires and given.expires.value.seconds,
        max_age=given.max_age and given.max_age.value,
        secure=given.secure.value,
        http_only=given.http_only.value,
        same_site=given.same_site,
    )


def main() -> None:
    """Arguments: the pipe to the host, the app, the form of log lines, host.json's log levels."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the host.
    handle, app, form, levels = sys.argv[1:]
    os.chdir(app)
    set_up_logging(
        "pretty" if form == "pretty" else "json", json.loads(levels), invocation_id_cv.get
    )
    worker = Worker(Connection(int(handle)))
    found = worker.index(Path(app))
    worker.say(found)
    if isinstance(found, Indexed):
        worker.serve()
    sys.stdout.flush()
    # Threads that functions have started must not keep the process alive.
    os._exit(0)


if __name__ == "__main__":
    main()
