"""What arrives in Application Insights when the deployed settings meet the real worker library."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from local import scenario
from local.stack import Stack
from tests.support.collector import Collector, Item
from tests.support.place import QUICK

_NO_OPERATION = "0" * 32
_SPANS = ("run", "plan", "chunk", "batch", "finish")


@dataclass(frozen=True)
class Exported:
    """A run that was throttled once, and all that was heard of it."""

    run: dict[str, Any]
    collector: Collector
    furnished: scenario.Scenario

    def spans(self, name: str) -> list[Item]:
        """The run's spans of a name."""
        return self.collector.spans(name)


def _until(look: Callable[[], object], timeout: float = 30) -> None:
    deadline = time.monotonic() + timeout
    while not look():
        assert time.monotonic() < deadline, "it did not arrive in time"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def exported() -> Iterator[Exported]:
    with (
        Stack.start(environment={}, settings=QUICK, hosts=0) as stack,
        Collector(stack.services.certificates) as collector,
    ):
        stack.add_host(settings=collector.settings)
        furnished = scenario.furnish(stack, profiles=1500)
        scenario.set_up(stack, furnished)
        # The trial is not what is throttled.
        trial = {"audience_id": furnished.audience_id}
        stack.ask("POST", f"connections/{scenario.CONNECTION}/verify", trial)
        stack.mailchimp.fail_next("POST /lists/[^/]+$", "429")
        begun = stack.ask("POST", f"exports/{scenario.EXPORT}/runs", {})
        run = stack.ended(begun["id"])
        assert run["status"] == "succeeded", run
        # Spans wait for some seconds before they are sent, events for one.
        _until(lambda: all(map(collector.spans, _SPANS)) and collector.events("run_ended"))
        yield Exported(run, collector, furnished)


def test_all_steps_of_a_run_are_spans_of_one_operation(exported: Exported) -> None:
    spans = [span for name in _SPANS for span in exported.spans(name)]

    assert {span.name for span in spans} == set(_SPANS)
    assert len({span.operation for span in spans}) == 1
    assert {span.properties["run"] for span in spans} == {exported.run["id"]}


def test_the_spans_say_how_many_contacts_became_what(exported: Exported) -> None:
    counts = exported.run["counts"]
    sent = [span for span in exported.spans("batch") if span.data["success"]]

    for name in ("created", "updated"):
        assert sum(int(span.properties[name]) for span in sent) == counts[name] > 0
    [run] = exported.spans("run")
    assert run.properties | {key: str(count) for key, count in counts.items()} == run.properties
    assert run.properties["status"] == "succeeded"
    [plan] = exported.spans("plan")
    assert int(plan.properties["batches"]) == len(sent)
    assert plan.properties["outcome"] == "planned"


def test_a_throttled_call_is_a_failed_span_that_says_so(exported: Exported) -> None:
    [failed] = [span for span in exported.spans("batch") if not span.data["success"]]

    assert failed.properties["error"] == "ThrottledError"
    assert failed.properties["status"] == "429"


def test_a_batch_stands_below_its_chunk_and_a_chunk_is_linked_to_its_invocation(
    exported: Exported,
) -> None:
    chunks = {span.data["id"]: span for span in exported.spans("chunk")}

    assert {span.parent for span in exported.spans("batch")} <= chunks.keys()
    for chunk in chunks.values():
        [link] = json.loads(chunk.properties["_MS.links"])
        assert link["operation_Id"] != chunk.operation


@pytest.mark.parametrize("event", ["run_started", "run_sending", "run_ended"])
def test_an_event_arrives_once_as_one_json_line(exported: Exported, event: str) -> None:
    [entry] = exported.collector.events(event)

    assert entry["run"] == exported.run["id"]


def test_events_of_a_run_belong_to_its_operation_and_audit_lines_to_a_request(
    exported: Exported,
) -> None:
    [run] = exported.spans("run")
    operation = {
        json.loads(item.data["message"])["event"]: item.operation
        for item in exported.collector.items
        if item.kind == "Message"
    }

    for event in ("run_sending", "batch_sent", "throttled", "run_ended"):
        assert operation[event] == run.operation
    assert operation["audit"] not in (run.operation, _NO_OPERATION)


def test_everything_is_sent_by_the_app_s_identity(exported: Exported) -> None:
    assert exported.collector.audiences == {"https://monitor.azure.com/"}


def test_nothing_else_is_sent_than_events_and_the_spans_of_runs(exported: Exported) -> None:
    items = exported.collector.items

    assert {item.kind for item in items} == {"Message", "RemoteDependency"}
    assert {item.name for item in items if item.kind == "RemoteDependency"} == set(_SPANS)
    assert all(
        item.data["message"].startswith('{"event": ') for item in items if item.kind == "Message"
    )


def test_no_person_token_or_mailchimp_url_leaves_the_app(exported: Exported) -> None:
    sent = "\n".join(exported.collector.bodies).lower()
    secret, data_centre = exported.furnished.api_key.lower().split("-")

    assert "run_ended" in sent
    assert "@" not in sent
    assert secret not in sent
    assert f"{data_centre}.api" not in sent
    assert "/3.0/" not in sent
    assert "/lists/" not in sent
    for table in exported.furnished.segments.values():
        for email in table["Email"].drop_nulls().str.strip_chars().str.to_lowercase():
            assert hashlib.md5(email.encode(), usedforsecurity=False).hexdigest() not in sent
