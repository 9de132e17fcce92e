"""Spans: nothing without an SDK, one trace per run with one, and never what an error says."""

import json
import subprocess
import sys
from typing import Any

import pytest
from opentelemetry import trace

from shared.platform import tracing
from tests.support.root import ROOT

RUN, OTHER = "weekly-news-20261122T081100Z-9148", "monthly-20261122T081100Z-77aa"
HOSTS = "0af7651916cd43dd8448eb211c80319c"
# A provider of spans is for the whole process and for good: these have one of their own. It
# samples nothing, as the setting says for the host: the app's spans are there all the same.
RECORD = """
import json, sys
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from shared.platform import tracing
kept = InMemorySpanExporter()
provider = TracerProvider(sampler=ALWAYS_OFF)
provider.add_span_processor(SimpleSpanProcessor(kept))
trace.set_tracer_provider(provider)
exec(sys.argv[1])
print(json.dumps([json.loads(span.to_json()) for span in kept.get_finished_spans()]))
"""


def _spans_of(code: str) -> list[dict[str, Any]]:
    """Run code in a process with an SDK; return the spans that ended, in that order."""
    command = [sys.executable, "-c", RECORD, code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    spans: list[dict[str, Any]] = json.loads(done.stdout)
    return spans


def _fails(expected: str) -> str:
    return f"""
try:
    with tracing.span("batch", "{RUN}", expected={expected}):
        raise ValueError("jo@contoso.com is wrong")
except ValueError:
    pass
"""


def test_without_an_sdk_a_span_is_nothing_and_errors_pass_through() -> None:
    def work() -> None:
        with tracing.invocation(None), tracing.span("plan", RUN):
            tracing.note(contacts=1, status=None)
            tracing.past("run", RUN, 1.0, is_error=False)
            assert not trace.get_current_span().is_recording()
            raise ValueError("as it was")

    with pytest.raises(ValueError, match="as it was"):
        work()


def test_of_an_error_the_type_is_kept_and_nothing_that_it_says() -> None:
    [span] = _spans_of(_fails("()"))

    assert span["status"] == {"status_code": "ERROR", "description": "ValueError"}
    assert span["attributes"] == {"run": RUN, "error": "ValueError"}
    assert span["events"] == []
    assert "jo@" not in json.dumps(span)


def test_an_expected_error_is_named_and_is_no_failure() -> None:
    [span] = _spans_of(_fails("(ValueError,)"))

    assert span["status"]["status_code"] == "UNSET"
    assert span["attributes"]["error"] == "ValueError"
    assert "jo@" not in json.dumps(span)


def test_the_spans_of_a_run_are_one_trace_wherever_they_are_made() -> None:
    code = f'with tracing.span("plan", "{RUN}"): tracing.note(contacts=3, chunks=None)'
    [here], [there] = _spans_of(code), _spans_of(code)
    [other] = _spans_of(f'with tracing.span("plan", "{OTHER}"): pass')

    assert here["context"]["trace_id"] == there["context"]["trace_id"]
    assert here["context"]["span_id"] != there["context"]["span_id"]
    assert here["context"]["trace_id"] != other["context"]["trace_id"]
    assert here["attributes"] == {"run": RUN, "contacts": 3}


def test_the_first_span_is_linked_to_the_invocation_and_inner_ones_stand_below_it() -> None:
    batch, chunk = _spans_of(f"""
with tracing.invocation("00-{HOSTS}-b7ad6b7169203331-00"):
    with tracing.span("chunk", "{RUN}"), tracing.span("batch", "{RUN}"):
        pass
""")

    assert [link["context"]["trace_id"] for link in chunk["links"]] == [f"0x{HOSTS}"]
    assert batch["links"] == []
    assert batch["parent_id"] == chunk["context"]["span_id"]


def test_a_span_of_the_past_stands_beside_the_steps_of_its_run() -> None:
    run, finish = _spans_of(f"""
with tracing.span("finish", "{RUN}"):
    tracing.past("run", "{RUN}", 90.0, is_error=True, status="failed")
""")

    assert (run["name"], finish["name"]) == ("run", "finish")
    assert run["parent_id"] == finish["parent_id"]
    assert run["start_time"] < finish["start_time"]
    assert run["status"]["status_code"] == "ERROR"


def test_an_invocation_without_a_trace_is_in_none_even_on_a_thread_that_had_one() -> None:
    [plan] = _spans_of(f"""
with tracing.invocation("00-{HOSTS}-b7ad6b7169203331-01"):
    with tracing.invocation(""), tracing.span("plan", "{RUN}"):
        pass
""")

    assert plan["links"] == []
