#!/usr/bin/env python3
"""Reads and writes the configuration of an app, connections and exports, as one file.

    scripts/configuration.py get FILE --app URL      write what is configured to a file
    scripts/configuration.py plan FILE --app URL     show what the file would change
    scripts/configuration.py apply FILE --app URL    plan the file, show it, apply what was shown

FILE may be `-`. With `--remove-missing`, apply also removes what the file lacks. Needs no package.

Who calls is told by the environment, never by the command line, which others can read:
SEGMENT_EXPORT_KEY (the master key) or, where people sign in with Entra, SEGMENT_EXPORT_TOKEN (a
bearer token of an administrator). Ends with 1 where the file has errors or a step failed.
"""

import argparse
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

# The app answers within 230 s, or the platform does in its place.
_SECONDS = 240
_SIGNS = {"create": "+", "change": "~", "remove": "-"}
_HERE = ("localhost", "127.0.0.1", "::1")


class CommandError(Exception):
    """The command can't go on; the message is for whoever typed it."""


def main() -> int:
    """Do what was asked; returns the exit code."""
    asked = _arguments()
    try:
        app = App(asked.app)
        if asked.command == "get":
            _write(asked.file, app.call("GET", "configuration"))
            return 0
        file = _read(asked.file)
        planned = app.call("POST", "configuration/plan", file)
        _show_plan(planned)
        if planned["errors"]:
            return 1
        return 0 if asked.command == "plan" else _apply(app, file, planned, asked.remove_missing)
    except CommandError as error:
        print(f"configuration: {error}", file=sys.stderr)
        return 1


class App:
    """The API of an app."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        # A key in the clear is everybody's.
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _HERE):
            raise CommandError("--app must begin with https://")
        self._url = url.rstrip("/").removesuffix("/api")
        self._headers = {"Content-Type": "application/json", **_who()}

    def call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Return an answer's JSON; raises CommandError."""
        data = None if body is None else json.dumps(body).encode()
        url = f"{self._url}/api/{path}"
        request = urllib.request.Request(url, data, self._headers, method=method)  # noqa: S310 - judged above
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - the same
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise CommandError(_said(error.code, error.read())) from None
        except (OSError, ValueError) as error:
            raise CommandError(f"{self._url} gave no usable answer: {error}") from None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The configuration of an app as one file.")
    parser.add_argument("command", choices=("get", "plan", "apply"))
    parser.add_argument("file", metavar="FILE", help="a file of JSON, or -")
    parser.add_argument("--app", metavar="URL", required=True, help="the app's address")
    parser.add_argument(
        "--remove-missing", action="store_true", help="apply: remove what the file lacks"
    )
    return parser.parse_args()


def _who() -> dict[str, str]:
    if token := os.environ.get("SEGMENT_EXPORT_TOKEN"):
        return {"Authorization": f"Bearer {token}"}
    if key := os.environ.get("SEGMENT_EXPORT_KEY"):
        return {"x-functions-key": key}
    raise CommandError("set SEGMENT_EXPORT_KEY or SEGMENT_EXPORT_TOKEN")


def _read(name: str) -> object:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
        return json.loads(text)
    except (OSError, ValueError) as error:
        raise CommandError(f"{name} can't be read as JSON: {error}") from None


def _write(name: str, file: object) -> None:
    text = json.dumps(file, ensure_ascii=False, indent=2) + "\n"
    if name == "-":
        sys.stdout.write(text)
        return
    try:
        Path(name).write_text(text, "utf-8")
    except OSError as error:
        raise CommandError(f"{name} can't be written: {error}") from None


def _apply(app: App, file: object, planned: Mapping[str, Any], remove_missing: bool) -> int:
    body = {"configuration": file, "plan": planned["plan"], "remove_missing": remove_missing}
    answer = app.call("POST", "configuration/apply", body)
    for step in answer["done"]:
        print(f"done: {_named(step)}")
    for warning in answer["warnings"]:
        print(f"warning: {_named(warning)}: {warning['detail']}")
    if (failed := answer["failed"]) is None:
        return 0
    print(f"failed: {_named(failed)}: {failed['detail']}", file=sys.stderr)
    _show_errors(failed["errors"])
    return 1


def _show_plan(planned: Mapping[str, Any]) -> None:
    for step in planned["changes"]:
        print(f"{_SIGNS[step['action']]} {_named(step)}")
        if step["action"] == "change":
            for change in step["members"]:
                print(f"    {change['member']}: {_value(change['old'])} -> {_value(change['new'])}")
    if any(step["action"] == "remove" for step in planned["changes"]):
        print("What is marked - is kept, unless it is applied with --remove-missing.")
    if not planned["changes"] and not planned["errors"]:
        print("Nothing to change.")
    _show_errors(planned["errors"])


def _show_errors(errors: Iterable[Mapping[str, Any]]) -> None:
    for error in errors:
        print(f"error: {error['field']}: {error['message']}", file=sys.stderr)


def _named(step: Mapping[str, Any]) -> str:
    return f"{step['kind']} {step['name']}"


def _value(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _said(status: int, body: bytes) -> str:
    """Return what the app said of a refusal; the host's own have no body."""
    try:
        problem = json.loads(body)
        lines = [f"{status}: {problem['detail']}"]
        lines += [f"error: {one['field']}: {one['message']}" for one in problem.get("errors", [])]
        return "\n".join(lines)
    except (ValueError, KeyError, TypeError):
        known = {401: "the key or token is not taken", 404: "there is no such app"}
        return f"{status}: {known.get(status, 'the app did not say why')}"


if __name__ == "__main__":
    sys.exit(main())
