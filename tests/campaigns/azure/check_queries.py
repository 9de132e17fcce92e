"""Every query of alerts, workbook and pages is one that Kusto takes, on tables as they are."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.campaigns.azure.tables import TABLES
from tests.campaigns.azure.tools import kusto_complaints
from tests.deployment import bicep
from tests.deployment.bicep import Deployment

EVENTS = (bicep.INFRA / "queries" / "SegmentExportEvents.kql").read_text()
# What a workbook puts in place of its parameters.
_PARAMETERS = {"{export}": "'*'", "{gb}": "2", "{price}": "26"}


def _of_deployment(deployed: Deployment) -> Iterator[tuple[str, str]]:
    for rule in deployed.of("Microsoft.Insights/scheduledQueryRules"):
        for criterion in rule["properties"]["criteria"]["allOf"]:
            yield f"{deployed.way}: {rule['name']}", criterion["query"]
    [workbook] = deployed.of("Microsoft.Insights/workbooks")
    for query in _in(json.loads(workbook["properties"]["serializedData"])):
        yield f"{deployed.way}: workbook", query


def _in(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(query := part.get("query"), str):
            yield query
        part = list(part.values())
    if isinstance(part, list):
        for item in part:
            yield from _in(item)


def _of_pages() -> Iterator[tuple[str, str]]:
    for page in sorted((bicep.ROOT / "docs").glob("*.md")):
        text = page.read_text()
        for query in re.findall(r"^```kusto\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            yield page.name, query
        for query in re.findall(r"`((?:Usage|App\w+|AzureDiagnostics) \| [^`]+)`", text):
            yield page.name, query


def _complaints(queries: list[tuple[str, str]]) -> list[str]:
    questions = []
    for _, query in queries:
        for name, value in _PARAMETERS.items():
            query = query.replace(name, value)
        if "SegmentExportEvents" in query and "let SegmentExportEvents" not in query:
            query = f"let SegmentExportEvents = {EVENTS};\n{query}"
        questions.append({"tables": TABLES, "query": query})
    return [
        f"{place}: {complaint}\n{query}"
        for (place, query), said in zip(queries, kusto_complaints(questions), strict=True)
        for complaint in said
    ]


def test_every_query_is_taken(deployment: Callable[[str], Deployment]) -> None:
    queries = [
        *_of_deployment(deployment("defaults")),
        *_of_deployment(deployment("everything")),
        *_of_pages(),
        ("SegmentExportEvents.kql", EVENTS),
    ]
    print(f"{len(queries)} queries")

    assert len(queries) > 50
    assert _complaints(queries) == []


def test_a_mistake_is_seen() -> None:
    wrong = [
        ("a name that must be bracketed", "AppTraces | project kind = Message"),
        ("a column that is not there", "AppTraces | where Mesage has 'x'"),
        ("a table that is not there", "AppTrace | take 1"),
        ("a function that is not there", "AppTraces | extend a = to_string(Message)"),
        ("a field of a text", "SegmentExportEvents | where event.name == 'x'"),
    ]

    for one in wrong:
        assert _complaints([one]), one
