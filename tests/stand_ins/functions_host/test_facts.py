"""The table of facts, asked of the stand-in: see facts.py."""

import ast
import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.functions_host.process import HostProcess
from tests.stand_ins.functions_host import facts
from tests.stand_ins.functions_host.facts import Http

APP = Path(__file__).parent / "contract_app"


@pytest.fixture(scope="module")
def host() -> Iterator[HostProcess]:
    with HostProcess.start(APP, {}, strict=False) as host:
        yield host


def ask(host: HostProcess, text: str) -> tuple[http.client.HTTPResponse, bytes]:
    """Sends a question byte by byte as it is written, and returns the answer and its body."""
    text = text.replace("MASTER", host.master_key).replace("FUNCTION", host.function_key)
    head, _, body = text.partition("\n\n")
    line, *headers = head.split("\n")
    headers += ["Host: localhost", "Connection: close"]
    if body and "chunked" not in head:
        headers.append(f"Content-Length: {len(body)}")
    sent = "\r\n".join([f"{line} HTTP/1.1", *headers, "", body])
    address, port = host.url.removeprefix("http://").split(":")
    with socket.create_connection((address, int(port)), timeout=30) as connection:
        connection.sendall(sent.encode("latin-1"))
        answer = http.client.HTTPResponse(connection, method=line.split()[0])
        answer.begin()
        return answer, answer.read()


@pytest.mark.parametrize("fact", facts.HTTP, ids=lambda fact: fact.says)
def test_over_http(host: HostProcess, fact: Http) -> None:
    answer, body = ask(host, fact.ask)

    assert answer.status == fact.status
    if fact.empty:
        assert (body, answer.getheader("Content-Type")) == (b"", None)
    if fact.body is not None:
        assert body == fact.body.encode("latin-1")
    assert {name: answer.getheader(name) for name in fact.headers} == fact.headers
    if fact.seen:
        assert _part(json.loads(body), fact.seen) == _keys_put_in(host, fact.seen)


def _part(seen: dict[str, Any], wanted: Any) -> dict[str, Any]:
    """What was seen of what is asked for; of headers only the named ones, of others all."""
    part = {name: seen[name] for name in wanted}
    if "headers" in wanted:
        part["headers"] = {name: seen["headers"].get(name) for name in wanted["headers"]}
    return part


def _keys_put_in(host: HostProcess, wanted: Any) -> Any:
    return json.loads(json.dumps(dict(wanted)).replace("FUNCTION", host.function_key))


def test_every_other_row_names_a_test_that_there_is() -> None:
    texts = [path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py")]
    tests = {
        node.name
        for text in texts
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
    }

    assert {row.by for row in facts.SHOWN} <= tests


def test_the_table_says_what_it_shows_and_what_not(capsys: pytest.CaptureFixture[str]) -> None:
    facts.main()

    said = capsys.readouterr().out
    with capsys.disabled():
        print("\n" + "\n".join(line for line in said.splitlines() if not line.startswith("  ")))
    assert all(row.says in said for row in facts.HTTP)
    assert all(row.because in said for row in facts.NOT_SHOWN)
