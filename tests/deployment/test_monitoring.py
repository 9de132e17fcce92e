"""Alerts, workbook and queries: they ask for what the app logs, and the docs explain them."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azure.monitor.opentelemetry import _constants

from tests.deployment import app_settings, bicep
from tests.deployment.bicep import Deployment
from tests.deployment.compiler import Compiler
from tests.deployment.logged import logged

QUERIES = {path.stem: path.read_text() for path in (bicep.INFRA / "queries").glob("*.kql")}
WORKBOOK = (bicep.INFRA / "workbook.json").read_text()
OPERATE = (bicep.ROOT / "docs" / "operate.md").read_text()
RULES = re.findall(r"name: '([a-z-]+)'\n    title", bicep.texts()["modules/alerts.bicep"])
EVENT = re.compile(r"event (?:==|in) (\([^)]*\)|'\w+')")


LOGGED = logged()


def _queries() -> dict[str, str]:
    """Return every query that reads the app's events, without comments and parameters."""
    texts = {f"{name}.kql": text for name, text in QUERIES.items()}
    for number, item in enumerate(_queries_in(json.loads(WORKBOOK))):
        texts[f"workbook {number}"] = item
    for number, block in enumerate(re.findall(r"```kusto\n(.*?)```", OPERATE, re.DOTALL)):
        texts[f"operate.md {number}"] = block
    return {
        name: re.sub(r"//.*|{\w+}", "", text)
        for name, text in texts.items()
        if "SegmentExportEvents" in text + name
    }


def _queries_in(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(query := part.get("query"), str):
            yield query
        part = list(part.values())
    if isinstance(part, list):
        for item in part:
            yield from _queries_in(item)


def _events(query: str) -> set[str]:
    """Return the events that a query asks for by name."""
    return {name for match in EVENT.findall(query) for name in re.findall(r"'(\w+)'", match)}


def _fields(query: str) -> set[str]:
    """Return the fields that a query reads, also those that are columns already."""
    read = {a or b for a, b in re.findall(r"\bentry(?:\.(\w+)|\['(\w+)'\])", query)}
    return read | set(re.findall(r"\b(run|export)\b(?! =)", query))


ASKED = _queries()


@pytest.mark.parametrize("event", sorted({name for q in ASKED.values() for name in _events(q)}))
def test_every_event_that_is_asked_for_is_logged(event: str) -> None:
    assert event in LOGGED


@pytest.mark.parametrize("name", sorted(ASKED))
def test_every_field_that_a_query_reads_is_logged_with_one_of_its_events(name: str) -> None:
    events = _events(ASKED[name]) or LOGGED.keys()
    fields = set().union(*(LOGGED[event] for event in events if event in LOGGED))
    assert _fields(ASKED[name]) <= fields | {"event"}


def test_the_fields_of_a_query_are_found() -> None:
    assert _events(ASKED["throttled.kql"]) == {"throttled"}
    assert _fields(ASKED["throttled.kql"]) == {"run", "account_id", "status"}
    assert "account" not in LOGGED["throttled"]


def _alerts(deployed: Deployment) -> dict[str, dict[str, Any]]:
    """Return the properties of every rule by its name."""
    return {
        one["name"].removeprefix("segment-export-").rpartition("-")[0]: one["properties"]
        for one in deployed.of("Microsoft.Insights/scheduledQueryRules")
    }


def _query(alert: dict[str, Any]) -> str:
    return str(alert["criteria"]["allOf"][0]["query"])


def test_every_query_belongs_to_an_alert_and_every_alert_has_one(
    deployment: Callable[[str], Deployment],
) -> None:
    alerts = _alerts(deployment("defaults"))

    assert {*alerts, "SegmentExportEvents"} == QUERIES.keys()
    assert {name: _query(alert) for name, alert in alerts.items()} == {
        name: QUERIES[name] for name in alerts
    }
    [saved] = deployment("defaults").of("Microsoft.OperationalInsights/workspaces/savedSearches")
    assert saved["properties"]["query"] == QUERIES["SegmentExportEvents"]


def test_an_alert_splits_by_a_column_that_its_query_returns(
    deployment: Callable[[str], Deployment],
) -> None:
    for name, alert in _alerts(deployment("defaults")).items():
        for dimension in alert["criteria"]["allOf"][0]["dimensions"]:
            columns = QUERIES[name].split("project", 1)[1]
            assert re.search(rf"\b{dimension['name']}\b", columns), name


@pytest.mark.parametrize("rule", RULES)
def test_the_docs_explain_every_alert_with_its_query(rule: str) -> None:
    section = OPERATE.split(f"\n### {rule}\n")[1].split("\n### ")[0]

    assert QUERIES[rule] in section


def test_the_expected_time_between_runs_reaches_its_query(
    bicep_compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(bicep.WAYS, "rare", "param expectRunEveryHours = 40")

    alert = _alerts(bicep.deployed(bicep_compiler, "rare"))["no-run"]

    assert "ago(40h)" in _query(alert)
    assert alert["enabled"] is True


def test_mails_reach_whom_they_should(deployment: Callable[[str], Deployment]) -> None:
    everything = deployment("everything")
    [people] = everything.of("Microsoft.Insights/actionGroups")

    for alert in _alerts(everything).values():
        assert alert["actions"]["actionGroups"] == [people["id"]]
    [unavailable] = everything.of("Microsoft.Insights/metricAlerts")
    assert unavailable["properties"]["actions"] == [{"actionGroupId": people["id"]}]
    assert "\n### unavailable\n" in OPERATE


def test_the_workbook_shows_runs_throughput_outcomes_and_cost() -> None:
    titles = {item["content"].get("title") for item in json.loads(WORKBOOK)["items"]}

    assert {"Runs", "Contacts sent a minute", "Outcomes"} <= titles
    assert "Where the time of runs went" in titles
    assert any("Cost" in str(title) for title in titles)


def test_no_library_is_made_to_send_spans_of_its_own(
    deployment: Callable[[str], Deployment],
) -> None:
    """A newer distribution may know more libraries: their spans would hold URLs and blob names."""
    disabled = app_settings.environment(deployment("defaults"))[
        "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"
    ]

    assert set(_constants._FULLY_SUPPORTED_INSTRUMENTED_LIBRARIES) == set(disabled.split(","))


def test_the_worker_sends_telemetry_only_where_the_host_leaves_it_to_the_worker(
    deployment: Callable[[str], Deployment],
) -> None:
    host = json.loads((bicep.ROOT / "host.json").read_text())
    settings = app_settings.environment(deployment("defaults"))

    assert host["telemetryMode"] == "OpenTelemetry"
    assert settings["PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY"] == "true"
    # Read in the classic mode alone: it would be believed to do something.
    assert "applicationInsights" not in host["logging"]


def test_the_worker_sends_the_lines_of_the_logger_that_events_are_written_to(
    deployment: Callable[[str], Deployment],
) -> None:
    settings = app_settings.environment(deployment("defaults"))

    name = settings["PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME"]

    assert f'getLogger("{name}")' in (bicep.ROOT / "shared/platform/log.py").read_text()
