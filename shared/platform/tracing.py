"""Spans over OpenTelemetry's API: ids, counts and codes, never a person or an error's text.

All spans of a run are one trace, though its steps are invocations on many instances: the trace's id
follows from the run's id, so nothing needs to be stored or sent along. Where no SDK is configured
(on a laptop, in tests) a span is nothing and costs some microseconds.
"""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from hashlib import sha256

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    StatusCode,
    TraceFlags,
    Tracer,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

type Value = str | int | float | None
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_propagator = TraceContextTextMapPropagator()


@contextmanager
def invocation(traceparent: str | None) -> Iterator[None]:
    """Work in the trace of the host's invocation, W3C `traceparent`; in none where it has none.

    The worker library does this on its event loop alone, and our functions run on other threads.
    """
    token = context.attach(_propagator.extract({"traceparent": traceparent or ""}, Context()))
    try:
        yield
    finally:
        context.detach(token)


@contextmanager
def span(
    name: str, run: str, *, expected: tuple[type[Exception], ...] = (), **attributes: Value
) -> Iterator[None]:
    """Time a piece of a run's work; the first one of an invocation is linked to the invocation.

    Of an exception the type alone is kept; the span has failed unless it is `expected`.
    """
    with timed(name, run, expected=expected, **attributes) as work:
        yield
    work.end()


class Timed:
    """A span whose work is over; by `end` it is told what came out of it."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._over: int | None = None

    def over(self) -> None:
        """Say that the work is over now."""
        self._over = time.time_ns()

    def fail(self, error: BaseException, *, expected: tuple[type[Exception], ...] = ()) -> None:
        """End the span with an error, of which the type alone is kept."""
        if not self._span.is_recording():
            return
        self._span.set_attribute("error", type(error).__name__)
        if not isinstance(error, expected):
            self._span.set_status(StatusCode.ERROR, type(error).__name__)
        self._span.end(self._over)

    def end(self, **attributes: Value) -> None:
        """End the span, unless it has ended with an error; it lasted until its work was over."""
        if not self._span.is_recording():
            return
        self._span.set_attributes(_given(attributes))
        self._span.end(self._over)


@contextmanager
def timed(
    name: str, run: str, *, expected: tuple[type[Exception], ...] = (), **attributes: Value
) -> Iterator[Timed]:
    """Time a piece of work as `span` does, but leave it to the caller to end what went well."""
    started = _start(name, run, attributes)
    work = Timed(started)
    with trace.use_span(started, False, record_exception=False, set_status_on_exception=False):
        try:
            yield work
        except BaseException as error:
            work.fail(error, expected=expected)
            raise
    work.over()


def note(**attributes: Value) -> None:
    """Add attributes to the span that is under way; None is left out."""
    trace.get_current_span().set_attributes(_given(attributes))


def past(name: str, run: str, seconds: float, *, is_error: bool, **attributes: Value) -> None:
    """Add a span that ends now and was begun so long ago, by whichever invocation."""
    ended = _start(name, run, attributes, time.time_ns() - int(seconds * 1e9))
    if is_error:
        ended.set_status(StatusCode.ERROR)
    ended.end()


@cache
def _tracer() -> Tracer:
    """Return the app's tracer, which leaves no span out whatever `OTEL_TRACES_SAMPLER` says.

    The setting holds for the host as well, whose every look at a queue would be a span.
    """
    tracer = trace.get_tracer("segment_export")
    # Not imported for its own sake: where nobody has configured the SDK it is not there.
    if "opentelemetry.sdk.trace" in sys.modules:
        from opentelemetry.sdk.trace import Tracer as RecordingTracer
        from opentelemetry.sdk.trace.sampling import ALWAYS_ON

        if isinstance(tracer, RecordingTracer):
            tracer.sampler = ALWAYS_ON
    return tracer


def _start(name: str, run: str, attributes: Mapping[str, Value], begun: int | None = None) -> Span:
    given = _given({"run": run, **attributes})
    digest = sha256(run.encode()).digest()
    trace_id, root_id = int.from_bytes(digest[:16]), int.from_bytes(digest[16:24])
    current = trace.get_current_span().get_span_context()
    if current.trace_id == trace_id and begun is None:
        return _tracer().start_span(name, attributes=given)
    # Nobody sends the root itself: the first spans of all steps of a run stand side by side.
    root = NonRecordingSpan(SpanContext(trace_id, root_id, is_remote=True, trace_flags=_SAMPLED))
    under = trace.set_span_in_context(root, Context())
    links = [Link(current)] if current.is_valid and current.trace_id != trace_id else []
    return _tracer().start_span(name, under, attributes=given, links=links, start_time=begun)


def _given(attributes: Mapping[str, Value]) -> dict[str, str | int | float]:
    return {name: value for name, value in attributes.items() if value is not None}
