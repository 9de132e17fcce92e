"""Alerts, workbook and queries: they ask for what the app logs, and the docs explain them."""

import json
import re
from collections.abc import Iterator

import pytest
from azure.monitor.opentelemetry import _constants

from tests.deployment import app_settings, bicep
from tests.deployment.logged import logged

QUERIES = {path.stem: path.read_text() for path in (bicep.INFRA / "queries").glob("*.kql")}
WORKBOOK = (bicep.INFRA / "workbook.json").read_text()
OPERATE = (bicep.ROOT / "docs" / "operate.md").read_text()
RULES = bicep.tree(bicep.texts()["modules/alerts.bicep"])["variables"]["rules"]["value"]
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


def test_every_query_belongs_to_an_alert_and_every_alert_has_one() -> None:
    rules = {rule["name"] for rule in RULES}

    assert rules | {"SegmentExportEvents"} == QUERIES.keys()
    alerts = bicep.texts()["modules/alerts.bicep"]
    assert all(f"loadTextContent('../queries/{rule}.kql')" in alerts for rule in rules)
    assert "queries/SegmentExportEvents.kql" in bicep.texts()["modules/monitoring.bicep"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["name"]))
def test_an_alert_splits_by_a_column_that_its_query_returns(rule: dict[str, str]) -> None:
    if rule["by"]:
        assert re.search(rf"\b{rule['by']}\b", QUERIES[rule["name"]].split("project", 1)[1])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["name"]))
def test_the_docs_explain_every_alert_with_its_query(rule: dict[str, str]) -> None:
    section = OPERATE.split(f"\n### {rule['name']}\n")[1].split("\n### ")[0]

    assert QUERIES[rule["name"]] in section


def test_the_expected_time_between_runs_reaches_its_query() -> None:
    assert "ago(26h)" in QUERIES["no-run"]
    assert "'26h', '${expectRunEveryHours}h'" in bicep.texts()["modules/alerts.bicep"]


def test_the_workbook_shows_runs_throughput_outcomes_and_cost() -> None:
    titles = {item["content"].get("title") for item in json.loads(WORKBOOK)["items"]}

    assert {"Runs", "Contacts sent a minute", "Outcomes"} <= titles
    assert "Where the time of runs went" in titles
    assert any("Cost" in str(title) for title in titles)


def test_no_library_is_made_to_send_spans_of_its_own() -> None:
    """A newer distribution may know more libraries: their spans would hold URLs and blob names."""
    disabled = app_settings.environment(bicep.texts())["OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"]

    assert set(_constants._FULLY_SUPPORTED_INSTRUMENTED_LIBRARIES) == set(disabled.split(","))


def test_the_worker_sends_telemetry_only_where_the_host_leaves_it_to_the_worker() -> None:
    host = json.loads((bicep.ROOT / "host.json").read_text())
    settings = app_settings.environment(bicep.texts())

    assert host["telemetryMode"] == "OpenTelemetry"
    assert settings["PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY"] == "true"
    # Read in the classic mode alone: it would be believed to do something.
    assert "applicationInsights" not in host["logging"]


def test_the_worker_sends_the_lines_of_the_logger_that_events_are_written_to() -> None:
    settings = app_settings.environment(bicep.texts())

    name = settings["PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME"]

    assert f'getLogger("{name}")' in (bicep.ROOT / "shared/platform/log.py").read_text()
