#!/usr/bin/env python3
"""Finds out in a test audience what Mailchimp does where nobody has written it down.

    scripts/live_check.py CONNECTION --audience ID --email ADDRESS --app URL

ID is an audience that nobody needs, ADDRESS one whose mail you get. Needs no package. Who calls is
told by the environment, as for scripts/configuration.py. Ends with 1 where the check has failed.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

# Where Python runs isolated, it does not look beside a script by itself.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from configuration import App, CommandError

_LOOK_SECONDS = 2.0
# Two minutes, as many until its turn comes, and the next tick.
_LONGEST_SECONDS = 900.0


def main() -> int:
    """Have it made, and show what it tells; returns the exit code."""
    asked = _arguments()
    try:
        app = App(asked.app)
        path = f"connections/{quote(asked.connection, safe='')}/live-check"
        print("It works with addresses made from yours (name+...@...) and deletes them:")
        print("these can't be imported into that audience again.", flush=True)
        app.call("POST", path, {"audience_id": asked.audience, "email": asked.email})
        return _show(_ended(app, path))
    except CommandError as error:
        print(f"live-check: {error}", file=sys.stderr)
        return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A live check over a connection.")
    parser.add_argument("connection", metavar="CONNECTION", help="the connection's name")
    parser.add_argument("--audience", metavar="ID", required=True, help="one that nobody needs")
    parser.add_argument("--email", metavar="ADDRESS", required=True, help="whose mail you get")
    parser.add_argument("--app", metavar="URL", required=True, help="the app's address")
    return parser.parse_args()


def _ended(app: App, path: str) -> Mapping[str, Any]:
    end = time.monotonic() + _LONGEST_SECONDS
    while time.monotonic() < end:
        found: Mapping[str, Any] = app.call("GET", path)
        if found["checked_at"] is not None:
            return found
        time.sleep(_LOOK_SECONDS)
    raise CommandError("the check does not end: look at the app's health")


def _show(found: Mapping[str, Any]) -> int:
    for row in found["rows"]:
        params = row["params"]
        why = params.get("reason") or params.get("seen")
        print(f"{row['result']:<11} {row['code']:<28} {why}")
    counts = Counter(row["result"] for row in found["rows"])
    told = ", ".join(f"{count} {result}" for result, count in sorted(counts.items()))
    print(f"{told or 'nothing asked'}; {found['calls']} calls")
    if found["error"] is None:
        return 0
    print(f"failed: {found['error']['code']}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
